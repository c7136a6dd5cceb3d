"""Every test runs in a clean environment: no settings of the user's, nothing written outside tmp, no network."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_homes = count()
_LOCAL = ("127.0.0.1", "::1", "localhost", "")

# How long an example takes says how busy the machine is; tests that are about time measure it themselves.
settings.register_profile("bugatlas", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("bugatlas"), max_examples=10)  # ./check --fast
settings.load_profile("bugatlas")


@pytest.fixture(autouse=True)
def clean(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith(("BUGATLAS_", "_BUGATLAS", "GIT_"))]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    # `mktemp` lists all that was made before: of thousands of tests that takes longer than most of them.
    home = tmp_path_factory.getbasetemp() / f"home-{next(_homes)}"
    home.mkdir()
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setattr(socket.socket, "connect", _refuse_strangers)


_connect = socket.socket.connect


def _refuse_strangers(self: socket.socket, address: object) -> None:
    """Connections to this machine only; what a spawned process does is its own."""
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0] if isinstance(address, tuple) else address
        assert host in _LOCAL, f"a test wants to reach {host}"
    _connect(self, address)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The demo shop's repositories, checked out."""
    from indexer import demo

    return demo.build(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def shop_index(shop: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An index of the demo shop. For reading: tests that write make their own."""
    from indexer.build import build
    from indexer.sources.discover import discover

    root = tmp_path_factory.mktemp("shop-index")
    report = build(root, discover(shop[0].parent, root / "clones"), workers=1)
    assert not report.failed, report.failed
    yield root
