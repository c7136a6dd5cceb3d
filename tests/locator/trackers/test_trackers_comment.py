"""What a comment says: the line, two strong reasons, whom to ask, the full answer, and how to say that it is wrong."""

from __future__ import annotations

import json

import pytest
from kits.jira import TOKEN, USER, Jira, adf, created, listening, signed
from kits.service import running, until

from eval.feedback import counted, read_marks
from indexer.demo import REPORTS
from locator.answer import Change, Evidence, Excerpt, FileHit, SymbolHit, Verdict
from locator.locate import Options
from locator.modes import find
from locator.report.reader import read
from locator.trackers import comment
from locator.trackers.reasons import strongest
from locator.trackers.settings import TrackerSettings
from summaries.config import Settings
from summaries.index.index import Index

REPORT = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"
FULL = "The full answer"


def note(index, **more):
    opened = Index.open(index)
    answer = find(opened, read(REPORT), Options(), Settings())
    return comment.note("SHOP-12", answer, opened.repos, 3, **more)


def test_a_comment_has_all_that_its_reader_needs(shop_index):
    said = note(shop_index, code=True, page="https://atlas.shop.example/", wrong="/wrong")
    first = said.hits[0]
    assert 1 <= len(first.reasons) <= 2 and "splitter.split(" in first.code
    assert "changed last on 2025-08-25 by Tomas Okafor" in first.ask
    for text in (comment.markdown(said), comment.wiki(said), json.dumps(comment.adf(said))):
        assert "https://atlas.shop.example/#/issue/SHOP-12" in text and FULL in text
        assert "Okafor" in text and "splitter.split" in text.replace("\\", "") and "/wrong" in text
    plain = comment.markdown(note(shop_index))
    assert FULL not in plain and "splitter.split(" not in plain and "Not right" not in plain


def test_the_first_words_promise_no_more_than_the_verdict(shop_index):
    heads = {v: comment.Note("A-1", v, 0.2, ()).head for v in Verdict}
    assert heads[Verdict.CONFIDENT].startswith("Likely location") and heads[Verdict.UNSURE].startswith(
        "A first guess"
    )
    assert "ikely" not in heads[Verdict.NONE]


def test_words_of_packages_are_left_out_and_weak_reasons_come_last():
    def hit(*texts, voter="body"):
        evidence = tuple(Evidence(voter if "frame" not in t else "at:frame", t) for t in texts)
        return FileHit("shop", "src/main/java/com/shop/A.java", "java", 1.0, evidence)

    packages = frozenset(("src", "main", "java", "com", "shop"))
    file = hit(
        "its path contains: com, order",
        "class A contains: java, shop, voucher",
        "frame 2 of the stack trace: A.b",
        "x",
    )
    assert strongest(file, packages) == ["frame 2 of the stack trace: A.b", "class A contains: voucher"]
    assert strongest(hit("its path contains: com, shop"), packages) == []
    assert strongest(hit("its path contains: com, order"), packages) == ["its path contains: order"]


@pytest.mark.parametrize(
    "text",
    ["[x](javascript:1) `b`", "{{x}} {code}", "<!-- x -->", "@shop/admins #12", "![x](https://e.example)"],
)
def test_code_and_names_of_strangers_have_no_effect(text):
    change = Change("c" * 40, 1, text, text, "https://github.com/a/b/commit/c")
    symbol = SymbolHit("f", "function", 1, 2, "", 1.0)
    file = FileHit(
        "shop", "a.go", "go", 1.0, (), (symbol,), Excerpt(1, (text,)), owners=(text,), changes=(change,)
    )  # fmt: skip
    hit = comment._hit(file, None, "", "", frozenset(), code=True)
    said = comment.Note("A-1", Verdict.LIKELY, 0.5, (hit,), page="https://a.example/#/issue/A-1")
    markdown = comment.markdown(said).split("\n")
    assert len(markdown) == 10 and markdown[3].startswith("   - `")
    assert "](javascript" not in comment.markdown(said).replace(f"`{text}`", "").replace(f"`` {text} ``", "")
    wiki = [x for x in comment.wiki(said).split("\n") if x.startswith("#*")]
    assert len(wiki) == 2 and "{code}" not in "".join(wiki)
    links = [m["attrs"]["href"] for m in _marks(comment.adf(said)) if m["type"] == "link"]
    assert links == ["https://a.example/#/issue/A-1"]


def _marks(node):
    yield from node.get("marks", ())
    for c in node.get("content", ()):
        yield from _marks(c)


@pytest.mark.slow
def test_who_says_that_it_is_wrong_is_heard(shop_index, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_HOOK", "s")
    jira = Jira()
    issue = jira.add("SHOP-12", REPORTS[1].title, adf(REPORTS[1].body))
    state = tmp_path / "state"
    said = {
        "webhookEvent": "comment_created",
        "issue": {"key": "SHOP-12"},
        "comment": {"body": "/wrong, not there"},
    }
    with listening(jira) as url:
        tracker = TrackerSettings(
            name="jira", kind="jira", url=url, user=USER, token="env:SHOP_JIRA_TOKEN", secret="env:SHOP_HOOK",
            threshold=0.0, settle=0.0, pace=0.0, catch_up=0, wrong="/wrong",
        )  # fmt: skip
        shown = {"trackers": (tracker,), "state": str(state), "public_url": "https://atlas.shop.example"}
        with running(shop_index, **shown) as (client, parts):

            def send(payload, name):
                body, head = signed(payload, "s", name)
                return client.post("/webhooks/jira", content=body, headers=head).json()["status"]

            assert send(said, "0") == "not answered"
            send(created(issue), "1")
            until(lambda: jira.ours("SHOP-12"))
            until(lambda: not {"ready", "running"} & parts.trackers.queue.counts().keys())
            assert "https://atlas.shop.example/#/issue/SHOP-12" in json.dumps(jira.ours("SHOP-12")[0]["body"])
            assert send(said, "2") == "wrong" and send(said, "3") == "wrong"
            assert len(jira.ours("SHOP-12")) == 1
            marks, problems = read_marks(state / "feedback.jsonl")
            total = counted(marks)
            assert (
                not problems and total.marks == 1 and total.helpful == 0 and total.ranks[1].not_helpful == 1
            )
            assert (state / "feedback.jsonl").stat().st_mode & 0o077 == 0
        with running(shop_index, **shown, feedback=False) as (client, _):
            body, head = signed(said, "s", "4")
            assert client.post("/webhooks/jira", content=body, headers=head).json()["status"] == "not kept"
