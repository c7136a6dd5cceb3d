"""Published figures: they are held to, and what drifted is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kits.eval import CASES, company, write_corpus

from eval.commands.group import evaluate
from eval.report.published import read_published, table
from summaries.errors import UsageError


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published")
    company(root / "clones")
    write_corpus(root)
    return root


def call(root: Path, *args: str) -> Result:
    shared = ["--configs", str(root / "configs"), "--work", str(root / "work"), "--jobs", "1"]
    return CliRunner().invoke(evaluate, [*args, *shared], catch_exceptions=False)


def publish(root: Path, name: str = "acme", *more: str) -> Path:
    bugs, repos, mirror = root / "bugs.jsonl", root / "repos.txt", str(root / "clones/{owner}/{name}")
    done = call(
        root,
        "publish",
        name,
        str(bugs),
        "--repos",
        str(repos),
        "--mirror",
        mirror,
        "--title",
        "Two | services",
        *more,
    )
    assert done.exit_code == 0, done.output
    return root / "configs" / f"{name}.toml"


def again(root: Path, *names: str) -> Result:
    return call(
        root, "published", *names, "--corpora", str(root), "--mirror", str(root / "clones/{owner}/{name}")
    )


@pytest.mark.slow
def test_what_is_published_holds_until_something_changes(corpus: Path) -> None:
    path = publish(corpus)
    p = read_published(path)
    assert (p.cases, p.repos, p.scope, p.config) == ("bugs.jsonl", "repos.txt", "all", "shipped")
    assert p.expected["Success@1"][0] == 1.0 and set(p.corpus.newest) == {"acme/orders", "acme/payments"}
    assert again(corpus).output.strip().endswith("acme: ok")
    text = path.read_text()
    path.write_text(text.replace('"MRR" = [1.0000', '"MRR" = [0.9000'))
    drifted = again(corpus, "acme")
    assert drifted.exit_code == 1 and "DRIFTED: MRR is 1.000, published 0.900" in drifted.output
    path.write_text(text.replace('"MRR" = [1.0000', '"MRR" = [0.9950'))
    assert again(corpus).exit_code == 0, "within the tolerance"
    path.write_text(text)
    try:
        write_corpus(corpus, CASES[:2])
        drifted = again(corpus)
        assert drifted.exit_code == 1 and "the corpus's cases are not those" in drifted.output
    finally:
        write_corpus(corpus)


@pytest.mark.slow
def test_table_of_what_is_published(corpus: Path) -> None:
    publish(corpus)
    publish(corpus, "acme-bm25", "--config", "bm25")
    done = call(corpus, "published", "--table")
    rows = [line for line in done.output.splitlines() if line.startswith("|")]
    assert len(rows) == 4 and "| shipped |" in done.output and "| bm25 |" in done.output
    assert "Two \\| services" in rows[2] and "Two" not in rows[3], "a corpus is named once"
    assert "1.000 <small>" in rows[2]
    assert table({}).count("\n") == 1


@pytest.mark.parametrize("text", ["title = 3", "not toml", 'title = "x"'])
def test_file_that_is_no_published_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(UsageError, match=r"x\.toml"):
        read_published(tmp_path / "x.toml")
    with pytest.raises(UsageError, match="nothing is published"):
        call(tmp_path / "empty", "published")


@pytest.mark.slow
def test_corpus_must_be_said(corpus: Path) -> None:
    publish(corpus)
    with pytest.raises(UsageError, match="needs --corpora and --mirror"):
        call(corpus, "published", "acme")


@pytest.mark.slow
def test_the_demo_is_a_corpus_that_needs_no_files(tmp_path: Path) -> None:
    done = call(tmp_path, "publish", "demo", "demo", "--title", "Demo", "--config", "bm25")
    assert done.exit_code == 0, done.output
    p = read_published(tmp_path / "configs" / "demo.toml")
    assert len(p.corpus.newest) == 6 and p.expected["Success@100"][0] > 0
    assert call(tmp_path, "published", "demo").output.strip().endswith("demo: ok")


@pytest.mark.slow
def test_ablation_tells_what_each_part_brings(corpus: Path, tmp_path: Path) -> None:
    bugs, repos, mirror = corpus / "bugs.jsonl", corpus / "repos.txt", str(corpus / "clones/{owner}/{name}")
    asked = ["ablate", str(bugs), "--repos", str(repos), "--mirror", mirror, "--out", str(tmp_path / "runs")]
    asked += ["--work", str(corpus / "work"), "--jobs", "1"]
    done = CliRunner().invoke(evaluate, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "runs" / "without-history.jsonl").is_file()
    text = (tmp_path / "runs" / "ablation.md").read_text()
    for name in ("shipped", "shipped -history", "bm25f", "random"):
        assert f"| {name} |" in text
