"""Large systems to measure on: thousands of repositories made from the statistics of real ones, with planted bugs.

Every file is a real file whose words were exchanged: words that most files share stay, every other word is, in
each repository, either left alone (the system's own language) or replaced by another one as frequent (the
repository's dialect). Structure, sizes, languages and the distribution of words stay real, and the code still
parses. Histories follow the real ones' messages and numbers of changed files. All of it is a function of the seed.
"""

from __future__ import annotations

import random
import re
import subprocess
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from eval.cases import Case, Gold, write_cases
from indexer.files.choose import choose, inspect
from indexer.git.git import Git
from indexer.git.history import history
from indexer.parse.languages import language_of
from indexer.workers.pool import Workers
from summaries.paths import Role, role

WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}")
COMMON = 1_500  # most widespread words stay as they are: keywords, library names, everyday English
DIALECT = 0.5  # share of the other words that a repository says in its own way
MOST_BYTES = 60_000  # of a file that serves as a model
START = 1_600_000_000


class Model(Struct, frozen=True):
    """What was learnt from real repositories."""

    files: tuple[tuple[str, str], ...]  # path, text
    sizes: tuple[int, ...]  # files by repository
    words: tuple[str, ...]  # from the most widespread to the rarest
    commits: tuple[tuple[str, int], ...]  # message, changed files
    histories: tuple[int, ...]  # commits by repository


class Plan(Struct, frozen=True):
    """What to make."""

    out: Path
    repos: int
    files: int  # mean by repository; 0: as learnt
    commits: int  # at most, by repository
    bugs: int
    seed: int


def learn(git_dirs: Sequence[Path]) -> Model:
    """Read the heads and histories of real repositories."""
    files, sizes, messages, histories = [], [], [], []
    spread: Counter[str] = Counter()
    for path in git_dirs:
        with Git(path) as git:
            head = git.resolve()[0]
            entries, *_ = choose(git, git.tree(head), MOST_BYTES)
            texts = dict(git.blobs({e.blob for e in entries}))
            before = len(files)
            for e in entries:
                text = inspect(e.path, texts[e.blob] or b"")
                if isinstance(text, str) and text.strip():
                    files.append((e.path, text))
                    spread.update({w.lower() for w in WORD.findall(text + e.path)})
            sizes.append(len(files) - before)
            commits = history(git, [head])
            histories.append(len(commits))
            messages += [(c.message[:500], len(c.paths)) for c in commits if 0 < len(c.paths) < 12][-2000:]
    words = tuple(sorted(spread, key=lambda w: (-spread[w], w)))
    return Model(tuple(files), tuple(sizes), words, tuple(messages), tuple(histories))


class Dialect(dict[str, str]):
    """The words of one repository: what each word of the model became."""

    def __init__(self, model: Model, rank: dict[str, int], seed: int) -> None:
        super().__init__()
        self.words, self.rank, self.seed = model.words, rank, seed

    def __missing__(self, word: str) -> str:
        low = word.lower()
        at = self.rank.get(low, -1)
        drawn = zlib.crc32(low.encode(), self.seed & 0xFFFFFFFF)
        new = low
        if at >= COMMON and drawn % 1000 < DIALECT * 1000:
            band = max(COMMON, at * 2 // 3), min(len(self.words), at * 4 // 3 + 1)
            new = self.words[band[0] + (drawn >> 10) % (band[1] - band[0])]
        new = new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new
        self[word] = new
        return new

    def reword(self, text: str) -> str:
        """A text in this repository's words."""
        return WORD.sub(lambda m: self[m[0]], text)


class GeneratedRepo(NamedTuple):
    """A repository: name, files, and the bugs planted in it."""

    name: str
    files: int
    bytes: int
    cases: list[Case]


_shared: tuple[Model, dict[str, int], Plan]


def _start(model: Model, plan: Plan) -> None:
    global _shared
    _shared = model, {w: i for i, w in enumerate(model.words)}, plan


def generate(model: Model, plan: Plan, processes: int = 2) -> list[GeneratedRepo]:
    """Make the repositories side by side, with `list.txt` for `bugatlas index --from` and `cases.jsonl`."""
    plan.out.mkdir(parents=True, exist_ok=True)
    with Workers(processes, _start, model, plan) as pool:
        made = list(pool.map(_repository, range(plan.repos), chunksize=8))
    (plan.out / "list.txt").write_text("".join(f"{m.name}.git name={m.name}\n" for m in made))
    write_cases(plan.out / "cases.jsonl", [c for m in made for c in m.cases])
    return made


def _repository(number: int) -> GeneratedRepo:
    model, rank, plan = _shared
    rng = random.Random(plan.seed * 1_000_003 + number)  # noqa: S311
    dialect = Dialect(model, rank, plan.seed * 31 + number * 7919)
    name = f"system/{'-'.join(dialect.reword(w) for w in rng.sample(model.words[COMMON // 2 : COMMON * 4], 2))}-{number}"
    size = rng.choice(model.sizes)
    if plan.files:
        size = max(3, round(size * plan.files * len(model.sizes) / sum(model.sizes)))
    files: dict[str, str] = {}
    while len(files) < size:
        path, text = rng.choice(model.files)
        path = dialect.reword(path)
        if path in files:
            path = f"{dialect.reword(rng.choice(model.words))}/{path}"
        files[path] = dialect.reword(text)
    planted = plan.bugs * (number + 1) // plan.repos - plan.bugs * number // plan.repos
    cases = [c for n in range(planted) if (c := _bug(rng, name, files, dialect, f"{number}-{n}"))]
    history_length = min(plan.commits, rng.choice(model.histories))
    _write(plan.out / f"{name}.git", files, _changes(rng, model, dialect, list(files), history_length))
    return GeneratedRepo(name, len(files), sum(len(t) for t in files.values()), cases)


def _bug(rng: random.Random, name: str, files: dict[str, str], dialect: Dialect, key: str) -> Case | None:
    """Plant a fault in a source file, and report it in some of the words around it.

    One report in three quotes the error message, one names the function, one has nothing but words.
    """
    code = [p for p, t in files.items() if _is_code(p) and len(t) > 1_500]
    if not code:
        return None
    path = rng.choice(sorted(code))
    lines = files[path].split("\n")
    at = rng.randrange(len(lines) // 4, 3 * len(lines) // 4)
    near = WORD.findall("\n".join(lines[max(0, at - 12) : at + 12]))
    telling = sorted({w.lower() for w in near if dialect.rank.get(w.lower(), 10**9) > COMMON // 3})
    if len(telling) < 6:
        return None
    said = rng.sample(telling, min(len(telling), 9))
    everyday = rng.sample(dialect.words[200:COMMON], 12)
    message = f"could not {said[0]} the {said[1]} of {everyday[0]}"
    kind = int(key.rsplit("-", 1)[1]) % 3 if rng.random() < 0.5 else rng.randrange(3)
    comment = "# " if path.endswith((".py", ".sh")) else "// "
    lines.insert(at, f"{comment}fails: {message}")
    files[path] = "\n".join(lines)
    told = [
        f"Since the last release the {said[2]} {everyday[1]} goes wrong when the {said[3]} is {everyday[2]}."
    ]
    told.append(
        f"We {everyday[3]} the {everyday[4]} and then {said[4]} with {said[5]}; the {everyday[5]} stays."
    )
    if kind == 0:
        told.append(f"The log says:\n\n    error: {message}\n")
    elif kind == 1:
        told.append(f"It seems to come from `{path.rsplit('/', 1)[-1]}`.")
    else:
        told.append(f"Nothing in the {everyday[6]} tells why; {' and '.join(said[6:])} look right.")
    return Case(
        f"planted-{key}", f"{said[2]} {everyday[1]} {said[3]} is wrong", " ".join(told), (Gold(name, path),)
    )


def _is_code(path: str) -> bool:
    language = language_of(path) or ""
    aside = Role.TEST | Role.DOC | Role.EXAMPLE | Role.CONFIG | Role.MOCK | Role.TOOL
    return (
        language in ("go", "java", "python", "c", "cpp", "javascript", "typescript")
        and not role(path, language) & aside
    )


def _changes(
    rng: random.Random, model: Model, dialect: Dialect, paths: list[str], most: int
) -> Iterator[tuple[str, list[str]]]:
    """Commits after the first: a message and the files that it changes."""
    for _ in range(most):
        message, count = rng.choice(model.commits)
        yield dialect.reword(message), rng.sample(paths, min(count, len(paths)))


def _write(place: Path, files: dict[str, str], changes: Iterator[tuple[str, list[str]]]) -> None:
    """A bare repository by `git fast-import`. The last change of a file leaves it as `files` has it."""
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", str(place)], check=True)
    planned = list(changes)
    left = Counter(p for _, some in planned for p in some)
    out: list[bytes] = []

    def commit(n: int, message: str, some: Sequence[str]) -> None:
        text = (message.strip() or "Change").encode()
        out.append(
            b"commit refs/heads/main\ncommitter Gen <gen@example.org> %d +0000\ndata %d\n%s\n"
            % (START + n * 43_200, len(text), text)
        )
        for path in some:
            body = files[path] + ("\n" + "#" * left[path] if left[path] else "")
            data = body.encode()
            out.append(b"M 100644 inline %s\ndata %d\n%s\n" % (_quoted(path), len(data), data))

    commit(0, "First version", list(files))
    for n, (message, some) in enumerate(planned, 1):
        left.subtract(some)
        commit(n, message, some)
    subprocess.run(
        ["git", "--git-dir", str(place), "fast-import", "--quiet", "--force"], input=b"".join(out), check=True
    )


def _quoted(path: str) -> bytes:
    return b'"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").encode() + b'"'


def about(plan: Plan, repos: Sequence[GeneratedRepo]) -> dict[str, int]:
    """What was made, in numbers."""
    found = {
        "repositories": len(repos),
        "files": sum(m.files for m in repos),
        "bytes": sum(m.bytes for m in repos),
        "bugs": sum(len(m.cases) for m in repos),
        "seed": plan.seed,
    }
    (plan.out / "about.json").write_bytes(msgspec.json.encode(found))
    return found
