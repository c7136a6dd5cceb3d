"""What an engine is that runs indexing jobs, and how one job is run so that its failure stays its own."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from indexer.repository import Job, Outcome, index_repository
from summaries.errors import BugatlasError

KILLED = "its process was killed, perhaps for memory (run again with --jobs 1)"

Show = Callable[[int, int, int], None]  # (files parsed, files found, jobs begun) so far


class Engine(Protocol):
    """Where indexing jobs run: this machine's processes or a cluster."""

    def outcomes(self, jobs: Sequence[Job], show: Show) -> Iterator[Outcome]:
        """The outcome of every job, as they come. A job whose workers keep dying fails, the others go on."""


def guarded(job: Job, progress: Callable[[int, int], None] = lambda parsed, found: None) -> Outcome:
    """Index one repository; whatever goes wrong is told in the outcome."""
    name = job.source.name
    try:
        if job.url:
            from indexer.publish import index_and_publish

            return index_and_publish(job, progress)
        return index_repository(job, progress)
    except BugatlasError as e:
        why = str(e)
    except OSError as e:
        why = f"{e.strerror or e} ({e.filename or job.root})"
    except sqlite3.OperationalError as e:  # no space, no permission
        why = f"{e} ({job.root})"
    except sqlite3.DatabaseError as e:
        why = f"its blob store is damaged: {e} (run `bugatlas index --rebuild {name}`)"
    except Exception as e:
        at = traceback.extract_tb(e.__traceback__)[-1]
        why = f"{type(e).__name__}: {e} ({Path(at.filename).name}:{at.lineno}; please report this)"
    return Outcome(name, None, why, failed=True)
