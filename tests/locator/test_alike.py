"""Near copies of a file for other machines."""

from __future__ import annotations

import pytest

from locator.alike import plain


@pytest.mark.parametrize(
    "path", ["yaml_arm64/gateway.yml", "yaml_armhf/gateway.yml", "yaml/gateway.yml", "yaml/gateway.amd64.yml"]
)
def test_copies_for_other_machines_are_alike(path: str) -> None:
    assert plain(path) == "yaml/gateway.yml"


@pytest.mark.parametrize("path", ["src/farm64/a.go", "charm/arms.py", "pkg/alarm/arm.go", "docs/x.md"])
def test_names_that_only_look_like_a_machine_stay(path: str) -> None:
    assert plain(path) == path
