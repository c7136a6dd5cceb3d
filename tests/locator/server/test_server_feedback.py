"""What people say of answers is kept with the report, by whom, and only of files that they may see."""

from __future__ import annotations

import json
import stat

from kits.service import bearer, running, token

from locator.server.routes import feedback

PLACE = {"repo": "shop-orders", "path": "README.md"}
SAID = {"report": "Orders are lost\u2028", **PLACE, "rank": 3, "commit": "c0ffee", "helpful": True}


def test_what_is_said_is_kept_for_an_evaluation(shop_index, tmp_path):
    state = tmp_path / "state"
    tokens = (
        token("all", may=("read", "metrics")),
        token("orders", ("shop-orders",)),
        token("ops", may=("metrics",)),
    )
    with running(shop_index, state=str(state), tokens=tokens) as (client, _):
        for helpful in (True, False):
            got = client.post("/v1/feedback", json={**SAID, "helpful": helpful}, headers=bearer("orders"))
            assert (got.status_code, got.json()) == (200, {"kept": True})
        counted = client.get("/metrics", headers=bearer("all")).text
        assert 'bugatlas_feedback_total{said="helpful"} 1.0' in counted
        assert client.post("/v1/feedback", json=SAID, headers=bearer("ops")).status_code == 403
    file = state / feedback.FILE
    first, second = (json.loads(line) for line in file.read_bytes().decode().strip().split("\n"))
    assert first["said"] == SAID and first["by"] == "orders" and first["time"] > 1.6e9
    assert second["said"] == {**SAID, "helpful": False}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_said_of_what_one_may_not_see(shop_index, tmp_path):
    with running(shop_index, state=str(tmp_path), tokens=(token("orders", ("shop-orders",)),)) as (client, _):
        there = {**SAID, "repo": "shop-payments"}
        for wrong in (there, {**SAID, "repo": "nowhere"}, {**SAID, "path": "../README.md"}):
            got = client.post("/v1/feedback", json=wrong, headers=bearer("orders"))
            assert (got.status_code, got.json()["detail"]) == (404, "there is no such file in the index")
        for odd in ({**SAID, "rank": 0}, {**SAID, "commit": "HEAD; x"}, {**SAID, "who": "me"}, {}, [], "x"):
            assert client.post("/v1/feedback", json=odd, headers=bearer("orders")).status_code == 422
        assert not (tmp_path / feedback.FILE).exists()


def test_a_service_may_keep_none_and_a_full_file_grows_no_more(shop_index, tmp_path, monkeypatch):
    with running(shop_index, state=str(tmp_path), feedback=False) as (client, _):
        assert client.post("/v1/feedback", json=SAID).json() == {"kept": False}
    assert not (tmp_path / feedback.FILE).exists()
    monkeypatch.setattr(feedback, "LARGEST", 1000)
    with running(shop_index, state=str(tmp_path)) as (client, _):
        kept = [client.post("/v1/feedback", json=SAID).json()["kept"] for _ in range(10)]
    assert kept[0] and not kept[-1]
    assert (tmp_path / feedback.FILE).stat().st_size <= 1000
