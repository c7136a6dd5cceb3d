"""What indexing costs, cold and warm, beside the floor of reading and parsing measured in the same run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmarks.floor import Floor
from benchmarks.measure import Cost, best, command, folder_bytes
from eval.cases import Repo

BARE = ("-c", "embedder=none", "-c", "vectors=none")


def index_speed(repos: Sequence[Repo], pattern: str, runs: int, jobs: int) -> dict[str, Any]:
    """Cold, unchanged and one file changed, the least of `runs` each; ratios are to the floor of this run."""
    with TemporaryDirectory(prefix="bugatlas-bench-") as name:
        work = Path(name)
        mine = _with_own_copy(repos, pattern, work)
        listed = work / "repos.txt"
        listed.write_text("".join(f"{path} name={repo}\n" for repo, path in mine))
        floors: dict[int, list[tuple[Cost, Floor]]] = {1: [], jobs: []}
        cold: list[Cost] = []
        bare: list[Cost] = []
        for _ in range(runs):
            for processes, found in floors.items():
                found.append(_floor(processes, listed))
            bare.append(_cold(work / "bare", listed, jobs, *BARE))
            cold.append(_cold(work / "index", listed, jobs))
        seconds = {n: min(f.seconds for _, f in found) for n, found in floors.items()}
        work_cpu = min(f.read + f.parse for _, f in floors[1])
        report = msgspec.json.decode(cold[-1].output)
        same = best([_index(work / "index", listed, jobs) for _ in range(runs)])
        changed, added = (
            best([change(mine[0][1], n) or _index(work / "index", listed, jobs) for n in range(runs)])
            for change in (_touched, _added)
        )
        switched = [_switched(mine[0][1]) and _index(work / "index", listed, jobs) for _ in range(2)]
        stages = command("benchmarks.stages", str(listed), str(work / "staged"))
        files = floors[1][0][1]
        fastest = best(cold)
        return {
            "repositories": len(mine),
            "files": sum(report["files"].values()),
            "lines": report["lines"],
            "source_bytes": files.bytes,
            "jobs": jobs,
            "runs": runs,
            "cold": _row(fastest, report, seconds[jobs], work_cpu),
            "cold_without_vectors": _row(best(bare), report, seconds[jobs], work_cpu),
            "floor": {
                "read_and_parse_1_process": seconds[1],
                f"read_and_parse_{jobs}_processes": seconds[jobs],
                "cpu": round(work_cpu, 3),
                "spread": [f.seconds for _, f in floors[jobs]],
            },
            "nothing_changed": {"seconds": same.seconds, "cpu": same.cpu},
            "one_file_changed": {"repository": mine[0][0], **_more(changed, same)},
            "one_file_added": _more(added, same),
            "branch_switch": {
                "files": [
                    sum(o["changed"] for o in msgspec.json.decode(c.output)["outcomes"])
                    for c in switched
                    if c
                ],
                "to_an_older_s": switched[0].seconds if switched[0] else None,
                "and_back_s": switched[1].seconds if switched[1] else None,
            },
            "bytes": _sizes(work / "index", files.bytes),
            "stages_1_process": msgspec.json.decode(stages.output),
        }


def _row(cost: Cost, report: dict[str, Any], floor: float, floor_cpu: float) -> dict[str, Any]:
    return {
        "seconds": cost.seconds,
        "cpu": cost.cpu,
        "peak_mb": cost.peak_mb,
        "files_per_second": round(sum(report["files"].values()) / cost.seconds),
        "lines_per_second": round(report["lines"] / cost.seconds),
        "ratio_to_floor": round(cost.seconds / floor, 2),
        "cpu_ratio_to_floor": round(cost.cpu / floor_cpu, 2),
    }


def _more(cost: Cost, same: Cost) -> dict[str, float]:
    return {"seconds": cost.seconds, "cpu": cost.cpu, "more": round(cost.seconds - same.seconds, 3)}


def _with_own_copy(repos: Sequence[Repo], pattern: str, work: Path) -> list[tuple[str, Path]]:
    """(name, path) of each, the largest first: that one is a copy of our own, to change a file in."""
    found = [(r.name, r.where(pattern)) for r in repos]
    found.sort(key=lambda x: -folder_bytes(x[1] / "objects"))
    name, path = found[0]
    own = work / "clones" / path.parent.name / path.name
    _git(Path(), "clone", "--quiet", "--bare", "--local", str(path), str(own))
    return [(name, own), *found[1:]]


def _touched(path: Path, number: int) -> None:
    """Commit a change of one source file of a bare repository: one line more at its end."""
    listed = _git(path, "ls-tree", "-r", "-l", "HEAD").splitlines()
    rows = [line.split(maxsplit=4) for line in listed if line.endswith((".go", ".py", ".java", ".c", ".ts"))]
    rows.sort(key=lambda r: int(r[3]))
    _, _, blob, _, name = rows[len(rows) // 2]
    _committed(path, name, _git(path, "cat-file", "blob", blob) + f"\n// touched {number}\n")


def _added(path: Path, number: int) -> None:
    """Commit one file more, so that there are summaries to write."""
    _committed(path, f"added/page{number}.md", f"# Page {number}\n\nSays that page {number} is new.\n")


def _committed(path: Path, name: str, text: str) -> None:
    new = _git(path, "hash-object", "-w", "--stdin", data=text).strip()
    index = path / "bench.index"
    _git(path, "read-tree", "HEAD", index=index)
    _git(path, "update-index", "--add", "--cacheinfo", f"100644,{new},{name}", index=index)
    tree = _git(path, "write-tree", index=index).strip()
    commit = _git(path, "commit-tree", tree, "-p", "HEAD", "-m", f"Touch {name}").strip()
    _git(path, "update-ref", "HEAD", commit)


def _switched(path: Path) -> bool:
    """Let HEAD name a branch 200 commits back, or the branch that it named before."""
    heads = _git(path, "for-each-ref", "--format=%(refname)", "refs/heads").split()
    if "refs/heads/bench-older" not in heads:
        was = _git(path, "symbolic-ref", "HEAD").strip()
        (path / "bench-branch").write_text(was)
        older = _git(path, "rev-list", "--first-parent", "--max-count=201", "HEAD").split()[-1]
        _git(path, "update-ref", "refs/heads/bench-older", older)
        _git(path, "symbolic-ref", "HEAD", "refs/heads/bench-older")
    else:
        _git(path, "symbolic-ref", "HEAD", (path / "bench-branch").read_text())
    return True


def _git(path: Path, *args: str, data: str | None = None, index: Path | None = None) -> str:
    who = {f"GIT_{r}_{w}": "bench@example.org" for r in ("AUTHOR", "COMMITTER") for w in ("NAME", "EMAIL")}
    place = [] if args[0] == "clone" else ["--git-dir", str(path)]
    done = subprocess.run(
        ["git", *place, *args],
        input=data,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin"}
        | who
        | ({"GIT_INDEX_FILE": str(index)} if index else {}),
    )
    return done.stdout


def _floor(processes: int, listed: Path) -> tuple[Cost, Floor]:
    cost = command("benchmarks.floor", str(processes), str(listed), memory=False)
    return cost, msgspec.json.decode(cost.output, type=Floor)


def _cold(root: Path, listed: Path, jobs: int, *more: str) -> Cost:
    shutil.rmtree(root, ignore_errors=True)
    return _index(root, listed, jobs, *more)


def _index(root: Path, listed: Path, jobs: int, *more: str) -> Cost:
    asked = ("index", "--from", str(listed), "-j", str(jobs), "--json", *more)
    return command("bugatlas", "--index", str(root), *asked)


def _sizes(root: Path, source: int) -> dict[str, Any]:
    parts = {
        "shards": sum(p.stat().st_size for p in root.glob("repos/*/shard-*")),
        "facts_texts_history": sum(p.stat().st_size for p in root.glob("repos/*/*.sqlite")),
        "vectors": sum(
            folder_bytes(root / n) for n in ("chroma", "embedder", "exact") if (root / n).exists()
        ),
    }
    return parts | {"index": folder_bytes(root), "per_source_byte": round(folder_bytes(root) / source, 2)}
