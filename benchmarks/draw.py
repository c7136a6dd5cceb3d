"""Draw reports for a judged sample: the seed is fixed here, before anybody has looked at what it draws.

python -m benchmarks.draw CASES.jsonl --count 30 --out part.jsonl [--after 2021-12-31] [--parts 2]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

SEED = 13


def draw(lines: list[str], count: int, after: str) -> list[str]:
    """Lines of cases created after a date, drawn by SEED, in the order of the draw."""
    cases = {str(json.loads(line)["id"]): line for line in lines if line.strip()}
    fitting = sorted(i for i, line in cases.items() if (json.loads(line).get("created") or "") > after)
    return [cases[i] for i in Random(SEED).sample(fitting, count)]  # noqa: S311 (a sample)


def main() -> None:
    """Write the drawn cases, in one file or in as many as `--parts` says: OUT-1.jsonl, OUT-2.jsonl ..."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--after", default="", help="only reports created later than this date")
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    drawn = draw(given.cases.read_text("utf-8").splitlines(), given.count, given.after)
    size = -(-len(drawn) // given.parts)
    for n in range(given.parts):
        name = f"-{n + 1}" if given.parts > 1 else ""
        out = given.out.with_name(f"{given.out.stem}{name}.jsonl")
        out.write_text("".join(f"{line}\n" for line in drawn[n * size : (n + 1) * size]), "utf-8")


if __name__ == "__main__":
    main()
