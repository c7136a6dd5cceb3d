"""Parts of the trackers' pipeline: markup, signatures, the queue, backfill."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.jira import Jira, adf, listening
from kits.linear import grows_faster

from locator.answer import Verdict
from locator.trackers import comment, signing
from locator.trackers.backfill import as_reported, first, keys
from locator.trackers.handle import pause
from locator.trackers.jira import Jira as Client
from locator.trackers.queue import FullError, Queue, WrittenComment
from locator.trackers.settings import TrackerSettings
from locator.trackers.to_markdown import document, plain, wiki
from locator.trackers.tracker import Refused
from summaries.errors import TrackerError, UsageError
from summaries.index.index import RepoState

# Signatures


def mac(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_hub_signatures():
    good = "sha256=" + mac("s", b"body")
    assert signing.hub("s", b"body", good) and signing.hub(
        "s", b"body", good.upper().replace("SHA256", "sha256")
    )
    for wrong in ("", good[:-1], good + "0", good[7:], "sha1=" + good[7:], "sha256=", "sha256=é\udcff"):
        assert not signing.hub("s", b"body", wrong)
    assert not signing.hub("t", b"body", good) and not signing.hub("s", b"Body", good)
    assert not signing.hub("", b"", "sha256=" + mac("", b"")), "no secret is no proof"
    assert not signing.same("", "")


def test_standard_webhooks():
    key = base64.b64encode(b"k" * 24).decode()

    def headers(stamp="1700000000", key=b"k" * 24, body=b"{}"):
        signed = base64.b64encode(
            hmac.new(key, b"id1." + stamp.encode() + b"." + body, hashlib.sha256).digest()
        )
        return {
            "webhook-id": "id1",
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,AAAA v1,{signed.decode()}",
        }

    assert signing.standard(f"whsec_{key}", headers(), b"{}", 1700000100)
    assert not signing.standard(f"whsec_{key}", headers(), b"{}", 1700009999), "an old one is a replay"
    assert not signing.standard(f"whsec_{key}", headers(), b"{ }", 1700000000)
    assert not signing.standard(f"whsec_{key}", headers(key=b"x"), b"{}", 1700000000)
    assert not signing.standard("whsec_!!", headers(), b"{}", 1700000000)
    assert not signing.standard(key, headers(), b"{}", 1700000000)
    for stamp in ("", "-1", "1e9", "９", "9" * 30):
        assert not signing.standard(f"whsec_{key}", {**headers(), "webhook-timestamp": stamp}, b"{}", 0)


# Texts in


def test_documents():
    root = {"type": "doc", "content": [
        {"type": "heading", "content": [{"type": "text", "text": "Steps"}]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "call "}, {"type": "text", "text": "place()",
                                               "marks": [{"type": "code"}]}]}]}]},
        {"type": "codeBlock", "content": [{"type": "text", "text": "at a.b.C\n\tat d.E"}]},
        {"type": "paragraph", "content": [{"type": "text", "text": "one"}, {"type": "hardBreak"},
                                          {"type": "mention", "attrs": {"text": "@ann"}}]},
        {"type": "newThing", "content": [{"type": "text", "text": "kept"}]},
        {"type": "table", "content": [{"type": "tableRow", "content": [
            {"type": "tableCell", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "cell"}]}]}]}]},
        {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "x"}}]},
    ]}  # fmt: skip
    said = document(root)
    assert "## Steps" in said and "- call `place()`" in said and "```\nat a.b.C\n\tat d.E\n```" in said
    assert "one\n@ann" in said and "kept" in said and "cell" in said


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "content", "text", "attrs", "marks", "url"]), inner, max_size=5
        )
    ),
    max_leaves=30,
)


@given(json_values)
def test_any_json_is_a_document(value):
    assert isinstance(document(value), str) and isinstance(plain(value), str)


@given(st.text(alphabet="{}[]|*!#code:normat hb.q\n\\a", max_size=300))
def test_any_text_is_wiki(text):
    assert isinstance(wiki(text), str)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["{code}", "[", "*a", "!a", "{color:", "\\"])
def test_hostile_texts_take_linear_time(unit):
    assert not grows_faster(wiki, unit)


# Comments out

EVIL = [
    "@everyone look", "@shop/admins", "see #12 and shop/orders#7", "/close", "<img src=x onerror=alert(1)>", "<script>",
    "![x](https://evil.example/p.png)", "[click](javascript:alert(1))", "**bold** _it_ `code` ~~s~~", "{code}x{code}",
    "[~admin]", "!https://evil.example/p.png!", "[x|https://evil.example]", "{html}<b>{html}", "*b* _i_ -d- +u+ ^s^ ??c??",
    "https://evil.example/login", "www.evil.example", "line\n\n/assign @me\n# heading", "a | b", "&lt;b&gt;", "{{mono}}",
    "bq. quote", "h1. big", "\\\\", "GH-12", "!12 ~label %milestone $snippet &epic", "-----", "<!-- x -->", "--> out",
]  # fmt: skip


def evil_note(text):
    hit = comment.CommentedFile(text, text, "https://code.example/x", text, (text, text))
    return comment.Note("SHOP-1", Verdict.LIKELY, 0.5, (hit,))


@pytest.mark.parametrize("text", EVIL)
def test_markdown_of_strangers_has_no_effect(text):
    said = comment.markdown(evil_note(text))
    reasons = [x for x in said.split("\n") if x.startswith("   - ")]
    assert len(reasons) == 2 and said.count("\n") == comment.markdown(evil_note("x")).count("\n")
    for line in reasons:
        bare = line.removeprefix("   - ")
        for mark in "<>[]*_`#!|~&":
            at = [i for i, c in enumerate(bare) if c == mark]
            assert all(bare[i - 1] == "\\" for i in at), (mark, line)
        assert "://" not in bare and "www." not in bare and not re.search(r"@\w", bare)
    assert said.count("<!--") - said.count("` <!--") >= 1 and said.endswith("<!-- bugatlas:SHOP-1 -->")


@pytest.mark.parametrize("text", EVIL)
def test_wiki_markup_of_strangers_has_no_effect(text):
    said = comment.wiki(evil_note(text))
    lines = said.split("\n")
    assert len(lines) == len(comment.wiki(evil_note("x")).split("\n"))
    for line in (x[3:] for x in lines if x.startswith("#* ")):
        for mark in "{}[]*_!|~^+?":
            assert all(line[i - 1] == "\\" for i, c in enumerate(line) if c == mark), (mark, line)
        assert "://" not in line


@pytest.mark.parametrize("text", EVIL)
def test_documents_of_strangers_are_texts(text):
    said = comment.adf(evil_note(text))
    assert [c["type"] for c in said["content"]] == ["paragraph", "orderedList", "paragraph"]
    links = [m["attrs"]["href"] for m in marks(said) if m["type"] == "link"]
    assert links == ["https://code.example/x"]
    assert text_nodes(said).count(text) == 3


def marks(node):
    yield from node.get("marks", ())
    for c in node.get("content", ()):
        yield from marks(c)


def text_nodes(node):
    return (
        [node["text"]]
        if node["type"] == "text"
        else [t for c in node.get("content", ()) for t in text_nodes(c)]
    )


def test_documents_fit_the_schema():
    to_markdown = pytest.importorskip("md_adf").adf_to_markdown
    for text in [*EVIL, "x"]:
        found = to_markdown(comment.adf(evil_note(text)))
        assert (
            not [d for d in found.diagnostics if d.code != "CodeMarkDropsOtherMarks"] and found.value
        )  # Markdown's limit
    assert to_markdown({"version": 1, "type": "doc", "content": [{"type": "nope"}]}).diagnostics


def test_marks_survive_what_trackers_do_to_text():
    note = evil_note("x")
    assert (
        comment.marked(comment.adf(note))
        and comment.marked(comment.wiki(note))
        and comment.marked(comment.markdown(note))
    )
    assert comment.marked(comment.wiki(note).replace("\\", "")) and not comment.marked("something else")


def test_the_digest_changes_with_the_ranking_only():
    def made(confidence=0.5, verdict="likely", paths=("a", "b"), reason="r"):
        hits = tuple(comment.CommentedFile("repo", p, "", "f", (reason,)) for p in paths)
        return comment.Note("SHOP-1", verdict, confidence, hits).digest

    assert made() == made(confidence=0.55, reason="other words")
    assert len({made(), made(verdict="unsure"), made(paths=("b", "a")), made(paths=("a",))}) == 4


def test_addresses():
    def state(url):
        return RepoState("shop/orders", "/g", url, "main", 1, "s", "c" * 40, 0, {}, {}, 0, 0)

    hub = comment.address(state("https://github.com/shop/orders.git"), "abc", "src/a b#.py", 3, 5)
    assert hub == "https://github.com/shop/orders/blob/abc/src/a%20b%23.py#L3-L5"
    made = comment.address(
        state("https://code.example/x"),
        "abc",
        "a/b.py",
        0,
        0,
        "https://v.example/{repo}/{path}?l={line}@{commit}",
    )
    assert made == "https://v.example/shop/orders/a/b.py?l=1@abc"
    assert (
        comment.address(state("u"), "abc", "p", 1, 1, "javascript:{path}") == ""
        and comment.address(None, "", "p", 1, 1) == ""
    )


# The queue


@pytest.fixture
def queue(tmp_path):
    made = Queue(tmp_path / "q.sqlite", owner=True)
    yield made
    made.close()


def accept(queue, issue="SHOP-1", delivery="d", due=0.0, forced=False, now=1.0):
    return queue.accept("jira", issue, [delivery, f"body:{delivery}"], forced, due, now)


def test_deliveries_of_one_issue_are_one_task(queue):
    assert (
        accept(queue, delivery="a")
        and not accept(queue, delivery="a")
        and accept(queue, delivery="b", forced=True)
    )
    task = queue.take(["jira"], 5.0)
    assert task.version == 2 and task.forced and queue.take(["jira"], 5.0) is None
    assert accept(queue, delivery="c")
    assert queue.take(["jira"], 5.0) is None, "it is being dealt with"
    queue.done(task)
    again = queue.take(["jira"], 5.0)
    assert again.version == 3, "what came meanwhile has its turn"
    queue.done(again)
    assert not queue.counts()


def test_any_name_of_a_delivery_makes_it_known(queue):
    assert queue.accept("jira", "A-1", ["x", "body:1"], False, 0, 0)
    assert not queue.accept("jira", "A-1", ["y", "body:1"], False, 0, 0)
    assert queue.accept("other", "A-1", ["x", "body:1"], False, 0, 0)


def test_times_and_order(queue):
    accept(queue, "A-1", "1", due=10)
    accept(queue, "A-2", "2", due=5)
    assert queue.take(["jira"], 4.0) is None and queue.take(["nothing"], 99.0) is None
    second = queue.take(["jira"], 20.0)
    assert second.issue == "A-2"
    queue.later(second, 30.0, "busy")
    assert queue.take(["jira"], 20.0).issue == "A-1"
    assert queue.take(["jira"], 29.0) is None and queue.take(["jira"], 30.0).attempts == 1


def test_set_aside_and_tried_again(queue):
    accept(queue)
    queue.bury(queue.take(["jira"], 1), "no")
    assert queue.counts() == {"dead": 1} and queue.take(["jira"], 9e9) is None
    assert queue.retry("other") == 0 and queue.retry("jira") == 1
    task = queue.take(["jira"], 1)
    assert task.attempts == 0
    queue.bury(task, "no")
    assert accept(queue, delivery="new"), "a new delivery wakes it up"
    assert queue.take(["jira"], 1)


def test_what_a_killed_process_was_at_is_taken_up_again(tmp_path):
    first = Queue(tmp_path / "q", owner=True)
    accept(first)
    first.take(["jira"], 1)
    first.remember("jira", ["SHOP-2"], WrittenComment("7", "d"))
    beside = Queue(tmp_path / "q")
    assert beside.counts() == {"running": 1}, "only the owner may say that nobody is at it"
    beside.close()
    first.close()
    second = Queue(tmp_path / "q", owner=True)
    assert second.take(["jira"], 1).attempts == 1 and second.written("jira", "SHOP-2") == WrittenComment(
        "7", "d"
    )
    assert not accept(second), "and the delivery is known"
    second.close()


def test_a_full_queue_says_so(queue, monkeypatch):
    monkeypatch.setattr("locator.trackers.queue.MOST", 1)
    accept(queue, "A-1", "1")
    with pytest.raises(FullError):
        accept(queue, "A-2", "2")
    queue.done(queue.take(["jira"], 1))
    assert accept(queue, "A-2", "2"), "the one that was turned away was not remembered"


def test_threads_share_the_queue(queue):
    for n in range(200):
        accept(queue, f"A-{n}", str(n))
    taken = []

    def work():
        while task := queue.take(["jira"], 1):
            taken.append(task.issue)
            queue.done(task)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(taken) == len(set(taken)) == 200 and not queue.counts()


def test_old_names_are_forgotten(queue):
    accept(queue, delivery="a", now=0.0)
    queue.prune(31 * 86_400.0)
    assert accept(queue, delivery="a", now=31 * 86_400.0)


def test_a_queue_that_cannot_be_opened(tmp_path):
    (tmp_path / "q").write_text("not a database, and long enough to be read as one" * 100)
    with pytest.raises(TrackerError, match="cannot open"):
        Queue(tmp_path / "q")


def test_pauses_grow_and_end():
    settings = TrackerSettings("j", "jira", "https://x", backoff=2.0)
    assert all(1 <= pause(settings, 0) <= 2 for _ in range(20))
    assert all(1800 <= pause(settings, n) <= 3600 for n in (12, 500, 10_000))


# Old issues


def test_texts_as_they_were_reported():
    issue = {
        "fields": {"summary": "now", "description": "fixed by c0ffee", "environment": None},
        "changelog": {"histories": [
            {"created": "2025-02-02", "items": [{"field": "description", "fromString": "second", "toString": "x"}]},
            {"created": "2025-01-01", "items": [{"field": "description", "fromString": "first", "toString": "second"},
                                                {"field": "Summary", "fromString": "then"}]},
            {"created": "2025-01-03", "items": [{"field": "environment", "fromString": None}]}, "odd", {"items": 7},
        ]},
    }  # fmt: skip
    found = first(issue)
    assert found == {"summary": "then", "description": "first", "environment": None}


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "data-center"])
def test_backfill(cloud, tmp_path):
    jira = Jira(cloud=cloud)
    for n in range(1, 8):
        jira.add(f"SHOP-{n}", f"Bug {n}", adf(f"text {n}") if cloud else f"text {n}")
    jira.add("HR-1", "x")
    jira.issues["SHOP-3"]["changelog"] = {
        "histories": [{"created": "1", "items": [{"field": "summary", "fromString": "First words"}]}]
    }
    with listening(jira) as url:
        settings = TrackerSettings(
            "jira",
            "jira",
            url,
            user="bot@shop.example" if cloud else "",
            projects=("SHOP",),
            types=('Bug "x"',),
        )
        client = Client(settings, "jira-token")
        try:
            assert list(keys(client, None, 30)) == [f"SHOP-{n}" for n in range(1, 8)]
            assert as_reported(client, None, 30, tmp_path / "issues.jsonl") == 7
            lines = [json.loads(x) for x in (tmp_path / "issues.jsonl").read_text().splitlines()]
            assert [x["key"] for x in lines] == [f"SHOP-{n}" for n in range(1, 8)]
            assert lines[2]["fields"]["summary"] == "First words"
            with pytest.raises(Refused):
                client.issue("../../admin")
        finally:
            client.close()
        from eval.mining.exports import read_issues

        issues, problems = read_issues(tmp_path / "issues.jsonl")
        assert len(issues) == 7 and not problems and "text 1" in issues[0].body


def test_backfill_needs_projects():
    client = Client(TrackerSettings("j", "jira", "https://jira.example", api=3), "t")
    with pytest.raises(UsageError, match="no project"):
        next(keys(client, None, 30))
    client.close()
