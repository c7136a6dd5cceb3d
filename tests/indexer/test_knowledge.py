"""The knowledge base: what it holds, when it is written, and that it mends itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kits.cli import run
from kits.git import commit, git, make_repo
from kits.paths import ROOT
from msgspec.structs import replace

from indexer import knowledge
from indexer.build import build
from indexer.knowledge import NOTES, STAMP, summarise
from indexer.sources.discover import discover
from summaries import backends
from summaries.errors import ModelError
from summaries.index.index import Index, Manifest
from summaries.offline import tree
from summaries.offline.file import file_summary
from summaries.offline.readme.read import readme_of
from summaries.types import Facts, Kind, Symbol
from summaries.vectors.knowledge import Knowledge, collection, map_collection, read_record

ORDERS = {
    "README.md": "# Orders\n\nTakes the orders of people who buy lamps, and has them shipped.\n",
    "src/api/place.py": '"""Places orders."""\n\ndef place(basket):\n    raise ValueError("basket is empty")\n',
    "src/model/order.py": '"""What was ordered."""\n\nclass Order:\n    pass\n',
}
CARDS = {
    "cards.go": "package cards\n\n// Charge takes money from a card.\nfunc Charge(cents int) error { return nil }\n"
}


@pytest.fixture
def repos(tmp_path: Path) -> Path:
    make_repo(
        tmp_path / "repos" / "orders", [ORDERS, commit({"src/api/x.py": "x = 1\n"}, "Refuse empty carts")]
    )
    make_repo(tmp_path / "repos" / "cards", [CARDS])
    return tmp_path / "repos"


def indexed(
    root: Path, repos: Path, vectors: str = "exact", embedder: str = "lsa", **options: object
) -> Index:
    made = build(
        root,
        discover(repos, root / "clones"),
        manifest=Manifest(embedder=embedder, vectors=vectors),
        workers=1,
        **options,  # type: ignore[arg-type]
    )
    assert not made.failed and not made.problem, made
    return Index.open(root)


def committed(repo: Path, files: dict[str, str | None]) -> None:
    """One more commit on main, over the files that are there."""
    tip = git(repo, "rev-parse", "main").decode().strip()
    lines = [f"commit refs/heads/main\ncommitter A <a@b.c> 1800000000 +0000\ndata 4\nmore\nfrom {tip}\n"]
    for path, text in files.items():
        lines.append(f"D {path}\n" if text is None else f"M 644 inline {path}\ndata {len(text)}\n{text}\n")
    git(repo, "fast-import", "--quiet", data="".join(lines).encode())


def test_every_level_has_a_summary() -> None:
    facts = {
        "a/b/c.py": Facts("python", 3, symbols=(Symbol("place_order", "place_order", "function", 1, 3),)),
        "a/d.py": Facts("python", 1),
        "readme.md": Facts("markdown", 1),
    }
    texts = {"readme.md": "This service sells lamps to people all over the country.\n"}
    told = summarise("shop/orders", facts, lambda p: texts[p])
    assert set(told) == {"", "a", "a/b", "a/b/c.py", "a/d.py", "readme.md"}
    assert "sells lamps" in told[""]
    assert "place_order" in told["a/b/c.py"]
    assert "b (" in told["a"]


def test_an_empty_repository_has_a_summary_too() -> None:
    assert set(summarise("r", {}, lambda p: "")) == {""}


def test_notes_hold_the_head_of_what_is_published(repos: Path, tmp_path: Path) -> None:
    index = indexed(tmp_path / "index", repos)
    store = index.store("orders")
    notes = store.notes(NOTES)
    assert set(notes) == {"", "src", "src/api", "src/model", *index.view("orders").paths}
    assert notes[""].startswith("orders: Takes the orders of people")
    assert store.note(STAMP) == "1"


@pytest.mark.slow
@pytest.mark.parametrize("vectors", ["exact", "chroma"])
def test_nodes_are_found_by_meaning(vectors: str, repos: Path, tmp_path: Path) -> None:
    index = indexed(tmp_path / "index", repos, vectors)
    base = Knowledge(index)
    assert [n.repo for n in base.near("taking money off a card", limit=2)] == ["cards", "cards"]
    near = base.near("where is an order placed?", ["orders"])
    assert {n.repo for n in near} == {"orders"}
    assert {n.path for n in near} == set(index.store("orders").notes(NOTES))
    assert base.near("anything", ["nowhere"]) == []
    base.close()


def test_kinds_follow_the_tree(repos: Path, tmp_path: Path) -> None:
    found = {n.path: n.kind for n in knowledge.nodes(indexed(tmp_path / "index", repos), "orders")}
    assert (found[""], found["src"], found["src/api/place.py"]) == (
        Kind.REPOSITORY,
        Kind.DIRECTORY,
        Kind.FILE,
    )


@pytest.mark.slow
def test_nothing_is_opened_where_nothing_changed(repos: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    indexed(root, repos, "chroma")
    code = (
        "import sys\nfrom pathlib import Path\nfrom summaries.index.index import Index\nfrom indexer import knowledge\n"
        f"assert knowledge.update(Index.open({str(root)!r})) == 0\n"
        "assert not {'chromadb', 'scipy', 'summaries.vectors.embed.lsa'} & set(sys.modules), 'loaded'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_one_changed_file_writes_its_line_of_the_tree(
    repos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    index = indexed(root, repos)
    before, notes = read_record(root), index.store("orders").notes(NOTES)
    committed(
        repos / "orders",
        {"src/api/place.py": '"""Cancels orders."""\n\ndef cancel(): pass\n', "src/api/x.py": None},
    )
    said: list[str] = []
    index = indexed(root, repos, on_phase=said.append)
    changed = {p for p, t in index.store("orders").notes(NOTES).items() if notes.get(p) != t}
    assert {"src/api/place.py", "src/api"} <= changed <= {"src/api/place.py", "src/api", "src", ""}
    assert said == [f"{len(changed)} summaries written to the knowledge base"]
    record = read_record(root)
    assert record.repos["cards"] == before.repos["cards"]
    assert record.repos["orders"].generation == 2
    base = Knowledge(index)
    near = base.near("cancel", ["orders"])
    assert near[0].path == "src/api/place.py"
    assert "src/api/x.py" not in {n.path for n in near}


def test_an_edit_that_leaves_summaries_alone_opens_no_store(
    repos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    index = indexed(root, repos)
    held = read_record(root).repos["orders"]
    text = ORDERS["src/api/place.py"] + "# nothing that a summary tells\n"
    committed(repos / "orders", {"src/api/place.py": text})
    with monkeypatch.context() as patched:
        patched.setattr(backends, "vectors", lambda *_: pytest.fail("opened"))
        index = indexed(root, repos)
    assert index.repos["orders"].generation == 2
    assert read_record(root).repos["orders"] == replace(held, generation=2)
    assert run("doctor", index=root).code == 0
    assert Knowledge(index).near("place an order", ["orders"])


def test_only_the_summaries_of_changed_files_are_made_again(
    repos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    indexed(root, repos)
    made: list[str] = []

    def counted(path: str, facts: Facts, repo: str) -> str:
        made.append(path)
        return file_summary(path, facts, repo)

    monkeypatch.setattr(tree, "file_summary", counted)
    committed(repos / "orders", {"src/api/place.py": '"""Cancels orders."""\n', "src/new.py": "y = 2\n"})
    index = indexed(root, repos)
    assert sorted(made) == ["src/api/place.py", "src/new.py"]
    view, store = index.view("orders"), index.store("orders")
    blobs = {p: view.blob(i) for i, p in enumerate(view.paths)}
    facts = dict(zip(blobs, (f for _, f in store.facts_of(list(blobs.values()))), strict=True))
    assert store.notes(NOTES) == summarise("orders", facts, lambda p: store.text(blobs[p]))


def test_a_repository_that_is_removed_is_forgotten(repos: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    indexed(root, repos)
    assert run("remove", "orders", index=root).code == 0
    assert set(read_record(root).repos) == {"cards"}
    digest = Index.open(root).manifest.digest
    assert set(backends.vectors("exact", root).counts()) == {
        collection("cards", digest),
        map_collection(digest),
    }
    base = Knowledge(Index.open(root))
    assert {n.repo for n in base.near("order")} == {"cards"}


def test_an_index_that_doubles_learns_again_and_drops_what_was(repos: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    first = indexed(root, repos).manifest.digest
    make_repo(repos / "stock", [{f"s{n}.py": f'"""Counts shelf {n}."""\n' for n in range(6)}])
    said: list[str] = []
    index = indexed(root, repos, on_phase=said.append)
    assert said[0] == "training the embedder: it learnt from 5 files, now there are 11"
    assert index.manifest.digest != first
    assert {h.digest for h in read_record(root).repos.values()} == {index.manifest.digest}
    held = backends.vectors("exact", root).counts()
    digest = index.manifest.digest
    assert set(held) == {
        map_collection(digest),
        *(collection(n, digest) for n in ("cards", "orders", "stock")),
    }
    assert Knowledge(index).near("shelf")[0].repo == "stock"


def test_another_embedder_writes_all_again(repos: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    indexed(root, repos)
    index = indexed(root, repos, embedder="hash")
    assert (index.manifest.dimension, index.manifest.digest) == (1024, "hash-1")
    assert len(backends.vectors("exact", root).counts()) == 3
    assert Knowledge(index).near("charge a card")[0].repo == "cards"


def test_an_index_without_vectors_says_so(repos: Path, tmp_path: Path) -> None:
    index = indexed(tmp_path / "index", repos, vectors="", embedder="")
    assert not (tmp_path / "index" / "vectors.json").exists()
    with pytest.raises(ModelError, match="no vectors"):
        Knowledge(index)


class Killed(BaseException):
    """As a signal would end it: no handler of ours may catch it."""


@pytest.mark.parametrize("vectors", ["exact", "chroma"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_killed_run_is_mended_by_the_next(
    after: int, vectors: str, repos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the store took a repository's nodes, before the record says so."""
    root = tmp_path / "index"
    calls = []

    def dying(*args: object) -> None:
        calls.append(args)
        if len(calls) > 2 * after + 1:
            raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(knowledge, "write_record", dying)
        patched.setattr(knowledge, "AT_ONCE", 1)  # each repository is a portion of its own
        indexed(root, repos, vectors)
    assert run("doctor", index=root).code == 1
    index = indexed(root, repos, vectors)
    assert run("doctor", index=root).out == f"{root}: no problems found\n"
    base = Knowledge(index)
    assert {n.repo for n in base.near("order card", limit=99)} == {"cards", "orders"}
    base.close()


def test_a_reader_in_the_middle_of_a_change_sees_no_mixture(
    repos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "index"
    indexed(root, repos, embedder="hash")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Index, "set_manifest", lambda self, m: (_ for _ in ()).throw(Killed()))
        knowledge.update(Index(root, Manifest(embedder="lsa", vectors="exact")))
    reader = Knowledge(Index.open(root))
    assert reader.near("charge a card") == []  # all have moved on: nothing rather than vectors of two kinds


def test_a_store_that_is_gone_is_filled_again(repos: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    indexed(root, repos)
    shutil.rmtree(root / "exact")
    index = indexed(root, repos)
    assert sum(backends.vectors("exact", root).counts().values()) == sum(
        h.files + h.places for h in read_record(root).repos.values()
    )
    assert Knowledge(index).near("charge a card")[0].repo == "cards"


@pytest.mark.slow
def test_a_broken_store_fails_the_run_but_not_the_index(repos: Path, tmp_path: Path) -> None:
    root = tmp_path / "index"
    indexed(root, repos, "chroma")
    (root / "chroma" / "chroma.sqlite3").write_bytes(b"scribble" * 2000)
    committed(repos / "orders", {"new.py": "new = 1\n"})
    ran = run("index", "-c", "jobs=1", index=root)
    assert ran.code == 1
    assert "the vector store is not up to date: Chroma at" in ran.out
    assert "new.py" in Index.open(root).view("orders").paths
    told = run("doctor", index=root).out
    assert f"rm -rf {root / 'chroma'}" in told
    shutil.rmtree(root / "chroma")
    assert "chroma is gone" in run("doctor", index=root).out
    assert not (root / "chroma").exists()
    assert run("index", index=root).code == 0
    assert run("doctor", index=root).code == 0


@pytest.mark.parametrize(
    ("paths", "readme"),
    [
        (["docs/README.md", "README.rst", "src/README.md"], "README.rst"),
        (["src/README.md", ".github/README.md", "docs/readme.md"], "docs/readme.md"),
        (["src/README.md", ".github/README.md"], ".github/README.md"),
        (["README.rst", "README.md"], "README.md"),
        (["src/README.md", "docs/README.md/x.py"], ""),
    ],
)
def test_the_readme_is_the_one_that_code_hosts_show(paths: list[str], readme: str) -> None:
    assert readme_of(paths) == readme
