"""The offline summaries of a repository from the bottom up: files, then directories, then the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from summaries.offline.directory import directory_summary
from summaries.offline.file import file_summary
from summaries.offline.kind import without_tests
from summaries.offline.manifest import is_manifest
from summaries.offline.manifest import read as read_manifest
from summaries.offline.purpose import Claim, readme_claims
from summaries.offline.readme.read import read, readme_of
from summaries.offline.repository import repository_summary
from summaries.types import Facts

TextOf = Callable[[str], str]


def summarise(
    repo: str,
    facts: Mapping[str, Facts],
    text_of: TextOf,
    known: Mapping[str, str] = MappingProxyType({}),
    top: str = "",
) -> dict[str, str]:
    """Summaries of `top` ("" for the repository), of the directories in it and of its files, by path.

    `facts` are of every file below `top`; `text_of` gives a file's text, and is asked for READMEs and manifests
    alone. Files that are `known` keep what they have. Time is linear in files and their depth.
    """
    facts = {path: without_tests(f) for path, f in facts.items()}
    out = {path: known.get(path) or file_summary(path, f, repo) for path, f in facts.items()}
    files: dict[str, list[str]] = defaultdict(list)
    inside: dict[str, set[str]] = defaultdict(set)
    for path in facts:
        folder = path.rpartition("/")[0]
        files[folder].append(path)
        while folder and folder not in inside[(parent := folder.rpartition("/")[0])]:
            inside[parent].add(folder)
            folder = parent
    folders = (set(files) | set(inside) | {top}) - {""}
    for folder in sorted(folders, key=lambda d: (-d.count("/"), d)):
        if top and folder != top and not folder.startswith(f"{top}/"):
            continue
        told = [(d, out[d]) for d in sorted(inside[folder])]
        own = [(p, facts[p]) for p in files[folder]]
        out[folder] = directory_summary(folder, own, told, list(_claims(folder, files[folder], text_of)))
    if not top:
        told = [(d, out[d]) for d in sorted(inside[""])]
        out[""] = repository_summary(repo, *outside(facts, text_of), told, facts.items())
    return out


def outside(paths: Iterable[str], text_of: TextOf) -> tuple[tuple[str, str], list[tuple[str, str]]]:
    """What a repository shows to others: its README and its manifests, path and text of each."""
    paths = list(paths)
    readme = readme_of(paths)
    return (readme, text_of(readme) if readme else ""), [(p, text_of(p)) for p in paths if is_manifest(p)]


def _claims(folder: str, files: Sequence[str], text_of: TextOf) -> Iterator[Claim]:
    """What a directory's README and manifests say of it."""
    readme = readme_of(files, folder)
    if readme:
        yield from readme_claims(read(readme, text_of(readme)), folder)
    for path in files:
        if is_manifest(path) and not path.endswith((".yml", ".yaml")):
            declared = read_manifest(path, text_of(path))
            if declared and declared.description:
                yield Claim(declared.description, 1.2)
