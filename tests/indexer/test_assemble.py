"""A shard from snapshots: what stands in it, and that building upon an old one comes to the same as starting anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.assemble import assemble
from indexer.parse.languages import language_of
from indexer.parse.parse import parse
from indexer.terms import BlobTerms, blob_terms
from summaries import words
from summaries.index import arrays
from summaries.index.shard import Shard, View
from summaries.index.store import blob_id
from summaries.paths import Role
from summaries.types import Commit, Entry, Snapshot

Files = Mapping[str, str]

TILL = "def takings(drawer):\n    return count(drawer) + count(drawer)\n\n\ndef count(drawer):\n    return len(drawer)\n"
GATE = """apiVersion: networking.k8s.io/v1
kind: Ingress
spec:
  rules:
  - http:
      paths:
      - path: /v1/orders
        backend:
          service:
            name: orders
"""
FIRST: Files = {
    "src/till.py": TILL,
    "docs/till.md": "# Till\n\nCounts the drawer.\n",
    "conf/gate.yaml": GATE,
}


class Bench:
    """Shards of one repository, in a folder; `asked` are the blobs that rows were asked for, by shard."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked, self._blobs = folder, list[list[str]](), dict[str, tuple[str, str]]()

    def snapshot(self, files: Files, commit: str = "", ref: str = "HEAD") -> Snapshot:
        entries = []
        for path, text in files.items():
            sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            entries.append(Entry(path, sha))
            self._blobs[blob_id(sha, language_of(path) or "text")] = path, text
        return Snapshot("acme/till", commit or "0" * 40, 1_700_000_000, ref, tuple(entries))

    def rows(self, ids: Sequence[str]) -> dict[str, BlobTerms]:
        self.asked.append(list(ids))
        files = ((i, *self._blobs[i]) for i in ids)
        return blob_terms((i, parse(path, text, i.rsplit(".", 1)[1]), text) for i, path, text in files)

    def shard(
        self, snapshots: Sequence[Snapshot], commits: Sequence[Commit] = (), old: Shard | None = None
    ) -> Shard:
        languages = {(e.path, e.blob): language_of(e.path) or "text" for s in snapshots for e in s.entries}
        data, meta = assemble("acme/till", snapshots, languages, commits, old, self.rows)
        path = self.folder / f"shard-{len(self.asked)}.safetensors"
        arrays.write(path, data, meta)
        return Shard(path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def sha(n: int) -> str:
    return f"{n:040x}"


def commit(n: int, parents: Sequence[int], message: str, *paths: str) -> Commit:
    return Commit(sha(n), 1_700_000_000 + n, tuple(map(sha, parents)), message, paths, author="Ada")


def has(view: View, field: str, word: str) -> dict[int, float]:
    """Documents of a field that have a word, and how often."""
    found = getattr(view.shard, field).match(np.array([words.key(word)], np.uint64))
    return dict(zip(found.docs.tolist(), found.counts.tolist(), strict=True))


def test_units_are_functions_and_hold_their_words_as_often_as_they_stand_there(bench: Bench) -> None:
    shard = bench.shard([bench.snapshot(FIRST)])
    view = shard.view(0)
    blob = int(view.blob_ids[view.paths.index("src/till.py")])
    units = range(int(shard.blob_units[blob]), int(shard.blob_units[blob + 1]))
    lines = TILL.split("\n")
    expected: dict[tuple[int, int], int] = {}
    for first, last, symbol in (shard.unit_spans[u].tolist() for u in units):
        if symbol >= 0:
            for key, n in words.count("\n".join(lines[first - 1 : last])).items():
                expected[first, key] = n
    got: dict[tuple[int, int], int] = {}
    docs, keys, counts = shard.units.triples()
    for doc, key, n in zip(docs.tolist(), keys.tolist(), counts.tolist(), strict=True):
        first, _, symbol = shard.unit_spans[doc].tolist()
        if shard.unit_blobs[doc] == blob and symbol >= 0:
            got[first, key] = n
    assert len({first for first, _ in expected}) == 2
    assert {k: n for k, n in got.items() if k in expected} == expected


def test_a_blob_of_two_snapshots_and_two_paths_stands_once(bench: Bench) -> None:
    later = {"src/till.py": TILL, "src/copy.py": TILL, "docs/till.md": "# Till\n\nCounts two drawers.\n"}
    shard = bench.shard([bench.snapshot(later), bench.snapshot(FIRST, ref="v1")])
    assert bench.asked == [shard.blobs.all()]
    assert len(shard.blobs) == 4
    assert shard.paths == ["conf/gate.yaml", "docs/till.md", "src/copy.py", "src/till.py"]
    head, v1 = shard.view(0), shard.view(1)
    assert sorted(head.paths) == sorted(later)
    assert sorted(v1.paths) == sorted(FIRST)
    assert head.blob(head.paths.index("src/copy.py")) == v1.blob(v1.paths.index("src/till.py"))
    assert head.blob(head.paths.index("docs/till.md")) != v1.blob(v1.paths.index("docs/till.md"))
    assert v1.blob_mask.sum() == 3
    assert head.blob_mask.sum() == 2


def test_configuration_that_serves_routes_is_no_mere_configuration(bench: Bench) -> None:
    shard = bench.shard([bench.snapshot({**FIRST, "conf/other.yaml": "drawers: 4\n"})])
    roles = dict(zip(shard.paths, shard.roles.tolist(), strict=True))
    assert not roles["conf/gate.yaml"] & Role.CONFIG
    assert roles["conf/other.yaml"] & Role.CONFIG
    assert roles["docs/till.md"] & Role.DOC
    again = bench.shard([bench.snapshot({**FIRST, "conf/other.yaml": "drawers: 4\n"})], old=shard)
    assert bench.asked[1] == []
    assert again.roles.tolist() == shard.roles.tolist()


def test_each_snapshot_sees_the_commits_that_its_own_can_reach(bench: Bench) -> None:
    history = [
        commit(1, [], "Count drawers", "src/till.py"),
        commit(2, [1], "Quince on a branch", "src/till.py"),
        commit(3, [1], "Marmalade", "docs/till.md"),
        commit(4, [3, 2], "Merge the quince"),
        commit(5, [3], "Never merged", "src/till.py"),
    ]
    shard = bench.shard([bench.snapshot(FIRST, sha(4)), bench.snapshot(FIRST, sha(3), "v1")], history)
    assert shard.commits == [sha(n) for n in range(1, 6)]
    head, v1 = ([n + 1 for n in np.flatnonzero(shard.view(i).commit_mask)] for i in (0, 1))
    assert head == [1, 2, 3, 4]
    assert v1 == [1, 3]


def test_commits_that_touch_nothing_here_and_bumps_of_dependencies_have_no_words(bench: Bench) -> None:
    files = {**FIRST, "go.mod": "module acme.example/till\n"}
    history = [
        commit(1, [], "Quince drawer", "src/till.py"),
        commit(2, [1], "Quince elsewhere", "gone.py"),
        commit(3, [2], "Bump quince", "go.mod"),
        commit(4, [3], "Quince in both", "go.mod", "docs/till.md"),
    ]
    shard = bench.shard([bench.snapshot(files, sha(4))], history)
    assert sorted(has(shard.view(0), "messages", "quinc")) == [0, 3]
    starts = shard.arrays["commit_starts"].tolist()
    touched = [shard.arrays["commit_paths"][a:b].tolist() for a, b in pairwise(starts)]
    assert [[shard.paths[p] for p in t] for t in touched] == [["src/till.py"], [], [], ["docs/till.md"]]


def test_an_empty_repository_has_a_shard(bench: Bench) -> None:
    shard = bench.shard([bench.snapshot({})])
    assert len(shard.view(0)) == 0
    assert len(bench.shard([bench.snapshot(FIRST)], old=shard).view(0)) == 3


def versions() -> st.SearchStrategy[list[Files]]:
    texts = st.sampled_from(
        [TILL, TILL.replace("count", "tally"), "x = 1\n", "", "def quince():\n    pass\n"]
    )
    paths = st.sampled_from(["a.py", "src/b.py", "docs/c.md", "conf/gate.yaml", "tests/test_a.py"])
    return st.lists(st.dictionaries(paths, texts | st.just(GATE), max_size=4), min_size=1, max_size=4)


@pytest.mark.slow
@given(versions())
@settings(max_examples=60)
def test_building_upon_an_old_shard_comes_to_the_same_as_starting_anew(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Files]
) -> None:
    bench, old = Bench(tmp_path_factory.mktemp("shards")), None
    for files in steps:
        known = set(old.blobs.all()) if old else set[str]()
        snapshots = [bench.snapshot(files), *([bench.snapshot(steps[0], ref="v1")] if len(files) > 2 else [])]
        upon, asked = bench.shard(snapshots, old=old), bench.asked[-1]
        assert known.isdisjoint(asked)
        anew = Bench.shard(bench, snapshots)
        assert dict(_content(upon)) == dict(_content(anew))
        old = upon


def _content(shard: Shard) -> Iterator[tuple[str, object]]:
    for name in ("paths", "blobs"):
        yield name, shard.strings(name).all()
    for name in ("blob_serves", "blob_languages", "path_roles", "unit_blobs", "unit_spans"):
        yield name, shard.arrays[name].tolist()
    for name in ("units", "heads", "marks", "names", "messages"):
        docs, keys, counts = getattr(shard, name).triples()
        yield name, sorted(zip(docs.tolist(), keys.tolist(), counts.tolist(), strict=True))
    for n in range(len(shard.info.snapshots)):
        view = shard.view(n)
        yield f"view {n}", (view.paths, [view.blob(i) for i in range(len(view))])
