"""Kinds of secrets as they stand in real texts: how many are taken out, and how much ordinary code goes with them."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

import pytest
from kits.paths import ROOT
from kits.secrets import LINES, MARKED, PLACES, value

from summaries.redact import redact

ENOUGH = 0.95  # of kinds, of which every one of its samples is taken out


def misses(kind: str) -> list[str]:
    """Samples of a kind that get through. Random ones, the same every time."""
    r = random.Random(kind)
    out = []
    for _ in range(4):
        if kind in MARKED:
            secret = MARKED[kind](r)
            texts = [p.format(secret) for p in PLACES]
        else:
            what, line = LINES[kind]
            secret = value(r, what)
            texts = [line.format(secret)]
        for text in texts:
            for whole in (text, f"first: 1\n{text}\nlast = 2\n"):
                left = redact(whole).text
                if secret in left or (len(secret) > 24 and secret[8:] in left):
                    out.append(whole)
    return out


@pytest.mark.slow
def test_enough_kinds_are_taken_out() -> None:
    kinds = [*MARKED, *LINES]
    assert len(kinds) >= 139
    missed = {k: m[0] for k in kinds if (m := misses(k))}
    assert len(missed) <= (1 - ENOUGH) * len(kinds), missed
    page = (ROOT / "docs/security.md").read_text("utf-8")
    assert f"| {len(kinds) - len(missed)} of {len(kinds)} (" in page, "the page says what is so"


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter", "db_password: hunter host: x", "the password: hunter is wrong", "dbPassword: hunter # ours",
        "db.password: hunter", "create user bob identified by hunter;",
        "user_password: hunter\nnext: thing", "luksOpenPassphrase: hunter",
        "password: hunter; user: bob", "passphrase: hunter purple monkey dishwasher",
        "wallet_mnemonic: hunter purple monkey dishwasher lamp window",
    ],
)  # fmt: skip
def test_a_plain_word_is_taken_where_no_prose_follows(text: str) -> None:
    assert "hunter" not in redact(text).text
    assert "monkey" not in redact(text).text


@pytest.mark.parametrize(
    "text", ['passphrase = "correct horse battery"', "passphrase: 'ruby window seven lamp'"]
)
def test_values_with_blanks(text: str) -> None:
    assert "horse" not in redact(text).text and "window" not in redact(text).text


@pytest.mark.parametrize("text", [
    '"password": "Your password"', '"password.required": "Please enter a password"', 'label: "Password"',
    'throw new Error("password is too short")', 'assertEquals("password", field.getName())', 'names = ["password", "token"]',
    "password:\n  type: string\n", "def check(password: str, token: str = '') -> None:", 'map.get("token", "none")',
    "token, err := parser.Next()", "secretRef:\n    name: shop-db\n", "the token is expired after 3600 seconds",
    "git log 3b77b7bcd676d1e4925ab79d335f7df6356f6145", "if (authToken == null || authToken.isEmpty()) {",
    "<input type='password' name='password' placeholder='Password'>", 'import { useAuth } from "../auth/context";',
    "Fix issues identified by pylint", "BLD: Temporarily pin setuptools-scm<10", "bump deps and pin k8s.io to 0.28.5 (#5346)",
    "error: CryptsetupWithPassphrase: shared library libcryptsetup.so.12 not found", "...Passphrase: shared library",
    "LoginWithPassword: Connection refused", "reset_password: mail server unreachable", "setPassword: failed",
    "Password: incorrect", "passwd: use of closed connection", "password: fix reset flow",
    "unlockWithPassphrase: libcrypt.so.2: cannot open",
    "test_password: AssertionError", "auth::password: shared library missing", "func OpenWithPassphrase: returns an error",
    "-- the password of the account is stored hashed", "passwordEncoder.encode(password)", "api_key_header = 'X-Api-Key'",
])  # fmt: skip
def test_what_only_speaks_of_secrets_stays(text: str) -> None:
    assert redact(text).text == text


@pytest.mark.slow
def test_ordinary_code_stays() -> None:
    modules = sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))[::12][:120]
    lines = sum(m.read_text("utf-8", "replace").count("\n") for m in modules)
    taken = sum(redact(m.read_text("utf-8", "replace")).total for m in modules)
    assert lines > 20_000
    assert taken <= lines / 2_000, taken
