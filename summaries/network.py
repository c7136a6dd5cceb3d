"""`--offline`: no connection is opened, whichever library asks. An audit hook of the interpreter sees to it.

Sockets within the machine (AF_UNIX) are left alone. Git runs as a process of its own and is told by its
environment to use files only.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_state = {"installed": False, "refusing": False}


def refuse_network(refuse: bool = True) -> None:
    """From now on every attempt to connect raises ConnectionRefusedError; with False, no longer."""
    _state["refusing"] = refuse
    if refuse:
        os.environ["GIT_ALLOW_PROTOCOL"] = "file"
        os.environ["HF_HUB_OFFLINE"] = "1"
    if refuse and not _state["installed"]:
        sys.addaudithook(_hook)  # hooks cannot be taken out again
        _state["installed"] = True


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _state["refusing"]:
        return
    if event in _NAMES or (event in _EVENTS and arguments[0].family != getattr(socket, "AF_UNIX", None)):
        raise ConnectionRefusedError("--offline: no network connection is made")
