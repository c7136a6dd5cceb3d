"""Search by meaning: other words than the code's, code like this, and stores that cannot be asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from kits.cli import run
from kits.git import commit, git, make_repo

from indexer.build import build
from indexer.sources.discover import discover
from locator import meaning
from locator.locate import Options, locate
from locator.render.search import SUMMARY
from locator.search.query import parse
from locator.search.search import SearchOptions, search
from locator.weights import Weights
from summaries.errors import UsageError
from summaries.index.index import Index, Manifest
from summaries.offline.text import clip

TALK = {
    "billing": {
        "src/invoice.py": '"""Makes invoices."""\n\n\ndef invoice(order):\n    return order\n',
        "src/dunning.py": '"""Reminds debtors of invoices."""\n\n\ndef remind(debtor):\n    return debtor\n',
    },
    "weather": {
        "src/wind.py": '"""Measures wind."""\n\n\ndef gust(vane):\n    """The strongest gust."""\n    return vane\n',
        "src/rain.py": '"""Measures rain."""\n\n\ndef rain(gauge):\n    """Millimetres of rain."""\n    return gauge\n',
    },
}
SAID = {"billing": "Customers get a paper that says what they owe", "weather": "Storms are seen in time"}


@pytest.fixture(params=["chroma", "exact"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """Two repositories whose commits speak of their files in other words than the files do."""
    for name, files in TALK.items():
        steps = [commit({p: t + f"# {n}\n" for p, t in files.items()}, SAID[name]) for n in range(4)]
        make_repo(tmp_path / "repos" / name, steps)
    build(
        tmp_path / "index",
        discover(tmp_path / "repos", tmp_path / "clones"),
        manifest=Manifest(embedder="lsa", vectors=request.param),
        workers=1,
    )
    yield Index.open(tmp_path / "index")
    meaning.forget()


def test_a_question_in_other_words_than_the_code_finds_it(index: Index) -> None:
    question = "storms seen"
    assert not search(index, question, SearchOptions(by="words")).files
    hits = search(index, question, SearchOptions(by="meaning")).files
    assert {h.repo for h in hits[:2]} == {"weather"}
    assert hits[0].nearness > 0
    assert "wind" in hits[0].summary.lower() or "rain" in hits[0].summary.lower()
    assert [h.path for h in search(index, question).files] == [h.path for h in hits]
    assert search(index, f"by:meaning {question}", SearchOptions(by="words")).files == hits


def test_words_come_first_and_meaning_adds(index: Index) -> None:
    both = search(index, "invoice debtors")
    words = search(index, "invoice debtors", SearchOptions(by="words"))
    assert both.files[0].path == words.files[0].path
    assert {h.path for h in words.files} <= {h.path for h in both.files}


def test_a_long_summary_of_a_hit_ends_where_a_word_does(tmp_path: Path) -> None:
    names = [
        f"settle_{n}_invoices" for n in ("overdue", "disputed", "foreign", "doubled", "refunded", "forgotten")
    ]
    code = "".join(
        f'def {n}(debtor):\n    raise LookupError("no debtor is known for {n}")\n\n\n' for n in names
    )
    make_repo(
        tmp_path / "repos" / "billing",
        [{"src/dunning.py": f'"""Reminds debtors of invoices."""\n\n\n{code}'}],
    )
    run("index", str(tmp_path / "repos"), "-c", "vectors=exact", index=tmp_path / "index")
    found = json.loads(run("search", "remind debtors", "--json", index=tmp_path / "index").out)
    long = [h["summary"] for h in found["files"] if len(h["summary"]) > SUMMARY]
    assert long
    told = " ".join(run("search", "remind debtors", index=tmp_path / "index").out.split())
    assert all(clip(" ".join(s.split()), SUMMARY) in told for s in long)


def test_code_like_this(index: Index) -> None:
    hits = search(index, "near:weather/src/wind.py").files
    assert hits[0].path == "src/rain.py"
    assert "src/wind.py" not in [h.path for h in hits]
    assert {h.repo for h in search(index, "near:weather/src/wind.py repo:billing").files} == {"billing"}
    assert search(index, "near:billing").files
    for target in ("nowhere/a.py", "weather/none.py"):
        with pytest.raises(UsageError):
            search(index, f"near:{target}")


def test_exact_texts_are_a_matter_of_words(index: Index) -> None:
    assert not search(index, '"strongest gust"').files[0].nearness
    assert not search(index, "symbol:gust").files[0].nearness


@pytest.mark.parametrize("fault", ["gone", "damaged", "another embedder", "none"])
def test_a_store_that_cannot_be_asked_leaves_words_and_a_note(index: Index, fault: str) -> None:
    folder = index.root / index.manifest.vectors
    if fault == "gone":
        shutil.rmtree(folder)
    if fault == "damaged":
        for path in folder.rglob("*"):
            if path.suffix in (".sqlite3", ".safetensors"):
                path.write_bytes(b"scribble" * 2_000)
    if fault == "another embedder":
        index.set_manifest(msgspec.structs.replace(index.manifest, digest="of another"))
    if fault == "none":
        index.set_manifest(msgspec.structs.replace(index.manifest, embedder="", vectors="", digest=""))
    index = Index.open(index.root)
    found = search(index, "makes invoice")
    assert found.files[0].path == "src/invoice.py"
    assert any(n.startswith("searched by words alone: ") for n in found.notes)
    with pytest.raises(UsageError, match="words alone"):
        search(index, "makes invoice", SearchOptions(by="meaning"))


def test_what_is_published_later_is_seen(index: Index, tmp_path: Path) -> None:
    assert search(index, "near:weather/src/wind.py").files
    make_repo(
        tmp_path / "repos" / "rail",
        [{"signal.py": '"""Measures wind at signals."""\n\n\ndef signal():\n    return 1\n'}],
    )
    build(index.root, discover(tmp_path / "repos", tmp_path / "clones"), manifest=index.manifest, workers=1)
    hits = search(Index.open(index.root), "near:weather/src/wind.py").files
    assert "rail" in {h.repo for h in hits}


@pytest.mark.parametrize("text", ["near:", "by:feeling x", "-near:a x", "near:a near:b"])
def test_what_cannot_be_asked(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_a_snapshot_that_the_store_does_not_hold_is_compared_by_its_own_summaries(
    index: Index, tmp_path: Path
) -> None:
    past = git(tmp_path / "repos" / "weather", "rev-parse", "HEAD~1").decode().strip()
    sources = discover(tmp_path / "repos", tmp_path / "clones")
    build(index.root, sources, {"weather": (None, past)}, manifest=index.manifest, workers=1)
    found = search(Index.open(index.root), "storms seen repo:weather", SearchOptions(at=past, by="meaning"))
    assert {h.path for h in found.files} == {"src/wind.py", "src/rain.py"}
    assert found.files[0].nearness > 0
    again = search(Index.open(index.root), "storms seen repo:weather", SearchOptions(at=past, by="meaning"))
    assert again.files == found.files


def test_meaning_votes_where_it_has_a_weight(index: Index) -> None:
    report = "Storms are not seen in time"
    plain = {e.voter for f in locate(index, report).files for e in f.evidence}
    assert "meaning" not in plain
    weights = Weights(voters={"meaning": 1.0}, routes={"meaning": 0.5})
    answer = locate(index, report, Options(nearest=True), weights)
    assert answer.files[0].repo == "weather"
    assert answer.files[0].evidence[0].text.startswith("its summary is about this: ")
    assert any(e.voter == "meaning" for r in answer.routes for e in r.evidence)
