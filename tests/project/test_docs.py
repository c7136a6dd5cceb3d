"""What the documentation says: generated pages are up to date, commands and links in it exist."""

from __future__ import annotations

import json
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from kits.cli import run
from kits.paths import ROOT

from bugatlas import COMMANDS, command_line
from summaries.config import Settings, load, table

PAGES = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "vscode-extension" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
GENERATED = {"cli.md", "config.md"}


@pytest.mark.slow
def test_generated_pages_are_up_to_date() -> None:
    # In a process of its own: commands keep the help option of whoever asked first, which may be another test.
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_and_setting_is_documented() -> None:
    commands = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert all(f"## bugatlas {name}\n" in commands for name in COMMANDS)
    settings = (ROOT / "docs" / "config.md").read_text("utf-8")
    assert all(f"| `{name}` |" in settings for name in Settings.__struct_fields__)


def examples() -> Iterator[tuple[str, str]]:
    """(page, command line) of every `bugatlas ...` in a block of code."""
    for page in PAGES:
        if page.name in GENERATED:
            continue
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        for block in (text for kind, text in blocks if kind in ("sh", "console", "bash", "")):
            for line in block.replace("\\\n", " ").splitlines():
                for part in re.split(r"&&|&(?=\s)|\|(?=\s)", line.split("  #")[0]):
                    if part.strip().removeprefix("$ ").startswith("bugatlas "):
                        yield page.name, part.strip().removeprefix("$ ")


@pytest.mark.parametrize(("page", "line"), list(examples()))
def test_commands_in_the_pages_exist(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    cli = command_line()
    command: click.Command = cli
    context = click.Context(cli, info_name="bugatlas")
    given, arguments = set[str](), 0
    while words:
        options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"-h", "--help"}
        word = words.pop(0)
        if word.startswith("-") and word != "-":
            assert word.split("=")[0] in options, f"{page}: {command.name} has no {word}"
            takes = [
                p for p in command.params if word in p.opts and isinstance(p, click.Option) and not p.is_flag
            ]
            words = words[1:] if takes else words
            given.add(word.split("=")[0])
        elif isinstance(command, click.Group):
            found = command.get_command(context, word)
            assert found is not None, f"{page}: there is no {word}"
            command = found
        else:
            arguments += 1
    for p in command.params:
        if isinstance(p, click.Option) and p.required:
            assert given & {*p.opts}, f"{page}: {line!r} lacks {p.opts[0]}"
    needed = sum(isinstance(p, click.Argument) and p.required for p in command.params)
    assert arguments >= needed, f"{page}: {line!r} lacks an argument"


def test_links_lead_somewhere() -> None:
    lost = []
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
        here = [t for t in targets if "://" not in t]
        lost += [f"{page.name}: {t}" for t in here if not (page.parent / t).exists()]
    assert not lost


WRITTEN = {".py", ".md", ".ts", ".mjs", ".toml", ".yml", ".json", ".scm", ".sh", ""}
PLACE = re.compile(
    r"(?<![\w./-])(?:locator|indexer|summaries|eval|docs|tests|benchmarks|configs|vscode-extension|\.github)/[\w.*/-]*[\w*]"
)


def written() -> Iterator[tuple[Path, int, str]]:
    """(file, number, line) of what we wrote; of tests, whose examples name files too, only docstrings and comments."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    for path in (ROOT / name for name in listed.stdout.splitlines()):
        inside = path.relative_to(ROOT)
        made = inside.parts[:2] in (("tests", "fixtures"), ("tests", "golden"), ("benchmarks", "results"))
        if made or path.suffix not in WRITTEN or path.name == "package-lock.json" or not path.is_file():
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if {"test", "tests"} & {*inside.parts}:
                line = line if line.lstrip().startswith(('"""', "`")) else line.partition("  # ")[2]
            yield inside, number, line


def test_files_that_are_named_exist() -> None:
    """In pages, comments, texts of errors and the published API alike."""
    lost = [
        f"{file}:{number}: {place}"
        for file, number, line in written()
        for place in PLACE.findall(line)
        if not line.startswith("<!-- file: ")  # of a recipe, which makes it
        and not (any(ROOT.glob(place)) if "*" in place else (ROOT / place).exists())
    ]
    assert lost == []


def test_pages_that_are_named_in_code_exist() -> None:
    """`see models.md` and the like, in hints that a user reads."""
    code = [
        (f, n, line) for f, n, line in written() if f.parts[0] in ("locator", "indexer", "summaries", "eval")
    ]
    named = [(f, n, page) for f, n, line in code for page in re.findall(r"docs/([\w-]+\.\w+)", line)]
    assert len(named) > 5
    assert [f"{f}:{n}: {page}" for f, n, page in named if not (ROOT / "docs" / page).exists()] == []


def test_modules_that_are_named_in_pages_exist() -> None:
    names = {
        name
        for page in PAGES
        for name in re.findall(r"`((?:locator|indexer|summaries|eval)(?:\.\w+)+)", page.read_text("utf-8"))
    }
    assert names
    for name in names:
        assert pkgutil.resolve_name(name), name


def test_every_attack_has_its_tests() -> None:
    page = (ROOT / "docs" / "service.md").read_text("utf-8")
    rows = page.partition("| attack | answer | tests |")[2].partition("\n\n")[0].splitlines()[2:]
    named = [re.findall(r"`(test_\w+)`", row.rpartition("|")[0].rpartition("|")[2]) for row in rows]
    assert len(rows) >= 20
    assert all(named)
    code = "".join(p.read_text("utf-8") for p in sorted((ROOT / "tests").rglob("test_*.py")))
    assert [t for own in named for t in own if f"def {t}(" not in code] == []


def test_what_is_deployed_can_be_started() -> None:
    from locator.server.settings import load as service

    folder = ROOT / "docs" / "deploy"
    made = service(folder / "service.toml")
    assert made.hosts == ("atlas.shop.example",)
    assert made.trackers[0].token == "env:JIRA_TOKEN"
    unit = (folder / "bugatlas.service").read_text("utf-8")
    start = shlex.split(re.findall(r"^ExecStart=(.+)$", unit, re.M)[0])
    assert start[:2] == ["/opt/bugatlas/bin/bugatlas", "serve"]
    image = (folder / "Containerfile").read_text("utf-8")
    assert json.loads(re.findall(r"^CMD (\[.+\])$", image, re.M)[0]) == start[1:]
    for proxy in ("nginx.conf", "Caddyfile"):
        text = (folder / proxy).read_text("utf-8")
        assert f"127.0.0.1:{made.port}" in text
        assert made.hosts[0] in text
        assert text.count("{") == text.count("}")


def test_defaults_in_the_table_are_the_defaults() -> None:
    defaults = load(None, (), {})
    for row in table():
        if row.default:
            assert json.loads(row.default) == getattr(defaults, row.name)


def test_sources_of_settings_go_over_each_other(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'jobs = 2\nmax_bytes = 5000\nembedder = "mine.module:Thing"\n[voters]\nbody = 0.1\ntitle = 0.2\n'
    )
    given = load(
        file,
        ["max_bytes=7000", "voters.title=0", "voters.at:frame=1"],
        {"BUGATLAS_MAX_BYTES": "6000", "BUGATLAS_JOBS": "3"},
    )
    assert (given.jobs, given.max_bytes, given.embedder) == (3, 7000, "mine.module:Thing")
    assert given.voters == {"body": 0.1, "title": 0.0, "at:frame": 1.0}


def test_the_example_in_the_readme_is_what_is_printed(shop_index: Path) -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    title = "Converting a price to francs truncates: 10.0067 becomes 10.00 instead of 10.01"
    shown = page[page.index(title) :].split("```")[0]
    ran = run("locate", title, "--limit", "1", index=shop_index, COLUMNS="92")
    printed = "\n".join(line.rstrip() for line in ran.out.splitlines()).rstrip() + "\n"
    times = re.compile(r"(?<=in )\d+\.\d+ s|\d+ \w+ ago|just now")
    assert times.sub("some time", shown) == times.sub("some time", printed)
