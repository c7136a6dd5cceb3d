"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
import re
from collections.abc import Callable
from types import ModuleType

import pytest

import locator.report
import locator.translations
from summaries.patterns import pattern


def test_one_is_as_if_compiled_at_once() -> None:
    waiting = pattern(r"(?P<one>a+)b", re.IGNORECASE)
    compiled = re.compile(r"(?P<one>a+)b", re.IGNORECASE)
    assert waiting.findall("xAAb ab") == compiled.findall("xAAb ab") == ["AA", "a"]
    assert (waiting.pattern, waiting.flags, waiting.groups) == (
        compiled.pattern,
        compiled.flags,
        compiled.groups,
    )
    assert waiting.search is waiting.search, "looked up once"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_a_copy_is_a_compiled_one(copied: Callable[[re.Pattern[str]], re.Pattern[str]]) -> None:
    assert copied(pattern("a+", re.IGNORECASE)) == re.compile("a+", re.IGNORECASE)


def test_a_wrong_one_is_found_when_it_is_used() -> None:
    with pytest.raises(re.error):
        pattern("(").match("a")


@pytest.mark.parametrize("room", [locator.report, locator.translations], ids=lambda r: r.__name__)
def test_all_that_read_reports_are_right(room: ModuleType) -> None:
    kind = type(pattern(""))
    seen = 0
    for info in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        for value in vars(importlib.import_module(info.name)).values():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, kind):
                    one.search("")
                    seen += 1
    assert seen > 10
