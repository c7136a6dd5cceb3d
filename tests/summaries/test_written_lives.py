"""How written summaries live on: older versions, snapshots, machines, people; and what they say in a ranking."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from kits.cli import run
from kits.git import git
from kits.model import ORDERS, REPORT, chat_of, shop

from indexer.build import build
from indexer.sources.discover import Source
from indexer.writing.exchange import export, load
from indexer.writing.run import Writing, write
from locator.locate import Options, locate
from locator.tree.edit import keep
from locator.tree.show import look
from summaries.errors import UsageError
from summaries.index.index import Index
from summaries.llm.testing.server import TestServer, text_of
from summaries.written.store import FILE, SEED, FileText, Written, WrittenPlace, effective

EVERY = Writing(every_file=True)
NAME = "shop-orders"
BASKET = "src/orders/basket.py"
PURRS = "Looks after zeppelins of the shop and nothing else at all"


def writer(body: dict[str, Any]) -> Any:
    about = "basket" if "class Basket" in text_of({"messages": body["messages"][1:]}) else "thing"
    return {"summary": f"{PURRS}: the {about}.", "concerns": ["the zeppelin leaks helium", "it lands twice"]}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return shop(tmp_path)


def written_by_model(index: Index, writing: Writing = EVERY) -> Index:
    with TestServer(writer) as server:
        write(index, [NAME], chat_of(server), writing)
    return Index.open(index.root)


def changed(tmp_path: Path, ats: tuple[str | None, ...] = (None,)) -> Index:
    """The basket in another version."""
    work = tmp_path / NAME
    text = ORDERS[BASKET] + "\n# one line more\n"
    tip = git(work, "rev-parse", "HEAD").decode().strip()
    lines = f"commit refs/heads/main\ncommitter A <a@b.c> 1800000000 +0000\ndata 4\nmore\nfrom {tip}\n"
    git(
        work,
        "fast-import",
        "--quiet",
        data=f"{lines}M 644 inline {BASKET}\ndata {len(text)}\n{text}\n".encode(),
    )
    build(tmp_path / "index", [Source(NAME, work)], {NAME: ats}, workers=1)
    return Index.open(tmp_path / "index")


def evidence(index: Index, report: str, path: str = BASKET) -> list[str]:
    hits = {f.path: f for f in locate(index, report).files}
    return [e.text for e in hits[path].evidence if e.voter == "written"] if path in hits else []


def test_what_a_reporter_would_say_finds_the_file_and_is_the_evidence(index: Index) -> None:
    assert not evidence(index, "The zeppelin leaks helium after checkout")
    index = written_by_model(index)
    assert evidence(index, "The zeppelin leaks helium after checkout") == [
        'its summary is about this: "the zeppelin leaks helium"'
    ]


@pytest.mark.slow
def test_an_earlier_version_serves_until_there_is_one_of_its_own(index: Index, tmp_path: Path) -> None:
    written_by_model(index)
    index = changed(tmp_path)
    node = look(index, f"{NAME}/{BASKET}")
    assert PURRS in node.summary
    assert node.origin == "written by a model, of an earlier version"
    assert evidence(index, "The zeppelin leaks helium after checkout")
    index = written_by_model(index)
    assert look(index, f"{NAME}/{BASKET}").origin == "written by a model"


@pytest.mark.slow
def test_what_was_written_later_says_nothing_of_an_earlier_snapshot(index: Index, tmp_path: Path) -> None:
    first = git(tmp_path / NAME, "rev-parse", "HEAD").decode().strip()
    written_by_model(changed(tmp_path, (None, first)))
    index = Index.open(index.root)
    voters = {e.voter for f in locate(index, "zeppelin helium checkout basket").files for e in f.evidence}
    assert "written" in voters
    past = locate(index, "zeppelin helium checkout basket", Options(at=first))
    assert "written" not in {e.voter for f in past.files for e in f.evidence}
    written_by_model(index, Writing(every_file=True, at=first))
    past = locate(Index.open(index.root), "zeppelin helium checkout basket", Options(at=first))
    assert "written" in {e.voter for f in past.files for e in f.evidence}


def test_a_file_that_nothing_is_written_of_is_not_buried(tmp_path: Path) -> None:
    index = shop(
        tmp_path, {"src/orders/new.py": '"""Takes zeppelins."""\n\n\ndef helium(zeppelin):\n    return 1\n'}
    )
    stored = Written(index.folder(NAME), write=True)
    view = index.view(NAME)
    texts = {view.blob(n): FileText("Deals with the orders of the shop", (), p, 1, "k")
             for n, p in enumerate(view.paths) if not p.endswith("new.py")}  # fmt: skip
    stored.keep_files(texts)
    stored.close()
    assert (
        locate(Index.open(index.root), "helium leaks from a zeppelin of the shop")
        .files[0]
        .path.endswith("new.py")
    )


def test_seeds_alone_are_written_corrected_and_passed_down(index: Index) -> None:
    index = written_by_model(index, Writing(seeds=True))
    stored = Written(index.folder(NAME))
    assert list(stored.places()) == [SEED]
    assert not stored.every_file()
    stored.close()
    assert PURRS in look(index, NAME).summary
    keep(index, NAME, "", "This is the heart of the shop.")
    with TestServer(writer) as server:
        write(Index.open(index.root), [NAME], chat_of(server), EVERY)
        assert all("heart of the shop" in text_of(b) for b in server.requests)
    assert look(Index.open(index.root), NAME).summary == "This is the heart of the shop."


@pytest.mark.slow
def test_summaries_go_from_machine_to_machine(index: Index, tmp_path: Path) -> None:
    index = written_by_model(index)
    keep(index, NAME, "src", "Everything, by Ada.")
    file = tmp_path / "written.jsonl.gz"
    done = export(index, [NAME], file)
    assert (done.kinds["file"], done.kinds["edit"], done.kinds["seed"]) == (5, 1, 1)
    other = tmp_path / "other"
    build(other, [Source(NAME, tmp_path / NAME)], workers=1)
    ran = run("summarise", "--import", str(file), index=other)
    assert ran.code == 0, ran
    there = Index.open(other)
    assert look(there, f"{NAME}/{BASKET}").summary == look(index, f"{NAME}/{BASKET}").summary
    assert look(there, f"{NAME}/src").origin == "edited by hand"
    assert evidence(there, "The zeppelin leaks helium after checkout")
    again = load(there, file)
    assert not again.kinds
    assert sum(again.left.values()) == sum(done.kinds.values())
    assert run("summarise", "--export", str(tmp_path / "b.jsonl"), index=other).code == 0
    assert (tmp_path / "b.jsonl").read_bytes() == gzip.decompress(file.read_bytes())


def test_what_comes_in_is_checked_dated_and_never_overwrites(index: Index, tmp_path: Path) -> None:
    head = git(tmp_path / NAME, "rev-parse", "HEAD").decode().strip()
    view = index.view(NAME)
    blob = view.blob(view.paths.index(BASKET)).split(".")[0]
    keep(index, NAME, "src", "Mine.")
    rows: list[Any] = [
        {"repo": NAME, "kind": "file", "path": BASKET, "blob": blob, "commit": head,
         "summary": "The basket keeps items that a customer wants, and its total is computed here. "
                    "It calls frobnicateOrder().",
         "concerns": ["the total is wrong", "frobnicateOrder hangs"]},
        {"repo": NAME, "kind": "edit", "path": "src", "summary": "Theirs."},
        {"repo": NAME, "kind": "seed", "summary": "Of a commit that nobody knows.", "commit": "f" * 40},
        {"repo": "elsewhere", "kind": "seed", "summary": "Of another.", "time": 1},
        {"repo": NAME, "kind": "seed", "summary": "x" * 5000, "time": 1},
        {"repo": NAME, "kind": "spell", "summary": "What?"},
    ]  # fmt: skip
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in rows) + "no json\n")
    done = load(index, file)
    assert dict(done.kinds) == {"file": 1}
    assert sum(done.left.values()) == 6
    found = effective(index.folder(NAME), {BASKET: f"{blob}.python"}, ["src"])
    assert found.texts[BASKET].endswith("is computed here. Concerns: the total is wrong.")
    assert found.texts["src"] == "Mine."


@pytest.mark.parametrize("data", [b"\xff\xfe", b"no json\n", b"[1]\n" * 3, b"x" * 200_000])
def test_a_file_that_is_none_is_refused(index: Index, tmp_path: Path, data: bytes) -> None:
    for name in ("rows.jsonl", "rows.jsonl.gz"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UsageError):
            load(index, tmp_path / name)


def test_a_file_of_the_first_version_is_read_and_renewed(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / FILE)
    db.executescript(
        "create table blob(id text primary key, key text, text text) without rowid;"
        "create table place(path text primary key, key text, text text, inputs text) without rowid;"
        "create table edit(path text primary key, text text) without rowid;"
        "insert into blob values('b1.python', 'k', 'One. Concerns: it breaks.');"
        "insert into place values('src', 'k', 'A directory.', '{}');"
    )
    db.close()
    found = effective(tmp_path, {"src/a.py": "b1.python"}, ["src"])
    assert found.texts == {"src/a.py": "One. Concerns: it breaks.", "src": "A directory."}
    stored = Written(tmp_path, write=True)
    stored.keep_place("src", WrittenPlace("Newer.", "k", {}, 9))
    stored.close()
    assert effective(tmp_path, {}, ["src"]).texts["src"] == "Newer."
    assert effective(tmp_path, {}, ["src"], until=5).texts["src"] == "A directory."


def test_a_damaged_file_is_named(index: Index) -> None:
    (index.folder(NAME) / FILE).write_bytes(b"no database" * 100)
    ran = run("locate", REPORT, index=index.root)
    assert ran.code == 0, "the other repositories answer"
    assert "".join(ran.out.split()).count(f"leftout:{NAME}isdamaged") == 1
    assert FILE in "".join(ran.out.split())
