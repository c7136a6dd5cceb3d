"""What is not committed, laid over an index for one question: a process of its own, since it parses.

    {"root": "/data/index", "repos": {"shop/cart": "/src/cart"}, "folder": "/tmp/x"}   on standard input
    {"shop/cart": {"file": "0", "changed": ["src/cart.py"]}}                           on standard output

In the folder, `0.safetensors` holds the shard of the working tree and `0.sqlite` the files that the index lacks.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from indexer.assemble import overlay
from indexer.blobs import parse_here
from indexer.files.choose import choose
from indexer.git.checkout import WorkTree
from indexer.git.git import Git
from indexer.terms import BlobTerms, blob_terms
from summaries.errors import BugatlasError
from summaries.index import arrays
from summaries.index.index import Index
from summaries.index.store import Store, blob_id
from summaries.types import Snapshot


class Order(Struct, frozen=True):
    """What to look at."""

    root: str  # the index
    repos: dict[str, str]  # the top of each one's working tree
    folder: str  # empty: the results go there


class Laid(Struct, frozen=True):
    """What a working tree has that the index has not."""

    file: str = ""  # name of the shard and the store in the folder; "" where nothing differs
    changed: tuple[str, ...] = ()  # paths that differ, are new or are gone
    problem: str = ""  # why it could not be read


def main() -> None:
    """Do one order."""
    order = msgspec.json.decode(sys.stdin.buffer.read(1 << 20), type=Order)
    index = Index.open(order.root)
    found: dict[str, Laid] = {}
    for n, (repo, top) in enumerate(order.repos.items()):
        try:
            found[repo] = laid(index, repo, Path(top), Path(order.folder) / str(n))
        except (BugatlasError, OSError) as e:
            found[repo] = Laid(problem=str(e)[:300])
    sys.stdout.buffer.write(msgspec.json.encode(found))


def laid(index: Index, repo: str, top: Path, file: Path) -> Laid:
    """Write the shard and the store of a repository's working tree, as `file` with suffixes.

    Raises RepositoryError, IndexError_, OSError.
    """
    state, view, store = index.repos[repo], index.view(repo), index.store(repo)
    with Git(Path(state.git_dir)) as git:
        tree = WorkTree(git, top, state.max_bytes)
        now = tree.tree()
        before = {e.path: e.blob for e in git.tree(view.info.commit)}
        there = {e.path: e.blob for e in now}
        changed = {p for p in before.keys() | there.keys() if before.get(p) != there.get(p)}
        if not changed:
            return Laid()
        entries, _, languages = choose(tree, now, state.max_bytes)
        wanted = {(e.path, e.blob): languages[e.path] for e in entries}
        known = store.known()
        missing = {blob_id(b, lang): (b, p, lang) for (p, b), lang in wanted.items()}
        missing = {k: v for k, v in missing.items() if k not in known}
        own = Store(file.with_suffix(".sqlite"), write=True)
        rows: dict[str, BlobTerms] = {}
        try:
            for parsed in parse_here(tree, list(missing.values())):
                own.add(parsed.packs)
                known.update(parsed.skips())
                rows.update(parsed.rows)
            own.flush()
        finally:
            own.close()
    kept = tuple(e for e in entries if known[blob_id(e.blob, languages[e.path])] is None)
    snapshot = Snapshot(repo, view.info.commit, view.info.time, view.info.ref, kept)
    base = store

    def terms(ids: Sequence[str]) -> Mapping[str, BlobTerms]:
        """Rows of what was parsed now, and of what some other snapshot's file already was."""
        rest = [i for i in ids if i not in rows]
        return rows | blob_terms((i, f, base.text(i)) for i, f in base.facts_of(rest))

    data, meta = overlay(snapshot, wanted, view, terms)
    arrays.write(file.with_suffix(".safetensors"), data, meta)
    return Laid(file.name, tuple(sorted(changed)))


if __name__ == "__main__":
    main()
