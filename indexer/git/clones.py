"""Clones of repositories that live elsewhere, made and kept up to date by GitPython.

Only of clones that we made: GitPython reads the configuration of a repository and the files that this includes, wherever
they lie. Repositories of others are read behind a mask (`indexer/git/sandbox.py`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from indexer.git.git import shown
from summaries.errors import RepositoryError, UsageError
from summaries.fs import locked
from summaries.index.index import slug

SECONDS = 3600  # for one clone or fetch

_URL = re.compile(
    r"(?P<scheme>https?|ssh|git|file)://(?:[^/@\s]*@)?"
    r"(?P<host>(?:\w[\w.-]*|\[[\da-fA-F:]+\])?(?::\d+)?)/(?P<path>[^\s?#]+)"
)
_SCP = re.compile(r"(?:\w[\w.+-]*@)?(?P<scheme>)(?P<host>\w[\w.-]+):(?!//)(?P<path>[^\s:?#-][^\s:?#]*)")
_LOOKS_REMOTE = re.compile(r"[\w+.-]+://|[\w+-]+::|[\w.-]+@[\w.-]+:")
_PASSWORD = re.compile(r"(https?://)[^/@\s]*@|(\w+://[^/@:\s]+):[^/@\s]*(?=@)")
_UNSAFE = re.compile(r"[^\w.+@~-]+")
_SYMREF = re.compile(r"ref: (refs/heads/[^\s~^:?*\[\\]+)\tHEAD")

Progress = Callable[[str], None]


def parsed(url: str) -> re.Match[str] | None:
    """Scheme ("" for host:path), host and path of a URL that may be cloned from; None for anything else."""
    return _URL.fullmatch(url) or _SCP.fullmatch(url)


def is_remote(target: str) -> bool:
    """Whether what a user named looks like a URL rather than a path, allowed or not."""
    return bool(_LOOKS_REMOTE.match(target) or _SCP.fullmatch(target))


def public(url: str) -> str:
    """A URL without the password or token in it."""
    return _PASSWORD.sub(r"\1\2", url)


def place_of(match: re.Match[str]) -> list[str]:
    """Host and path of a URL."""
    return [match["host"], *match["path"].rstrip("/").removesuffix(".git").split("/")]


def clean(parts: Iterable[str]) -> str:
    """Parts joined to a name that is safe to show and to build paths of."""
    kept = [_UNSAFE.sub("-", part.encode("utf-8", "replace").decode())[:100] for part in parts]
    return "/".join(part for part in kept if part.strip(".")) or "repository"


def cloned(url: str, clones: Path, fetch: bool = True, progress: Progress = lambda line: None) -> Path:
    """The bare clone of a URL, made or brought up to date. It gets branches and tags, nothing else.

    No remote is written to its configuration, so a token in the URL is stored nowhere. A clone that cannot be
    brought up to date is used as it is. Raises UsageError for a URL that isn't allowed, RepositoryError.
    """
    match = parsed(url)
    if not match:
        raise UsageError(
            f"not a URL to clone from: {shown(_PASSWORD.sub('', url))}", "https, ssh, git or file"
        )
    place = clean([match["host"], *match["path"].removesuffix("/").removesuffix(".git").split("/")])
    git_dir = clones / f"{slug(place)}.git"
    clones.mkdir(parents=True, exist_ok=True)
    with locked(clones / f"{slug(place)}.lock"):
        if git_dir.exists():
            if fetch:
                progress(f"fetching {place}")
                try:
                    _fetch(url, git_dir)
                except RepositoryError as error:
                    progress(f"{error}; going on with what is here")
            return git_dir
        progress(f"cloning {place}")
        partial = clones / f"{slug(place)}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            _git(partial, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
            _fetch(url, partial)
            partial.rename(git_dir)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return git_dir


def _fetch(url: str, git_dir: Path) -> None:
    wanted = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    quiet = ("--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    head = _SYMREF.match(_git(git_dir, "ls-remote", "--symref", "--", url, "HEAD"))
    _git(git_dir, "fetch", *quiet, "--", url, *wanted)
    if head:
        _git(git_dir, "symbolic-ref", "HEAD", head[1])


def _git(git_dir: Path, *args: str) -> str:
    """Git on a clone of ours. The user's own configuration holds here: proxies, certificates, credentials."""
    import git

    settings = {
        "core.hooksPath": os.devnull,
        "fetch.recurseSubmodules": "false",
        "gc.auto": "0",
        "maintenance.auto": "false",
        "http.lowSpeedLimit": "1000",  # bytes a second, for as long as:
        "http.lowSpeedTime": "60",
    }
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    env = {
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
    }
    command = ["git", f"--git-dir={git_dir}", *options, *args]
    runner = git.Git(str(git_dir))
    try:
        status, out, said = runner.execute(
            command, env=env, with_extended_output=True, with_exceptions=False, kill_after_timeout=SECONDS
        )
    except git.GitCommandNotFound as error:
        raise RepositoryError("git is not on PATH", "install git 2.30 or newer") from error
    if status:
        lines = str(said).splitlines() or [f"exit status {status}"]
        why = next((line for line in lines if line.startswith(("fatal:", "ERROR:"))), lines[-1])
        raise RepositoryError(f"git {args[0]} failed: {shown(public(why))}", "check the URL and the network")
    return str(out)
