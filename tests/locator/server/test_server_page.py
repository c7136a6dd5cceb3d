"""The page in a real browser: what a person does with it, what a hostile repository cannot do to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import pairwise
from urllib.parse import quote

import pytest
from kits.service import TOKENS, commit, copied, running, serving, token, until

from indexer.build import build
from indexer.demo import REPORTS
from indexer.sources.discover import discover
from locator.access import LOCAL
from locator.server.app import configured, service
from locator.server.settings import ServiceSettings, checked
from summaries.config import Settings
from summaries.index.index import Index
from summaries.llm.testing.server import TestServer
from summaries.written.store import Written

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
if not CHROMIUM:
    pytest.skip("no chromium", allow_module_level=True)

REPORT = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"
HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        made = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def url(shop_index):
    with running(shop_index) as (client, parts):
        parts.links.of(parts.live_index.edition(), LOCAL)
        parts.links.wait(60)
        yield str(client.base_url)


@pytest.fixture
def open_page(browser):
    """A page that fails the test when anything is written to its console or a policy is broken."""
    contexts, said = [], []

    def opened(url, **options):
        context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: said.append(str(e)))
        page.goto(url)
        return page

    yield opened
    for c in contexts:
        c.close()
    assert not [s for s in said if not s.startswith("Failed to load resource")], said


def locate(page, text=REPORT):
    page.fill("#report", text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".code .line")


def test_from_report_to_line(open_page, url):
    page = open_page(url)
    locate(page)
    assert page.inner_text(".verdict h1") == REPORTS[1].title
    files = page.locator(".files button[data-key]")
    assert files.count() >= 10
    assert page.locator(".files [aria-current]").count() == 1
    assert page.locator(".code .hit").count() >= 1
    here = page.locator(".code .here")
    box, code = here.bounding_box(), page.locator(".code").bounding_box()
    assert code["y"] <= box["y"] <= code["y"] + code["height"], "the line that matters is in view"
    target = page.locator(f'.files button[data-key="shop-orders:{REPORTS[1].path}"]')
    target.click()
    page.wait_for_selector('.detail h2:has-text("DiscountSplitter.java")')
    page.wait_for_selector("#L27.hit")
    assert "BigDecimal" in page.inner_text("#L27")
    assert any("frame" in t for t in page.locator(".code .told").all_inner_texts())


def test_drilling_by_repository_and_directory(open_page, url):
    page = open_page(url)
    locate(page)
    page.click('.routes button:has-text("shop-orders")')
    assert page.get_attribute('.routes button:has-text("shop-orders")', "aria-pressed") == "true"
    page.click('.routes button:has-text("pricing")')
    keys = [b.get_attribute("data-key") for b in page.locator(".files button[data-key]").all()]
    assert keys and all("/pricing/" in k for k in keys)
    page.click(".detail .crumbs a >> nth=1")
    page.wait_for_selector(".entries a")
    assert page.inner_text("h1") in page.inner_text(".crumbs") or page.locator(".entries li").count()


def test_a_link_brings_somebody_else_to_the_same_place(open_page, url):
    page = open_page(url)
    locate(page)
    page.locator(f'.files button[data-key="shop-orders:{REPORTS[1].path}"]').click()
    page.wait_for_selector("#L27.hit")
    page.locator('.evidence .jump:has-text("line 27")').first.click()
    link = page.url
    assert "#/a/" in link and "WELCOME10" not in link
    other = open_page(link)
    other.wait_for_selector("#L27.here")
    assert other.inner_text(".verdict h1") == REPORTS[1].title
    other.click("text=Edit report")
    assert other.input_value("#report") == REPORT


@pytest.mark.parametrize("link", ["long", "garbage!!", "eJwDAAAAAAE"])
def test_links_that_hold_nothing_are_told(open_page, url, link):
    page = open_page(f"{url}/#/a/{link}")
    page.wait_for_selector("[role=alert] >> text=This link holds no report")
    page.click("text=To the form")
    page.wait_for_selector("#report")


def test_without_a_model_there_is_none_to_leave_out(open_page, url):
    page = open_page(url)
    page.click("text=Narrow the search")
    page.wait_for_function("document.querySelectorAll('#known option').length > 0")
    assert not page.is_visible("#plain")


def test_what_was_searched_is_marked_and_gaps_are_seen(url, open_page):
    page = open_page(f"{url}/#/search?q={quote('idempotency key')}")
    page.wait_for_selector(".results mark")
    marked = {m.lower() for m in page.locator(".results mark").all_inner_texts()}
    assert marked and all("idempotency" in m or "key" in m for m in marked)
    lines = page.locator(".results article").first.locator(".line")
    numbers = [int(n) for n in lines.locator(".number").all_inner_texts()]
    gaps = [b > a + 1 for a, b in pairwise(numbers)]
    assert ["after" in (c or "") for c in (x.get_attribute("class") for x in lines.all())][1:] == gaps


def test_repositories_say_what_speaks_for_them(url, open_page):
    page = open_page(f"{url}/#/")
    page.fill("#report", f"{REPORTS[2].title}\n\n{REPORTS[2].body}")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".why")
    said = page.locator(".repos .why, .why").all_inner_texts()
    assert any('the report says "' in s and "files contain: " in s for s in said)
    assert not any("files listed: 0" in s for s in said)


def test_nothing_indexed_nothing_found_and_nowhere(open_page, url, tmp_path):
    page = open_page(f"{url}/#/search?q=nosuchwordanywhere")
    page.wait_for_selector(".results >> text=Try fewer words")
    page.goto(f"{url}/#/at/nowhere/x")
    page.click("text=All repositories")
    page.wait_for_selector(".node, .treemap")
    page.goto(f"{url}/#/")
    page.fill("#report", "qwertz zxcvb")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("main >> text=exact text of an error")
    with running(tmp_path / "none") as (client, _):
        empty = open_page(str(client.base_url))
        empty.wait_for_selector("text=nothing is indexed yet")
        assert str(tmp_path) not in empty.content()


def test_the_map_fills_itself_in(open_page, shop_index, tmp_path):
    with running(shop_index, state=str(tmp_path)) as (client, _):
        page = open_page(f"{client.base_url}/#/map")
        page.wait_for_selector("text=Still looking for dependencies")
        page.wait_for_selector(".node", timeout=60_000)


def test_a_model_is_a_phase_of_its_own(open_page, shop_index, tmp_path):
    with TestServer(shares={"slow": 1.0}, slow=1.0) as model:
        asking = Settings(model="m", model_url=model.url)
        parts = service(copied(shop_index, tmp_path), checked(ServiceSettings(rate=0)), asking)
        with serving(configured(parts)) as address:
            page = open_page(address)
            page.fill("#report", REPORT)
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("text=A language model reads them")
            page.wait_for_selector(".code .line")
            assert "Rehearsed" in page.inner_text(".verdict")
            asked = len(model.requests)
            page.click("text=Edit report")
            page.click("text=Narrow the search")
            page.check("text=without the language model")
            page.keyboard.press("Escape")
            page.click("button.main")
            page.wait_for_selector(".code .line")
            assert "Rehearsed" not in page.inner_text(".verdict")
            assert len(model.requests) == asked


def test_keys(open_page, url):
    page = open_page(url)
    locate(page)
    first = page.get_attribute(".files [aria-current]", "data-key")
    page.locator("body").click(position={"x": 700, "y": 5})
    page.keyboard.press("j")
    until(lambda: page.get_attribute(".files [aria-current]", "data-key") != first)
    page.keyboard.press("k")
    until(lambda: page.get_attribute(".files [aria-current]", "data-key") == first)
    page.keyboard.press("n")
    page.wait_for_selector(".code .here.hit")
    page.keyboard.press("?")
    assert page.locator("dialog[open] kbd").count() > 3
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.wait_for_selector("#query")
    page.fill("#query", "idempotency key")
    page.keyboard.press("Enter")
    page.wait_for_selector(".results article")
    page.click(".results article h2 a >> nth=0")
    page.wait_for_selector(".code .line")


def test_the_map(open_page, url):
    page = open_page(url)
    locate(page)
    page.click("nav a:has-text('Map')")
    page.wait_for_selector(".graph .node")
    assert page.locator(".graph .node").count() == 6 and page.locator(".graph .edge").count() >= 5
    shares = [n.evaluate("e => e.style.getPropertyValue('--share')") for n in page.locator(".node").all()]
    assert "100%" in shares, "the repository that phase 1 chose stands out"
    page.locator(".node").first.focus()
    page.wait_for_selector(".sites li a")
    page.click("text=Sizes")
    page.wait_for_selector(".treemap .cell")
    cells = [c.bounding_box() for c in page.locator(".cell").all()]
    room = page.locator(".treemap").bounding_box()
    filled = sum(c["width"] * c["height"] for c in cells)
    assert filled == pytest.approx(room["width"] * room["height"], rel=0.02)
    assert page.locator(".part.hit").count() >= 1


def test_light_and_dark(open_page, url):
    background = "getComputedStyle(document.body).backgroundColor"
    dark = open_page(url, color_scheme="dark").evaluate(background)
    page = open_page(url, color_scheme="light")
    light = page.evaluate(background)
    assert dark != light
    page.click("#theme")
    page.click("#theme")
    assert page.evaluate(background) == dark
    page.reload()
    assert page.evaluate(background) == dark


def test_narrow_screens_do_not_scroll_sideways(open_page, url):
    page = open_page(url, color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    locate(page)
    for where in ("", "#/search?q=order", "#/map", "#/map?as=sizes", "#/at/shop-orders"):
        if where:
            page.goto(f"{url}/{where}")
            page.wait_for_selector("main > .page")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, where


def test_a_token_is_asked_for_once(open_page, shop_index):
    with running(shop_index, tokens=(token("all"),)) as (client, _):
        page = open_page(str(client.base_url))
        page.wait_for_selector("dialog[open] #token")
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=not known here")
        page.fill("#token", TOKENS["all"])
        page.keyboard.press("Enter")
        until(lambda: "6 repositories" in page.inner_text("#state"))
        locate(page)
        assert not page.evaluate("localStorage.getItem('bugatlas.token')")


def test_errors_are_told(open_page, url):
    page = open_page(f"{url}/#/search?q=%20repo%3Anowhere%20x")
    page.wait_for_selector(".notice.bad")
    assert "nowhere" in page.inner_text(".notice.bad")
    page.goto(f"{url}/#/at/no/such/place")
    page.wait_for_selector(".notice.bad")
    page.goto(f"{url}/#/a/notdeflated")
    page.wait_for_selector(".notice.bad")
    page.goto(f"{url}/#/at/%zz")
    page.wait_for_selector(".notice.bad")


def test_markup_of_others_stays_text(open_page, tmp_path):
    """HTML in the report, names of files and directories, code, comments, commit messages and written summaries."""
    repo = tmp_path / "repos" / "attic"
    repo.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], check=True)
    name = 'a"><svg onload=document.title=1>.py'
    code = (
        f'"""{HOSTILE} moors the zeppelin."""\n\n\ndef moor(zeppelin):\n    raise MooringError("{HOSTILE}")\n'
    )
    commit(repo, f"<b>dir<b>/{name}", code, f"{HOSTILE} moor the zeppelin")
    commit(
        repo,
        "README.md",
        f"# {HOSTILE}\n\n{HOSTILE} zeppelins and {HOSTILE} <script>document.title=1</script>\n",
        "x",
    )
    build(tmp_path / "index", discover(tmp_path / "repos", tmp_path / "clones"), workers=1)
    own = Written(Index.open(tmp_path / "index").folder("attic"), write=True)
    for path in ("", "README.md", f"<b>dir<b>/{name}"):
        own.keep_edit(path, f"{HOSTILE} <script>document.title=1</script> about zeppelins")
    own.close()
    with running(tmp_path / "index") as (client, _):
        assert HOSTILE in client.get("/v1/search", params={"q": "zeppelin"}).json()["files"][0]["summary"]
        page = open_page(str(client.base_url))
        locate(
            page,
            f"{HOSTILE} zeppelin is not moored\n\n<script>document.title=1</script> MooringError {HOSTILE}",
        )
        assert HOSTILE.split()[0] in page.inner_text(".verdict h1")
        for where in ("", "#/map?as=sizes", "#/at/attic", "#/search?q=zeppelin"):
            if where:
                page.goto(f"{client.base_url}/{where}")
                page.wait_for_selector("main > .page")
                page.wait_for_timeout(100)
            assert page.title() != "1"
            assert page.locator("main img, main script, main svg[onload]").count() == 0


def test_nothing_inline_runs(browser, url):
    page = browser.new_page()
    page.goto(url)
    page.evaluate("""() => {
        const s = document.createElement('div');
        try { s.innerHTML = '<img src=x onerror="document.title=1">'; } catch (e) { document.title = e.name; }
    }""")
    assert page.title() == "TypeError", "trusted types refuse HTML strings"
    page.close()


def test_accessibility(open_page, url):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        page = open_page(url, color_scheme=scheme)
        page.wait_for_selector("#report")
        places = ["", "#/search?q=order", "#/map", "#/map?as=sizes", "#/at/shop-orders"]
        for where in ["report", *(places if scheme == "light" else places[2:4])]:
            if where == "report":
                locate(page)
            else:
                page.goto(f"{url}/{where}")
                page.wait_for_timeout(300)
            found = axe.run(page).response["violations"]
            assert not found, [(where, v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found]


def test_a_repository_of_very_many_directories_is_told_by_its_largest():
    from locator.server.tree import PARTS, parts

    paths = [f"d{n:02}/f{k}.go" for n in range(60) for k in range(n + 1)] + ["README.md", "go.mod"]
    found = parts(paths)
    assert sum(p.files for p in found) == len(paths)
    assert PARTS < len(found) <= 2 * PARTS
    assert [p.path for p in found[1:4]] == ["d59", "d58", "d57"] and found[0].path == ""  # all the small ones
    assert parts(["a.go", "b/c.go"]) == parts(["b/c.go", "a.go"])
    assert {p.path for p in parts(["x/y/z/a.go", "x/y/z/b/c.go"])} == {"x/y/z", "x/y/z/b"}
