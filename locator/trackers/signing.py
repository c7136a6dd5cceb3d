"""Proof that a delivery comes from whoever shares a secret with us. All comparisons take constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE = 300.0  # seconds that a signed time may be off

Headers = Mapping[str, str]  # names in lower case


def hub(secret: str, body: bytes, header: str) -> bool:
    """`X-Hub-Signature[-256]: sha256=HEX` over the raw body: GitHub, Jira, Bitbucket."""
    method, _, given = header.partition("=")
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(secret) and method == "sha256" and same(wanted, given.lower())


def same(secret: str, given: str) -> bool:
    """A secret that is sent as it is."""
    return bool(secret) and hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape"))


def standard(secret: str, headers: Headers, body: bytes, now: float) -> bool:
    """Standard Webhooks (standardwebhooks.com), GitLab's signing tokens: id.timestamp.body, keyed by whsec_..."""
    name, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (name and time.isascii() and time.isdigit() and len(time) < 12 and secret.startswith("whsec_")):
        return False
    if abs(now - int(time)) > TOLERANCE:
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    signed = f"{name}.{time}.".encode("utf-8", "surrogateescape") + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(same(wanted, given) for given in headers.get("webhook-signature", "").split(" "))
