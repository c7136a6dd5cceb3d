"""Small systems that each show how reports and repositories are in the world, and what the right answer is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from kits.cli import indexed
from kits.git import make_repo
from kits.paths import FIXTURES

from locator.answer import Answer
from locator.locate import Options, locate
from summaries.index.index import Index
from summaries.locales import ENGLISH, language
from summaries.scratch import Scratch

FAULTS = FIXTURES / "faults"
FOLDERS: list[Scratch] = []


@cache
def system(name: str) -> Index:
    folder = Scratch("faults")  # it goes when the tests are done
    FOLDERS.append(folder)
    root = Path(folder.name)
    for repo in sorted(p for p in (FAULTS / name).iterdir() if p.is_dir()):
        files = {str(f.relative_to(repo)): f.read_bytes() for f in sorted(repo.rglob("*")) if f.is_file()}
        make_repo(root / "repos" / repo.name, [files])
    return Index.open(indexed(root / "index", root / "repos"))


def answer(name: str, report: str) -> Answer:
    return locate(system(name), (FAULTS / name / report).read_text(), Options(limit=10, explain=True))


def told(found: Answer) -> list[str]:
    return [e.text for f in found.files for e in f.evidence]


@pytest.mark.parametrize(
    ("name", "report", "repo", "path"),
    [
        ("traces", "go4.md", "shop-api", "pkg/retry/backoff.go"),
        ("traces", "go2.md", "shop-lib", "pkg/retry/backoff.go"),
        ("traces", "rb.md", "shop-lib", "lib/shop/price.rb"),
        ("traces", "names.md", "shop-api", "app/price.rb"),
        ("messages", "l.md", "shop-orders", "lib/Service/OrderService.php"),
        ("messages", "l2.md", "shop-orders", "lib/Service/OrderService.php"),
        ("messages", "l3.md", "shop-orders", "lib/Service/OrderService.php"),
        ("issue-template", "bare.md", "shop", "src/basket.py"),
        ("issue-template", "full.md", "shop", "src/basket.py"),
        ("pasted", "manifest.md", "shop-ui", "src/counter.js"),
        ("translations", "de.md", "app", "src/main/java/com/shop/Checkout.kt"),
        ("translations", "en.md", "app", "src/main/java/com/shop/Checkout.kt"),
        ("translations", "es.md", "rails", "app/models/ledger.rb"),
        ("translations", "fr.md", "admin", "admin/signin.py"),
        ("translations", "ru.md", "web", "src/views/upload.ts"),
        ("translations", "zh.md", "board", "src/components/ArchivedCards.vue"),
    ],
)
def test_the_right_file_comes_first(name: str, report: str, repo: str, path: str) -> None:
    first = answer(name, report).files[0]
    assert (first.repo, first.path) == (repo, path)


def test_an_inlined_go_call_is_the_innermost_frame() -> None:
    first = answer("traces", "go4.md").files[0]
    assert ("frame 1 of the stack trace: Wait (backoff.go:5)", 5) in [
        (e.text, e.line) for e in first.evidence
    ]


def test_a_strangers_file_of_the_same_name_is_nobodys() -> None:
    found = answer("traces", "names.md")
    assert "frame 2 of the stack trace: show (price.rb:3)" in [e.text for e in found.files[0].evidence]
    assert not any("frame 1" in text for text in told(found))


def test_a_string_that_shares_three_words_with_a_message_is_not_quoted() -> None:
    assert not any("quotes" in text for text in told(answer("messages", "q.md")))


def test_a_list_of_installed_apps_names_nobody() -> None:
    found = answer("messages", "c.md")
    assert not any(e.voter == "name" for r in found.routes for e in r.evidence)


def test_the_template_of_a_form_is_no_answer() -> None:
    for report in ("full.md", "bare.md"):
        assert not any("ISSUE_TEMPLATE" in f.path for f in answer("issue-template", report).files)


def test_a_comment_of_a_rendered_manifest_is_no_pointer() -> None:
    found = [f for f in answer("pasted", "manifest.md").files if f.path.endswith("ui-dep.yaml")]
    assert not any(e.voter.startswith("at:") for f in found for e in f.evidence)


@pytest.mark.parametrize(
    ("report", "text", "line"),
    [
        (
            "de.md",
            'shows a text that the report has: "Die Bestellung wurde nicht gesendet. Versuche es später noch einmal.", '
            "of src/main/res/values-de/strings.xml",
            7,
        ),
        (
            "ru.md",
            'shows a text that shares words with the report: "Картинка слишком большая, выберите другую", '
            "of src/locales/ru.json",
            6,
        ),
    ],
)
def test_the_use_of_a_text_is_told_with_its_line(report: str, text: str, line: int) -> None:
    found = answer("translations", report).files[0].evidence
    assert (text, line) in [(e.text, e.line) for e in found]


def test_catalogues_in_other_languages_are_no_answers() -> None:
    for report in sorted((FAULTS / "translations").glob("*.md")):
        assert not any(
            language(f.path) not in (None, ENGLISH) for f in answer("translations", report.name).files
        )
