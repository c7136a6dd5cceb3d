"""The HTTP API, driven over a socket."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from kits.paths import ROOT
from kits.service import events, running, shop

from indexer.demo import REPORTS
from locator.answer import Answer, Step
from locator.locate import Options
from locator.modes import find
from locator.report.reader import read
from locator.server.openapi import as_any_release
from locator.server.problems import Problem
from locator.server.shapes import FileLines, LocateRequest, Repositories
from locator.tree.show import Node, look
from summaries.config import Settings
from summaries.index.index import Index


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def client(index):
    with running(index) as (client, _):
        yield client


def problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = msgspec.json.decode(response.content, type=Problem)
    assert found.status == status and found.instance == response.headers["x-request-id"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.repo)
def test_locate_answers_what_the_library_answers(client, index, report):
    text = f"{report.title}\n\n{report.body}"
    got = client.post("/v1/locate", json={"report": text})
    assert got.status_code == 200
    answer = msgspec.json.decode(got.content, type=Answer)
    bare = msgspec.to_builtins(find(Index.open(index), read(text), Options(), Settings()))
    assert {**msgspec.to_builtins(answer), "seconds": 0} == {**bare, "seconds": 0}
    assert report.repo in [r.repo for r in answer.routes]


def test_options_narrow(client):
    asked = {"report": REPORTS[1].body, "title": REPORTS[1].title, "repos": ["shop-gateway"], "limit": 3}
    answer = client.post("/v1/locate", json=asked).json()
    assert answer["title"] == REPORTS[1].title
    assert {f["repo"] for f in answer["files"]} == {"shop-gateway"} and len(answer["files"]) <= 3
    bare = client.post("/v1/locate", json={**asked, "details": False}).json()
    assert all(not f["evidence"] and f["excerpt"] is None for f in bare["files"])
    tagged = client.post("/v1/locate", json={"report": REPORTS[1].body, "languages": ["python"]}).json()
    assert {f["language"] for f in tagged["files"]} == {"python"}


def test_stream_tells_both_phases_then_the_result(client):
    text = f"{REPORTS[1].title}\n\n{REPORTS[1].body}"
    with client.stream("POST", "/v1/locate/stream", json={"report": text, "limit": 4}) as got:
        assert got.headers["content-type"].startswith("text/event-stream")
        found = events(got)
    names = [n for n, _ in found]
    assert names == ["progress"] * (len(found) - 1) + ["result"]
    steps = [msgspec.convert(d, Step) for _, d in found[:-1]]
    assert steps[0].stage == "route" and steps[0].frames == 10 and steps[0].title == REPORTS[1].title
    assert [s.done for s in steps[1:]] == list(range(4)) and {s.total for s in steps[1:]} == {4}
    assert steps[1].routes
    plain = client.post("/v1/locate", json={"report": text, "limit": 4}).json()
    assert {**found[-1][1], "seconds": 0} == {**plain, "seconds": 0}


def test_stream_ends_in_an_error_event(client):
    with client.stream("POST", "/v1/locate/stream", json={"report": "x", "repos": ["nowhere"]}) as got:
        found = events(got)
    assert found[-1][0] == "error" and found[-1][1]["status"] == 422 and "nowhere" in found[-1][1]["detail"]


def test_repos(client):
    found = msgspec.json.decode(client.get("/v1/repos").content, type=Repositories)
    assert [r.name for r in found.repositories] == sorted(r.name for r in found.repositories)
    assert len(found.repositories) == 6
    assert found.files == sum(r.files for r in found.repositories) > 100
    assert (
        "git_dir" not in client.get("/v1/repos").text and str(Path.home()) not in client.get("/v1/repos").text
    )


def test_tree_drills_from_repository_to_file(client, index):
    where, seen = "shop-orders", []
    while True:
        node = msgspec.json.decode(client.get(f"/v1/tree/{where}").content, type=Node)
        seen.append(node.kind)
        assert node.repo == "shop-orders" and node.summary
        if node.kind == "file":
            break
        assert node.children and not node.git_dir and not any(c.git_dir for c in node.children)
        assert all(c.summary for c in node.children)
        where = f"shop-orders/{node.children[0].path}"
    assert seen[0] == "repository" and seen[-1] == "file" and set(seen[1:-1]) == {"directory"}
    assert node.symbols and node.lines >= node.symbols[-1].end
    assert node.summary == look(Index.open(index), where).summary


def test_file_gives_lines_as_indexed(client, index):
    repo = index.parent / "repos" / "shop-orders"
    path = REPORTS[1].path
    want = (repo / path).read_text("utf-8").split("\n")
    whole = msgspec.json.decode(
        client.get("/v1/file", params={"repo": "shop-orders", "path": path}).content, type=FileLines
    )
    assert list(whole.lines) == want[:-1] and whole.total == len(want) - 1
    asked = {"repo": "shop-orders", "path": path, "start": 5, "end": 7}
    few = client.get("/v1/file", params=asked).json()
    assert few["start"] == 5 and few["lines"] == want[4:7]
    beyond = client.get("/v1/file", params={**asked, "start": 10_000, "end": 10_000}).json()
    assert beyond["start"] == whole.total


@pytest.mark.parametrize(
    "where",
    ["shop-orders/../shop-orders", "..", "shop-orders/..%2f..%2fetc%2fpasswd", "shop-orders//etc/passwd",
     "shop",
     "shop-orders/src/", "%00", "shop-orders/%ff"],
)  # fmt: skip
def test_places_that_are_not_in_the_index(client, where):
    got = client.get(f"/v1/tree/{where}")
    if where == "shop-orders/src/":
        assert got.json()["path"] == "src"
    elif where.startswith("shop-orders/.."):
        assert got.status_code == 404 or got.json()["path"] == ""  # the client may resolve dots itself
    else:
        problem(got, 404)


def test_errors_are_problems(client):
    assert "limit" in problem(client.post("/v1/locate", json={"report": "x", "limit": 0}), 422).detail
    assert "nonsense" in problem(client.post("/v1/locate", json={"report": "x", "nonsense": 1}), 422).detail
    problem(client.post("/v1/locate", content=b"{", headers={"content-type": "application/json"}), 400)
    deep = b"[" * 200_000
    problem(client.post("/v1/locate", content=deep, headers={"content-type": "application/json"}), 422)
    problem(client.post("/v1/locate", json={"report": " \n "}), 422)
    problem(client.post("/v1/locate", json={"report": "x", "at": "v99.0"}), 404)
    problem(client.post("/v1/locate", content=b"x"), 415)
    problem(client.get("/v1/nothing"), 404)
    problem(client.get("/v1/locate"), 405)
    assert "path" in problem(client.get("/v1/file?repo=shop-orders"), 422).detail
    near = problem(client.post("/v1/locate", json={"report": "x", "repos": ["shop-order"]}), 422)
    assert "shop-orders" in near.hint and str(client.base_url) not in near.detail


def test_odd_text_is_answered(client):
    for text in (
        "\x00\x01",
        "\u202e\u0000",
        "a" * 900_000,
        "😀" * 1000,
        "\n\n\nx",
        "<script>alert(1)</script>",
    ):
        assert client.post("/v1/locate", json={"report": text}).status_code in (200, 422)
    lone = b'{"report": "broken \\ud800 half"}'
    got = client.post("/v1/locate", content=lone, headers={"content-type": "application/json"})
    assert got.status_code in (200, 400, 422)


def test_probes(client):
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["status"] == "ok"
    client.post("/v1/locate", json={"report": "orders are slow"})
    text = client.get("/metrics").text
    assert 'bugatlas_requests_total{method="POST",route="/v1/locate",status="200"}' in text
    assert "bugatlas_repositories 6.0" in text and "shop" not in text


def test_unready_without_an_index(tmp_path):
    with running(tmp_path / "none") as (client, _):
        assert client.get("/healthz").status_code == 200
        got = client.get("/readyz")
        assert got.status_code == 503 and got.json()["status"] == "unready"
        found = problem(client.post("/v1/locate", json={"report": "x"}), 503)
        assert "bugatlas index" in found.hint and str(tmp_path) not in found.detail


def test_openapi_snapshot(client):
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    now = client.get("/openapi.json").json()
    now["info"].pop("version")
    assert kept == now, "run: python docs/generate.py"


def test_the_document_is_the_same_with_any_release_of_msgspec():
    null, item = {"type": "null"}, {"$ref": "#/components/schemas/Item"}
    old = {
        "description": "One.\n\n    Two.",
        "properties": {"of": {"anyOf": [null, item]}, "in": {"items": [null]}},
    }
    new = {
        "description": "One.\n\nTwo.",
        "properties": {"of": {"anyOf": [item, null]}, "in": {"items": [null]}},
    }
    as_any_release(old)
    assert old == new


def test_schemas_are_those_of_the_structs(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for struct in (Answer, LocateRequest, Node, FileLines, Problem):
        fields = {f.encode_name for f in msgspec.structs.fields(struct)}
        assert set(schemas[struct.__name__]["properties"]) == fields
    assert schemas["Answer"]["properties"]["confidence"]["description"].startswith("calibrated")
