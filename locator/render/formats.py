"""An answer in other shapes: one line a file, lines that editors jump to; and a file opened in an editor."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from locator.answer import Answer, FileHit
from locator.place import functions, place
from locator.terminal import link, safe
from summaries.errors import UsageError
from summaries.index.index import Index

# How an editor is told the line, by the name of its command; others get `+LINE FILE`, as vi, nano and emacs do.
_EDITORS = {
    "code": ("--goto", "{file}:{line}"),
    "codium": ("--goto", "{file}:{line}"),
    "cursor": ("--goto", "{file}:{line}"),
    "subl": ("{file}:{line}",),
    "hx": ("{file}:{line}",),
    "zed": ("{file}:{line}",),
    "idea": ("--line", "{line}", "{file}"),
}


def oneline(answer: Answer) -> Iterator[str]:
    """'shop/payments/internal/money/convert.go:14: Convert: why', best first."""
    for file in answer.files:
        start, _ = place(file)
        best = functions(file)[:1]
        parts = [f"{file.repo}/{file.path}:{start}" if start else f"{file.repo}/{file.path}"]
        parts += [best[0].qualname] if best else []
        parts += [file.evidence[0].text] if file.evidence else []
        yield safe(": ".join(parts))


def vimgrep(index: Index, answer: Answer) -> Iterator[str]:
    """'PATH:LINE:COLUMN: TEXT', as ripgrep's --vimgrep prints and `:cgetexpr` reads.

    PATH is absolute where the repository has a work tree here, else it begins with the repository's name.
    """
    for file in answer.files:
        start, _ = place(file)
        tree = work_tree(index, file)
        path = str(tree) if tree else f"{file.repo}/{file.path}"
        lines = file.excerpt.lines if file.excerpt else ()
        at = start - file.excerpt.start if file.excerpt else -1
        code = lines[at] if 0 <= at < len(lines) else ""
        column = len(code) - len(code.lstrip()) + 1 if code.strip() else 1
        text = code.strip() or (file.evidence[0].text if file.evidence else file.summary)
        yield safe(f"{path}:{max(start, 1)}:{column}: {text}")


def work_tree(index: Index, file: FileHit) -> Path | None:
    """Where a file lies in a work tree of this machine; None for a bare clone."""
    state = index.repos.get(file.repo)
    url = link(state.git_dir, "", state.commit, file.path, 1) if state else ""
    return Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None


def open_in_editor(index: Index, answer: Answer, number: int) -> None:
    """Open the file with this number at its place in $VISUAL or $EDITOR. Raises UsageError where that can't be done."""
    if number > len(answer.files):
        raise UsageError(f"the answer has no file {number}", f"it lists {len(answer.files)}")
    file = answer.files[number - 1]
    path = work_tree(index, file)
    if path is None:
        raise UsageError(
            f"{file.repo} has no work tree on this machine", "index a checkout to open its files in an editor"
        )
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not editor:
        raise UsageError("no editor is set", "set VISUAL or EDITOR")
    how = _EDITORS.get(Path(editor[0]).name, ("+{line}", "{file}"))
    start, _ = place(file)
    args = [part.format(file=path, line=max(start, 1)) for part in how]
    try:
        subprocess.run([*editor, *args], check=False)
    except OSError as e:
        raise UsageError(f"cannot run {editor[0]}: {e.strerror}", "check VISUAL and EDITOR") from e
