"""One repository's summaries on their way: what is current, what has to be asked, and in which order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from summaries.index.index import Index
from summaries.llm.prompting import prompt
from summaries.llm.types import Request
from summaries.offline.tree import outside as shown_outside
from summaries.offline.tree import summarise
from summaries.types import Facts
from summaries.written.prompt import ROOM, Kind, essence, outside, parts_of, request
from summaries.written.rules import MATTERS, changed, trivial
from summaries.written.store import SEED, FileText, Written, WrittenPlace, key_of

ESSENCE = 300  # characters of each part that are kept to see later what changed
USUAL = "x" * 700  # stands for a seed that is not written yet, in plans


class Writing(Struct, frozen=True):
    """What the user chose for a run."""

    every_file: bool = False  # also those that the offline summary says enough of
    seeds: bool = False  # only what each repository is for
    at: str | None = None  # of this snapshot; None is the head
    prompts: Path | None = None  # folder of the user's own
    options: Mapping[str, Any] = {}  # further parameters of every call

    @property
    def whole(self) -> bool:
        """Whether the run describes the system as well: it is of the heads, and comes after all else."""
        return not (self.seeds or self.at)


class Counters(Protocol):
    """The counters of a stage that drafts add to."""

    current: int
    skipped: Counter[str]


class Draft(Struct, frozen=True):
    """A summary to ask for."""

    kind: Kind
    path: str
    request: Request
    known: tuple[str, ...]  # texts that have the names it may use
    inputs: Mapping[str, str] = {}  # of a directory or repository: what it is made from
    blob: str = ""  # of a file
    first: bool = True


class Pages:
    """A repository's head with the summaries that it has so far."""

    def __init__(self, index: Index, name: str, model: str, writing: Writing, *, write: bool) -> None:
        """Raises IndexDamaged or UsageError (for prompts that cannot be used)."""
        self.name, self.model = name, model
        self.every_file, self.options = writing.every_file, writing.options
        self.view, self.store = index.view(name, writing.at), index.store(name)
        self.seeds = writing.seeds
        self.kept = Written(index.folder(name), write=write)
        self.prompts = {k: prompt(f"summary-{k}", writing.prompts) for k in ROOM}
        self.blobs = {p: self.view.blob(i) for i, p in enumerate(self.view.paths)}
        self.edits = self.kept.edits()
        self.places = self.kept.places(self.view.info.time)
        self.seed = ""
        self.texts: dict[str, str] = {}  # written or edited in this state of the repository
        self.wrote = False

    def close(self) -> None:
        """Close the database file."""
        self.kept.close()

    @cached_property
    def facts(self) -> dict[str, Facts]:
        """Facts of every file of the snapshot, by path."""
        return dict(
            zip(self.blobs, (f for _, f in self.store.facts_of(list(self.blobs.values()))), strict=True)
        )

    @cached_property
    def offline(self) -> dict[str, str]:
        """The offline summaries, by path."""
        return summarise(self.name, self.facts, self.text)

    @cached_property
    def inside(self) -> dict[str, list[str]]:
        """What lies right in each directory: files, and directories with a slash at the end."""
        out: dict[str, set[str]] = defaultdict(set)
        for path in self.blobs:
            while path:
                parent, _, _ = path.rstrip("/").rpartition("/")
                out[parent].add(path)
                path = parent + "/" if parent else ""
        return {d: sorted(parts) for d, parts in out.items()}

    def text(self, path: str) -> str:
        """The text of one file."""
        return self.store.text(self.blobs[path])

    def stages(
        self, tallies: Mapping[str, Counters], *, planned: bool = False
    ) -> Iterator[tuple[Kind, list[Draft]]]:
        """What is to be asked, stage by stage: each is made when the one before has been kept."""
        if not self.blobs:  # nothing to say of a repository without files
            return
        yield "seed", self._seed(tallies["seed"])
        if self.seeds:
            return
        if planned and not self.seed:
            self.seed = USUAL
        yield "file", self._files(tallies["file"])
        levels: dict[int, list[str]] = defaultdict(list)
        for d in self.inside:
            if d:
                levels[d.count("/")].append(d)
        for depth in sorted(levels, reverse=True):
            found = (self._directory(d, tallies["directory"]) for d in sorted(levels[depth]))
            yield "directory", [d for d in found if d]
        yield "repository", self._repository(tallies["repository"])

    def keep(self, draft: Draft, text: str, concerns: tuple[str, ...] = ()) -> None:
        """An answer that was found good."""
        self.wrote = True
        if draft.kind == "seed":
            self.seed = text
        if draft.kind == "file":
            made = FileText(text, concerns, draft.path, self.view.info.time, self._key("file"))
            self.texts[draft.path] = self.edits.get(draft.path, made.text)
            self.kept.keep_files({draft.blob: made})
            return
        if draft.kind != "seed":
            self.texts[draft.path] = self.edits.get(draft.path, text)
        self.kept.keep_place(
            draft.path, WrittenPlace(text, self._key(draft.kind), draft.inputs, self.view.info.time)
        )

    def failed(self, draft: Draft) -> None:
        """An answer that never came: the offline summary stands, or an older written one."""
        if draft.kind == "seed":
            old = self.places.get(SEED)
            self.seed = old.text if old else self.offline[""][:600]
        elif draft.kind != "file" and draft.path in self.places:
            self.texts[draft.path] = self.places[draft.path].text

    def shorter(self, draft: Draft) -> Draft | None:
        """The same question with half of the file; None for what is short anyway."""
        if draft.kind != "file" or not draft.first:
            return None
        facts, text = self.facts[draft.path], self.text(draft.path)
        made = self._request("file", essence(draft.path, facts, text, ROOM["file"] // 2))
        return replace(draft, request=made, first=False)

    def _key(self, kind: Kind) -> str:
        return key_of(self.prompts[kind].version, self.model, "" if kind == "seed" else self.seed)

    def _request(self, kind: Kind, shown: str) -> Request:
        context = "" if kind == "seed" else self.seed
        return request(kind, self.prompts[kind], self.model, shown, context, self.options)

    def _seed(self, tally: Counters) -> list[Draft]:
        if "" in self.edits:  # a person has said what the repository is for
            self.seed = self.edits[""]
            tally.skipped["edited by hand"] += 1
            return []
        (_, readme), manifests = shown_outside(self.blobs, self.text)
        shown = outside(self.name, readme, manifests, self.facts)
        old = self.places.get(SEED)
        if old and old.key == self._key("seed") and changed(old.inputs, {"": shown}) < MATTERS:
            self.seed = old.text
            tally.current += 1
            return []
        return [Draft("seed", SEED, self._request("seed", shown), (shown,), {"": shown})]

    def _files(self, tally: Counters) -> list[Draft]:
        out: list[Draft] = []
        key = self._key("file")
        there = self.kept.files(set(self.blobs.values()))
        asked: set[str] = set()
        for path, blob in sorted(self.blobs.items()):
            facts = self.facts[path]
            why = "edited by hand" if path in self.edits else "" if self.every_file else trivial(path, facts)
            if path in self.edits:
                self.texts[path] = self.edits[path]
            elif blob in there:
                self.texts[path] = there[blob].text
            if why:
                tally.skipped[why] += 1
            elif blob in asked:
                tally.skipped["the same as another file"] += 1
            elif blob in there and there[blob].key == key:
                tally.current += 1
            else:
                asked.add(blob)
                text = self.text(path)
                made = self._request("file", essence(path, facts, text))
                out.append(Draft("file", path, made, (path, text, self.seed), blob=blob))
        return out

    def _parts(self, path: str) -> dict[str, str]:
        """Summaries of what lies in a directory, by name."""
        every = self.texts
        return {p.rstrip("/").rpartition("/")[2] + "/" * p.endswith("/"):
                every.get(p.rstrip("/")) or self.offline[p.rstrip("/")] for p in self.inside.get(path, ())}  # fmt: skip

    def _directory(self, path: str, tally: Counters) -> Draft | None:
        inside = self.inside[path]
        why = ""
        if path in self.edits:
            why, self.texts[path] = "edited by hand", self.edits[path]
        elif not self.every_file and len(inside) == 1:
            why = "holds one thing"
            only = inside[0].rstrip("/")
            if inside[0].endswith("/") and only in self.texts:
                self.texts[path] = self.texts[only]
        elif not self.every_file and all(not p.endswith("/") and trivial(p, self.facts[p]) for p in inside):
            why = "holds nothing but trivial files"
        if why:
            tally.skipped[why] += 1
            return None
        return self._place("directory", path, self._parts(path), tally)

    def _repository(self, tally: Counters) -> list[Draft]:
        if "" in self.edits:
            tally.skipped["edited by hand"] += 1
            return []
        parts = self._parts("")
        for d in sorted(self.inside, key=lambda d: -sum(p.startswith(d + "/") for p in self.blobs)):
            if d and d.count("/") == 1:
                parts[d + "/"] = self.texts.get(d) or self.offline[d]
        draft = self._place("repository", "", parts, tally)
        return [draft] if draft else []

    def _place(self, kind: Kind, path: str, parts: Mapping[str, str], tally: Counters) -> Draft | None:
        inputs = {n: t[:ESSENCE] for n, t in parts.items()}
        old = self.places.get(path)
        if old and old.key == self._key(kind) and changed(old.inputs, inputs) < MATTERS:
            self.texts[path] = old.text
            tally.current += 1
            return None
        shown = parts_of(path or self.name, parts, ROOM[kind])
        below: Sequence[str] = [p for p in self.blobs if not path or p.startswith(path + "/")]
        return Draft(kind, path, self._request(kind, shown), (shown, "\n".join(below), self.seed), inputs)
