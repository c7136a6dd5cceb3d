"""The routing map: few of many repositories are opened, and the right ones are among them."""

from __future__ import annotations

import gc
import resource
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.git import git, make_repo
from msgspec.structs import replace

from indexer.build import build
from indexer.doctor.doctor import check
from indexer.publish import publish
from indexer.sources.discover import Source
from locator import shortlist as routing_map
from locator.locate import Options, locate
from locator.query import understand
from locator.report.reader import read
from locator.scope import scope_of
from locator.shortlist import MOST, likeliest, shortlist
from summaries.errors import IndexError_
from summaries.index import arrays
from summaries.index import open_files as opened
from summaries.index import routing_update as mapping
from summaries.index.attached import attach
from summaries.index.index import Index, RepoState, Room
from summaries.index.routing_map import PATTERN, STEPS, MappedRepository, RoutingMap, Segment, salted, write
from summaries.index.routing_update import LEAST, SEGMENTS, entries
from summaries.words import hashes, keys_of

COUNT = LEAST + 16
METALS = "copper iron nickel zinc cobalt silver gold platinum".split()


def body(n: int) -> str:
    """A file that every repository has, with words of its own."""
    metal = METALS[n % len(METALS)]
    doc = f'"""Pour {metal} into furnace{n}x."""'
    return f'def cast_{metal}_{n}(mould):\n    {doc}\n    raise Cold("{metal} froze {n} times")\n'


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clones")
    for n in range(COUNT):
        make_repo(home / f"foundry{n}", [{f"src/cast{n}.py": body(n), "README.md": f"# Foundry {n}\n"}])
    return home


@pytest.fixture(scope="module")
def made(clones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("index")
    assert not build(root, sources(clones, range(COUNT)), workers=1).failed
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change: the repositories' files are shared."""
    import shutil

    shutil.copytree(made, tmp_path / "index")
    return tmp_path / "index"


def sources(clones: Path, numbers: range) -> list[Source]:
    return [Source(f"works/foundry{n}", clones / f"foundry{n}" / ".git") for n in numbers]


def maps(root: Path) -> list[str]:
    return sorted(p.name for p in root.glob(PATTERN))


def looked_at(index: Index) -> set[str]:
    return set(index._shards.names())


REPORTS = {
    "words": ("Pouring nickel fails", "furnace42x is far too cold when nickel comes."),
    "message": ("It froze", 'The log says "nickel froze 42 times".'),
    "path": ("Crash", "See src/cast42.py for the line."),
    "frame": ("Crash", 'Traceback (most recent call last):\n  File "/srv/src/cast42.py", line 3, in cast_nickel_42\nCold: x'),
    "name": ("foundry42 is cold", "Nobody knows why."),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", REPORTS)
def test_few_are_opened_and_the_right_one_is_among_them(root: Path, kind: str) -> None:
    assert maps(root) == ["map-1.safetensors"]
    title, text = REPORTS[kind]
    index = Index.open(root)
    answer = locate(index, read(text, title), Options(limit=5))
    assert answer.files[0].repo == "works/foundry42"
    assert len(looked_at(index)) == MOST
    assert answer.notes == (f"searched the {MOST} likeliest of {COUNT} repositories",)
    everywhere = locate(index, read(text, title), Options(limit=5, repos=("works/foundry42",)))
    assert everywhere.files[0].path == answer.files[0].path
    assert everywhere.notes == ()


def test_few_repositories_are_all_searched(clones: Path, tmp_path: Path) -> None:
    build(tmp_path, sources(clones, range(3)), workers=1)
    assert maps(tmp_path) == []
    index = Index.open(tmp_path)
    assert likeliest(index, understand(read("furnace2x")), list(index.repos)) == list(index.repos)


@pytest.mark.slow
def test_without_a_map_nothing_is_left_out(root: Path) -> None:
    for damage in (lambda p: p.write_bytes(p.read_bytes()[:100]), lambda p: p.write_bytes(b""), Path.unlink):
        for path in root.glob(PATTERN):
            damage(path)
        index = Index.open(root)
        assert likeliest(index, understand(read("furnace42x")), list(index.repos)) == list(index.repos)


MAP_DAMAGE = {
    "rows": lambda a: a + np.uint32(1 << 30),
    "starts": lambda a: a[::-1].copy(),
    "keys": lambda a: a.astype(np.float32),
    "weights": lambda a: a[:-1],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MAP_DAMAGE)
def test_a_damaged_map_is_none_and_is_mended(name: str, clones: Path, root: Path) -> None:
    (path,) = root.glob(PATTERN)
    held = arrays.Arrays(path)
    data = {n: np.array(held[n]) for n in held.names()}
    arrays.write(path, data | {name: MAP_DAMAGE[name](data[name])}, held.meta)
    index = Index.open(root)
    report = read("silver froze 5 times in furnace5x")
    assert likeliest(index, understand(report), list(index.repos)) == list(index.repos)
    assert locate(index, report).files[0].repo == "works/foundry5"
    (found,) = check(root)
    assert found.where == "routing map" and str(path) in found.what and str(path) in found.run
    behind = sources(clones, range(3))
    mapping.update(root, index.repos | {n.name: replaced(index, n.name) for n in behind}, index.local_path)
    assert not check(root)


def replaced(index: Index, name: str) -> RepoState:
    """The state of a repository that was indexed again."""
    return replace(index.repos[name], generation=index.repos[name].generation + 1)


def test_a_damaged_repository_is_left_out_of_the_map(root: Path) -> None:
    for path in root.glob(PATTERN):
        path.unlink()
    index = Index.open(root)
    shard = index.folder("works/foundry7") / index.repos["works/foundry7"].shard
    held = arrays.Arrays(shard)
    data = {n: np.array(held[n]) for n in held.names()}
    arrays.write(shard, data | {"unit_blobs": data["unit_blobs"] + np.uint32(99)}, held.meta)
    mapping.update(root, index.repos, index.local_path)
    assert index.repos.keys() - set(index.routing.names) == {"works/foundry7"}


@pytest.mark.parametrize("said", ["-1", "9" * 40, "many", ""])
def test_a_published_part_that_cannot_be_is_left_out(said: str, root: Path) -> None:
    index = Index.open(root)
    part = entries(index.shard("works/foundry7"))
    path = index.folder("works/foundry7") / "words-1.safetensors"
    arrays.write(path, {"keys": part.keys, "rows": part.rows, "weights": part.weights}, {"size": said})
    for old in root.glob(PATTERN):
        old.unlink()
    states = index.repos | {"works/foundry7": replace(index.repos["works/foundry7"], words=path.name)}
    mapping.update(root, states, index.local_path)
    assert index.repos.keys() - set(index.routing.names) == {"works/foundry7"}


def test_what_the_map_does_not_know_yet_is_searched(root: Path) -> None:
    index = Index.open(root)
    now = {n: s.generation for n, s in index.repos.items()} | {"works/foundry7": 99}
    found = RoutingMap(root, now)
    assert len(found.names) == COUNT - 1
    names = list(index.repos)
    some = shortlist(found, understand(read("furnace42x")), names, {}, 5)
    assert "works/foundry7" in some
    assert "works/foundry42" in some
    assert len(some) == 6
    assert some == [n for n in names if n in some]


@pytest.mark.slow
def test_changes_go_into_segments_that_are_merged(root: Path, clones: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(clones / "foundry5"), "foundry5")
    here = [Source("works/foundry5", tmp_path / "foundry5" / ".git")]
    for n in range(SEGMENTS + 2):
        (tmp_path / "foundry5" / "new.py").write_text(f"def quench_{n}():\n    return brine{n}x\n")
        git(tmp_path / "foundry5", "add", "-A")
        git(tmp_path / "foundry5", "commit", "-qm", f"Quench {n}")
        build(root, here, workers=1)
        assert len(maps(root)) <= SEGMENTS
        index = Index.open(root)
        assert len(index.routing.names) == len(set(index.routing.names)) == COUNT
        found = routing_map.features(index.routing, understand(read(f"brine{n}x")), {})["units"]
        assert index.routing.names[int(np.argmax(found))] == "works/foundry5"
    whole = mapping_of(index, tmp_path / "whole")
    for n in (1, 5, 42):
        query = understand(read(f"Pouring into furnace{n}x", "cast"))
        ours, theirs = (
            dict(zip(m.names, routing_map.scores(m, query, {}), strict=True)) for m in (index.routing, whole)
        )
        assert ours == pytest.approx(theirs)


def mapping_of(index: Index, folder: Path) -> RoutingMap:
    """A map in one segment, made from nothing."""
    folder.mkdir()
    found = [entries(index.shard(n)) for n in index.repos]
    listed = [
        MappedRepository(n, s.generation, f.size)
        for (n, s), f in zip(index.repos.items(), found, strict=True)
    ]
    first = np.cumsum([0, *(f.size for f in found)])
    rows = np.concatenate([f.rows + n for f, n in zip(found, first, strict=False)])
    keys, weights = np.concatenate([f.keys for f in found]), np.concatenate([f.weights for f in found])
    write(folder / "map-1.safetensors", keys, rows, weights, listed)
    return RoutingMap(folder, {one.name: one.generation for one in listed})


def test_nothing_changed_writes_nothing(root: Path) -> None:
    before = {p.name: p.stat().st_mtime_ns for p in root.glob(PATTERN)}
    index = Index.open(root)
    assert mapping.update(root, index.repos, index.local_path) == 0
    assert {p.name: p.stat().st_mtime_ns for p in root.glob(PATTERN)} == before


@pytest.mark.slow
@pytest.mark.parametrize("room", [Room(repositories=4), Room(megabytes=1)])
def test_few_shards_stay_open(room: Room, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "UNPACKED", 60)  # as if shards were twenty times as large
    index, every = Index.open(root, room), Index.open(root)
    most = min(
        room.repositories,
        room.megabytes * 1_000_000 // 60 // min(every.shard(n).arrays.size for n in every.repos),
    )
    assert 1 < most < MOST
    for n in (3, 42, 60):
        answer = locate(index, read(f"furnace{n}x is cold"))
        assert answer.files == locate(every, read(f"furnace{n}x is cold")).files
        assert answer.files[0].repo == f"works/foundry{n}"
        assert 1 < len(index._shards.names()) <= most
        assert len(index._stores.names()) <= room.repositories


def test_what_was_asked_before_keeps_no_more_open(root: Path) -> None:
    index = Index.open(root, Room(repositories=4))
    names = list(index.repos)
    views = [weakref.ref(index.view(n)) for n in names[:2]]
    asked = [index.view(n) for n in names[:2]]
    scope = scope_of(index, tuple(asked))
    assert scope_of(index, tuple(asked)) is scope
    del scope, asked
    for at in range(2, 10, 2):
        locate(index, read("furnace is cold"), Options(repos=tuple(names[at : at + 2])))
    gc.collect()
    assert [v() for v in views] == [None, None]
    every = tuple(index.view(n) for n in names[:9])  # more than there is room for
    assert scope_of(index, every) is not scope_of(index, every)


def test_what_is_indexed_again_is_kept_no_longer(root: Path) -> None:
    index = Index.open(root)
    name = next(iter(index.repos))
    scope = weakref.ref(scope_of(index, (index.view(name),)))
    assert scope() is not None
    index.forget(name)
    other = next(n for n in index.repos if n != name)
    scope_of(index, (index.view(other),))
    assert scope() is None
    scope = weakref.ref(scope_of(index, (index.view(name),)))
    del index
    scope_of(Index.open(root), ())
    assert scope() is None


def test_open_repositories_take_no_file_handles(root: Path) -> None:
    """A process may have 1,024, and there are more repositories than that."""
    index = Index.open(root)
    gc.collect()  # what other tests left open
    before = len(list(Path("/dev/fd").iterdir()))
    views = [index.view(n) for n in index.repos]
    assert len(views) == COUNT
    assert len(list(Path("/dev/fd").iterdir())) < before + COUNT // 2, "a handle for each"


def test_too_many_open_files_are_no_damage(root: Path) -> None:
    index = Index.open(root)
    name, *_ = index.repos
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(IndexError_, match="too many open files"):
            index.view(name)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert index.view(name).repo == name


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 500)), max_size=40))
def test_the_longest_unused_is_let_go(used: list[tuple[str, int]]) -> None:
    held: opened.Opened[str] = opened.Opened(Room(3, 1))
    sizes: dict[str, int] = {}
    for name, kilobytes in used:
        if held.get(name) is None:
            held.keep(name, name, kilobytes * 1000)
            sizes.pop(name, None)
            sizes[name] = kilobytes * 1000
            while len(sizes) > 3 or (len(sizes) > 1 and sum(sizes.values()) > 1_000_000 // opened.UNPACKED):
                del sizes[next(iter(sizes))]
        else:
            sizes[name] = sizes.pop(name)
        assert held.names() == list(sizes)
        assert held.only("abc").names() == [n for n in "abc" if n in sizes]


@pytest.mark.slow
def test_a_reader_fetches_what_it_opens(root: Path, tmp_path: Path) -> None:
    publish(root, str(tmp_path / "shared"))
    here = tmp_path / "reader"
    attach(here, str(tmp_path / "shared"))
    assert maps(here) == ["map-1.safetensors"]
    assert not list(here.glob("repos/*/shard-*"))
    answer = locate(Index.open(here), read("furnace42x is cold"))
    assert answer.files[0].repo == "works/foundry42"
    assert len(list(here.glob("repos/*/shard-*"))) == MOST


def test_each_file_has_its_weights(clones: Path, tmp_path: Path) -> None:
    make_repo(tmp_path / "r", [{"a.py": "spam = 1\n", "b.py": "spam = spam + spam + eggs\n"}])
    build(tmp_path / "index", [Source("r", tmp_path / "r" / ".git")], workers=1)
    index = Index.open(tmp_path / "index")
    shard = index.shard("r")
    a, b = shard.blobs.all().index(index.view("r").blob(0)), shard.blobs.all().index(index.view("r").blob(1))
    keys, rows, weights, size = entries(shard)
    assert size == 2
    (spam,), (eggs,) = keys_of("spam"), keys_of("eggs")
    of = {(k, r): w for k, r, w in zip(keys.tolist(), rows.tolist(), weights.tolist(), strict=True)}
    spam, eggs = (int(salted("units", np.array([k], np.uint64))[0]) for k in (spam, eggs))

    def said(times: int, length: int) -> int:
        return round(
            STEPS * times * (mapping.K1 + 1)
            / (times + mapping.K1 * (1 - mapping.B + mapping.B * length / mapping.LENGTH))
        )  # fmt: skip

    assert (of[spam, a], of[spam, b], of[eggs, b]) == (said(1, 1), said(3, 4), said(1, 4))
    assert (eggs, a) not in of
    assert (int(salted("names", hashes(["p:b.py"]))[0]), 0) in of
    assert int(salted("units", hashes(["p:b.py"]))[0]) not in keys.tolist()


TRIPLES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.integers(1, 255)), max_size=60,
                   unique_by=lambda t: t[:2])  # fmt: skip


@given(TRIPLES, st.lists(st.integers(0, 40), max_size=8, unique=True))
def test_a_segment_finds_what_was_written(triples: list[tuple[int, int, int]], asked: list[int]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "map-1.safetensors"
        keys, rows, weights = (np.array([t[k] for t in triples], np.int64) for k in range(3))
        listed = [MappedRepository(f"r{n}", 1, 2) for n in range(3)]
        write(path, keys.astype(np.uint64), rows.astype(np.uint32), weights, listed)
        query, row, weight = Segment(path).find(np.array(asked, np.uint64))
        found = sorted(
            (asked[q], int(r), round(float(w) * STEPS)) for q, r, w in zip(query, row, weight, strict=True)
        )
        assert found == sorted(t for t in triples if t[0] in asked)
        spread = Segment(path).spread(np.array(asked, np.uint64)).tolist()
        assert spread == [sum(t[0] == k for t in triples) for k in asked]
