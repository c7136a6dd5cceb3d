#!/usr/bin/env python3
"""Clone the repositories of a bug set, each with its whole history up to the commit that the set was made at.

    clone.py edgex clones/                        # clones/OWNER/NAME.git, bare
    clone.py edgex clones/ --url 'mirror/{owner}/{name}.git'

Needs git and Python 3.11; nothing else. What is there already is left alone, so an interrupted run is resumed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
GITHUB = "https://github.com/{owner}/{name}.git"
BRANCH = "refs/heads/pinned"


def main() -> int:
    """Clone; the exit status is the number of repositories that failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=sorted(p.stem for p in HERE.glob("*.commits")))
    parser.add_argument("into", type=Path)
    parser.add_argument("--url", default=GITHUB, help="where repositories are cloned from (%(default)s)")
    args = parser.parse_args()
    pins = [line.split() for line in (HERE / f"{args.set}.commits").read_text("utf-8").splitlines()]
    failed = 0
    for n, (repo, commit) in enumerate(pins, 1):
        error = clone(repo, commit, args.into, args.url)
        failed += bool(error)
        print(f"[{n}/{len(pins)}] {repo} {error or commit[:12]}", file=sys.stderr, flush=True)
    return failed


def clone(repo: str, commit: str, into: Path, url: str) -> str:
    """Clone one repository and point its HEAD at the commit; what went wrong, "" where nothing did."""
    owner, _, name = repo.partition("/")
    path = into / owner / f"{name}.git"
    try:
        if not path.is_dir():
            part = path.with_name(f"{path.name}.part")
            git("clone", "--quiet", "--bare", url.format(owner=owner, name=name), str(part))
            part.rename(path)
        git("--git-dir", str(path), "update-ref", BRANCH, commit)
        git("--git-dir", str(path), "symbolic-ref", "HEAD", BRANCH)
    except subprocess.CalledProcessError as e:
        return f"failed: {e.stderr.strip().splitlines()[-1:] or [e]}"
    except OSError as e:
        return f"failed: {e}"
    return ""


def git(*args: str) -> None:
    """Run git. Raises CalledProcessError."""
    subprocess.run(["git", *args], check=True, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
