"""Film a stranger's first minutes: what the README shows is what these commands print.

    python docs/film.py            docs/media/first-minutes.cast (asciicast v2) and terminal.svg
    python docs/film.py --page     and pictures of the page, which need Playwright and a Chromium (CHROMIUM=path)

Everything runs for real on the demo shop, in a folder that is removed. Only times of a second or more differ from run to run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

MEDIA = Path(__file__).parent / "media"
COLUMNS, LINES = 100, 46
TITLE = "Converting a price to francs truncates: 10.0067 becomes 10.00 instead of 10.01"
KEYSTROKE = 0.03  # seconds; how fast the film types
REST = 1.5  # seconds before the next command


def main() -> int:
    """Film; the exit status is that of the first command that failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--page", action="store_true", help="also pictures of the page")
    args = parser.parse_args()
    MEDIA.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bugatlas-film-") as name:
        folder = Path(name)
        quiet = run(["demo", "--keep", str(folder / "shop")], folder)
        if quiet.returncode:
            sys.stderr.write(quiet.stdout)
            return quiet.returncode
        film = Film()
        for words in (
            ["index", "shop"],
            ["locate", TITLE, "--limit", "3"],
            ["locate", TITLE, "--format", "oneline", "--limit", "3"],
            ["search", "where money is changed into another currency", "--limit", "3"],
            ["show", "shop-payments"],
        ):
            done = run(words, folder)
            film.show(words, done.stdout.replace(str(folder), "~"))
            if done.returncode:
                sys.stderr.write(done.stdout)
                return done.returncode
        film.write(MEDIA / "first-minutes.cast")
        picture(run(["locate", TITLE, "--limit", "3"], folder).stdout, MEDIA / "terminal.svg")
        if args.page:
            page(folder)
    return 0


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command as a person on a terminal with colours sees it."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("BUGATLAS_")}
    env = known | {
        "COLUMNS": str(COLUMNS),
        "FORCE_COLOR": "1",
        "BUGATLAS_INDEX": str(folder / "index"),
        "NO_PROXY": "*",
    }
    return subprocess.run(
        [sys.executable, "-m", "bugatlas", *words],
        cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip


class Film:
    """An asciicast, version 2: a header and a line for each thing that appears on the screen."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.events: list[tuple[float, str, str]] = []

    def show(self, words: list[str], output: str) -> None:
        """Type a command, and print what it prints."""
        typed = " ".join(f'"{w}"' if " " in w else w for w in ["bugatlas", *words])
        self._event("\x1b[1;32m$\x1b[0m ")
        for char in typed:
            self.clock += KEYSTROKE
            self._event(char)
        self.clock += 0.3
        self._event("\r\n" + output.replace("\n", "\r\n") + "\r\n")
        self.clock += REST

    def _event(self, text: str) -> None:
        self.events.append((round(self.clock, 3), "o", text))

    def write(self, path: Path) -> None:
        """Write the film; it plays with `asciinema play`."""
        head = {"version": 2, "width": COLUMNS, "height": LINES, "title": "Bugatlas: the first minutes"}
        lines = [json.dumps(head), *(json.dumps(e, ensure_ascii=False) for e in self.events)]
        path.write_text("\n".join(lines) + "\n", "utf-8")


def picture(output: str, path: Path) -> None:
    """What a command prints, as a picture of a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115, PTH123
    console.print(Text.from_ansi(output))
    console.save_svg(str(path), title="bugatlas locate")


def page(folder: Path) -> None:
    """Pictures of the page: an answer in light and dark, and on a phone."""
    from playwright.sync_api import sync_playwright

    address = "http://127.0.0.1:8974"
    command = [sys.executable, "-m", "bugatlas", "--index", str(folder / "index"), "serve", "--port", "8974"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:
        try:
            for _ in range(120):
                try:
                    urllib.request.urlopen(f"{address}/healthz")  # noqa: S310
                    break
                except OSError:
                    time.sleep(0.5)
            with sync_playwright() as p:
                browser = p.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox", "--disable-gpu"]
                )
                for name, width, height, scheme in (
                    ("page-light", 1280, 800, "light"),
                    ("page-dark", 1280, 800, "dark"),
                    ("page-phone", 390, 844, "light"),
                ):
                    tab = browser.new_context(
                        viewport={"width": width, "height": height},
                        color_scheme=scheme,  # type: ignore[arg-type]
                    ).new_page()
                    tab.goto(address)
                    tab.fill("#report", TITLE)
                    tab.click("button.main")
                    tab.wait_for_selector(".code .line")
                    tab.wait_for_timeout(1000)
                    tab.screenshot(path=MEDIA / f"{name}.png")
                browser.close()
        finally:
            service.terminate()


if __name__ == "__main__":
    sys.exit(main())
