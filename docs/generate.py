"""Write the pages that follow from the code: `docs/cli.md` of the commands, `docs/config.md` of the settings,
`docs/openapi.json` of the service, the table of published figures in the README, and its picture of the architecture.

python docs/generate.py            write them
python docs/generate.py --check    say which are out of date; exit code 1 if any is
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from architecture import picture

from bugatlas import COMMANDS, command_line
from summaries.config import FILE, table

DOCS = Path(__file__).parent
WIDTH = 96


def cli_page() -> str:
    """Help of every command, as the terminal shows it."""
    cli = command_line()
    out = ["# Commands", "", "Made by `docs/generate.py` from the commands' own help.", ""]
    out += ["```", _help(cli, "bugatlas"), "```", ""]
    top = click.Context(cli, info_name="bugatlas")
    for name in COMMANDS:
        command = cli.get_command(top, name)
        assert command is not None
        out += [f"## bugatlas {name}", "", "```", _help(command, name, top), "```", ""]
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=top)
            for part, sub in command.commands.items():
                out += [f"### bugatlas {name} {part}", "", "```", _help(sub, part, inner), "```", ""]
    return "\n".join(out).rstrip() + "\n"


def _help(command: click.Command, name: str, parent: click.Context | None = None) -> str:
    names = ["-h", "--help"]
    with click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, help_option_names=names
    ) as context:
        return command.get_help(context).rstrip()


def config_page() -> str:
    """The table of settings."""
    out = [
        "# Settings",
        "",
        "Made by `docs/generate.py` from `summaries/config.py`. Each source goes over the ones before it:",
        f"defaults, `{FILE}` of the working directory (or `--config FILE`), environment variables,",
        "`-c KEY=VALUE`.",
        "",
        f"A `{FILE}` of the working directory may choose between what is built in, but name neither code",
        "to load nor an address to connect to: the directory may be a checkout of somebody else's.",
        "`--config` may.",
        "",
        "| setting | type | default | environment | meaning |",
        "|---|---|---|---|---|",
    ]
    for s in table():
        variable = f"`{s.variable}`" if s.variable else ""
        default = f"`{s.default}`" if s.default else ""
        out.append(f"| `{s.name}` | {s.type} | {default} | {variable} | {s.text} |")
    return "\n".join(out) + "\n"


def openapi() -> str:
    """What the service says of its routes."""
    from locator.server.app import create, service
    from locator.server.settings import ServiceSettings

    spec = create(service(DOCS, ServiceSettings())).openapi()
    spec["info"].pop("version")
    return json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def service_page() -> str:
    """Tables of the service's own settings."""
    import msgspec

    from locator.server.settings import ServiceSettings

    _, parts = msgspec.json.schema_components([ServiceSettings], ref_template="{name}")
    out = ["# Settings of the service", "", "Made by `docs/generate.py` from `locator/server/settings.py` and",
           "`locator/trackers/settings.py`. They stand in the file given by `bugatlas serve --service FILE` (TOML).",
           "Secrets are given by reference: `env:NAME` or `file:PATH`.", ""]  # fmt: skip
    heads = {"ServiceSettings": "The file itself", "Refresh": "`[refresh]`", "Token": "`[[token]]`",
             "TrackerSettings": "`[[tracker]]`", "Visibility": "`visibility` of a tracker"}  # fmt: skip
    for name, head in heads.items():
        out += [f"## {head}", "", "| setting | default | meaning |", "|---|---|---|"]
        for field, about in parts[name]["properties"].items():
            if "description" in about:
                default = json.dumps(about["default"], ensure_ascii=False) if "default" in about else ""
                out.append(
                    f"| `{field}` | {f'`{default}`' if default else 'needed'} | {about['description']} |"
                )
        out.append("")
    return "\n".join(out)


def readme() -> str:
    """README.md with the published figures between its marks."""
    from eval.report.published import read_published, table

    runs = sorted((DOCS.parent / "configs" / "published").glob("*.toml"))
    text = (DOCS.parent / "README.md").read_text("utf-8")
    before, rest = text.split(MARKS[0], 1)
    _, after = rest.split(MARKS[1], 1)
    return (
        before + MARKS[0] + "\n" + table({p.stem: read_published(p) for p in runs}) + "\n" + MARKS[1] + after
    )


MARKS = ("<!-- results: made by docs/generate.py -->", "<!-- /results -->")
PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "config.md": config_page,
    "openapi.json": openapi,
    "service-settings.md": service_page,
    "../README.md": readme,
    "media/architecture-light.svg": partial(picture, "light"),
    "media/architecture-dark.svg": partial(picture, "dark"),
}


def main(arguments: list[str]) -> int:
    """Write or check all pages."""
    stale = []
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, "utf-8")
    said = "out of date" if "--check" in arguments else "written"
    sys.stdout.write("".join(f"docs/{name}: {said}\n" for name in stale) or "docs are up to date\n")
    if stale and "--check" in arguments:
        sys.stdout.write("run: python docs/generate.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
