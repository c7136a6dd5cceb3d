"""Tables of docs/scale.md out of the newest results: `python -m benchmarks tables`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import HOME, RESULTS

PAGE = HOME / "docs" / "scale.md"
_PLACE = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Result = Mapping[str, Any]


def page(text: str, results: Path = RESULTS) -> str:
    """The page with every table made anew; one whose result is missing stays as it is."""

    def table(m: re.Match[str]) -> str:
        found = newest(results, m[2])
        make = TABLES.get(m[2].split("-")[0])
        return f"{m[1]}{make(found)}{_source(m[2], found)}{m[3]}" if found and make else m[0]

    return _PLACE.sub(table, text)


def newest(results: Path, name: str) -> Result | None:
    """The result of that name that was taken last."""
    found = [
        msgspec.json.decode(p.read_bytes())
        for p in results.glob(f"{name}-*.json")
        if p.stem.rsplit("-", 1)[0] == name
    ]
    return max(found, key=lambda f: str(f["at"]), default=None)


def _source(name: str, result: Result) -> str:
    about = result["machine"]
    changed = ", with changes" if result["changed"] else ""
    return (
        f"\n`benchmarks/results/{name}-{result['commit']}.json`{changed}: {about['cores']} cores, {about['processor']}, "
        f"Python {about['python']}, load {about['load']} when it ended.\n"
    )


def _rows(head: str, rows: list[list[str]]) -> str:
    width = head.count("|") - 1
    return "\n".join([head, "|---" * width + "|", *("| " + " | ".join(r) + " |" for r in rows)]) + "\n"


def _index(f: Result) -> str:
    floor, sizes = f["floor"], f["bytes"]
    rows = []
    for title, key in (("from nothing", "cold"), ("from nothing, without vectors", "cold_without_vectors")):
        c = f[key]
        rate = f"{c['lines_per_second']:,} lines/s"
        ratio = f"{c['cpu_ratio_to_floor']} ×"
        rows.append([title, f"{c['cpu']} s", ratio, f"{c['seconds']} s", rate, f"{c['peak_mb']:,.0f} MB"])
    read = floor[f"read_and_parse_{f['jobs']}_processes"]
    rows.append(["floor: read and parse", f"{floor['cpu']} s", "1 ×", f"{read} s", "", ""])
    nothing = f["nothing_changed"]
    rows.append(["nothing changed", f"{nothing['cpu']} s", "", f"{nothing['seconds']} s", "", ""])
    one = {
        "one file changed": f["one_file_changed"],
        "one file more, and its summaries": f.get("one_file_added"),
    }
    for name, c in one.items():
        if c:
            more = f"{c['cpu'] - nothing['cpu']:.2f} s of the processor more"
            rows.append([name, f"{c['cpu']} s", "", f"{c['seconds']} s", more, ""])
    if there := f.get("branch_switch"):
        files = " and ".join(f"{n:,}" for n in there["files"])
        rows.append(
            ["to a branch 200 commits older, and back", "", "",
             f"{there['to_an_older_s']} s, {there['and_back_s']} s", f"{files} files changed", ""]
        )  # fmt: skip
    what = f"{f['repositories']} repositories, {f['files']:,} files, {f['lines']:,} lines"
    what += f", {f['source_bytes'] / 1e6:.1f} MB of source"
    stages = sorted(f["stages_1_process"].items(), key=lambda s: -s[1][1])
    told = _rows(
        "| stage, one process | seconds of the processor | by the clock |",
        [[n, str(c), str(w)] for n, (w, c) in stages],
    )
    held = ", ".join(
        f"{n.replace('_', ' ')} {b / 1e6:.1f} MB"
        for n, b in sizes.items()
        if n not in ("index", "per_source_byte")
    )
    share = 1 - f["cold_without_vectors"]["cpu"] / f["cold"]["cpu"]
    return (
        f"{what}.\n\n"
        + _rows("| run | processor | to the floor | by the clock | rate | peak memory |", rows)
        + f"\nVectors are {share:.0%} of the work. The index has {sizes['index'] / 1e6:.1f} MB, "
        + f"{sizes['per_source_byte']} for each byte of source: {held}.\n\n"
        + told
    )


def _query(f: Result) -> str:
    w = f["warm"]
    rows = [
        ["`locate` with all details, warm", f"{w['locate']['median_ms']} ms", f"{w['locate']['p95_ms']} ms"],
        *_by_processor(f),
        ["ranking alone, warm", f"{w['ranking']['median_ms']} ms", f"{w['ranking']['p95_ms']} ms"],
        ["`bugatlas locate`, a process of its own", f"{f['cold_locate_s']} s", ""],
        ["`bugatlas --help`", f"{f['help_s']} s", ""],
    ]
    more = f"{w['per_second_1_thread']} answers a second in one thread, {w['per_second_2_threads']} in two"
    more += f"; {w['resident_mb']:,.0f} MB resident."
    return (
        f"{f['repositories']} repositories, {w['files']:,} files, {f['reports']} reports.\n\n"
        + _rows("| question | median | 95 % |", rows)
        + f"\n{more}\n\n"
        + _rows(
            "| stage of a question | ms of the processor, in the mean |",
            [[n, str(ms)] for n, ms in w["stages_ms"].items()],
        )
    )


def _by_processor(f: Result) -> list[list[str]]:
    if not (cpu := f["warm"].get("locate_cpu")):  # of before it was measured
        return []
    return [
        ["the same, seconds of the processor", f"{cpu['median_ms']} ms", f"{cpu['p95_ms']} ms"],
        ["a process of its own, the same", f"{f['cold_locate_cpu_s']} s", ""],
    ]


def _curve(f: Result) -> str:
    rows = []
    for r in f["rows"]:
        e, right = r.get("everywhere"), r.get("accuracy", {})
        rows.append([
            f"{r['repositories']:,}", f"{r['files']:,}", f"{r['warm']['median_ms']:.0f} / {r['warm']['p95_ms']:.0f} ms",
            f"{e['median_ms']:,.0f} ms" if e else "the same" if right else "",
            f"{r['cold_s']} s", _resident(r),
            f"{r['map_bytes'] / 1e6:.1f} MB", f"{r['index_bytes'] / 1e6:,.0f} MB",
            " / ".join(f"{right[f'success@{k}']:.2f}" for k in (1, 5, 10) if right),
            " / ".join(f"{e['accuracy'][f'success@{k}']:.2f}" for k in (1, 10)) + " against "
            + " / ".join(f"{e['accuracy_with_map'][f'success@{k}']:.2f}" for k in (1, 10)) if e else "",
        ])  # fmt: skip
    fit = f.get("fit")
    told = (
        f"\nA line through all but the last point, {fit['base_ms']} ms and {fit['ms_per_1000']} ms for each thousand "
        f"repositories, says {fit['predicted_last_ms']} ms for the last one; measured were {fit['measured_last_ms']} ms.\n"
        if fit
        else ""
    )
    head = (
        "| repositories | files | warm, median / 95 % | without the map | cold process | resident | map | index "
        "| Success@1 / 5 / 10 | all searched against the map, Success@1 / 10 |"
    )
    return _rows(head, rows) + told


def _resident(row: Result) -> str:
    """Memory after questions one at a time, and after two at once."""
    both = [row[n] for n in ("resident_mb", "resident_2_threads_mb") if n in row]
    return " / ".join(f"{mb:,.0f}" for mb in both) + " MB"


def _routing(f: Result) -> str:
    counts = list(next(iter(f["recall"].values())))
    rows = [[m, *(f"{by[c]:.3f}" for c in counts)] for m, by in f["recall"].items()]
    found = [
        [n, *(f"{a[f'success@{k}']:.3f}" for k in (1, 5, 10)), f"{f['median_ms'][n]:.0f} ms"]
        for n, a in f["accuracy"].items()
    ]
    return (
        f"{f['cases']} reports, {f['repositories']} repositories; share of reports whose repository is among the first N:\n\n"
        + _rows("| method | " + " | ".join(f"N = {c}" for c in counts) + " |", rows)
        + f"\nChoosing took {f['median_ms']['map']} ms. Accuracy within what was chosen:\n\n"
        + _rows("| searched | Success@1 | Success@5 | Success@10 | ranking |", found)
    )


def _rivals(f: Result) -> str:
    def row(r: Result) -> list[str]:
        behind = "{:+.3f} [{:+.3f}, {:+.3f}]".format(*r["behind"]) if r["behind"] else ""
        built = f"{r['build_s']:,.1f} s" if r["build_s"] and r["build_s"] > 0.05 else ""
        return [
            r["name"],
            *(f"{x:.3f}" for x in r["accuracy"].values()),
            behind,
            f"{r['median_ms']:,.1f} ms",
            built,
        ]

    names = list(f["rows"][0]["accuracy"])
    head = "| what | " + " | ".join(names) + " | MRR of ours is higher by | median question | to build |"
    said = f"{f['repositories']} repositories, {f['files']:,} files in the median, {f['reports']} reports"
    absent = f" Not installed here: {', '.join(f['absent'])}." if f["absent"] else ""
    return f"{said}.{absent}\n\n" + _rows(head, [row(r) for r in f["rows"]])


def _engines(f: Result) -> str:
    rows = [
        [r["name"], f"{r['seconds']} s", f"{r['cpu']} s", f"{r['peak_mb']:,.0f} MB", r["same"]]
        for r in f["rows"]
    ]
    return _rows("| engine | seconds | processor | peak memory | the same bytes |", rows)


def _nodes(f: Result) -> str:
    rows = [
        [
            f"{r['summaries']:,} in {r['summaries'] // f['each']:,}",
            f"{r['per_second']:,} a second",
            f"{r['one_more_s']} s",
            f"{r['disk_mb']:,.0f} MB",
            f"{r['open_s']} s",
            f"{r['routed']['median_ms']:.0f} ms",
            f"{r['everything_s']} s",
            f"{r['resident_mb']:,} MB",
        ]
        for r in f["rows"]
    ]
    head = (
        "| summaries in repositories | written | one more, one less | disk | to open "
        f"| a question to {f['routed']} repositories | to all, once | then resident |"
    )
    return _rows(head, rows)


def _service(f: Result) -> str:
    rows = [
        ["in process, one after another", *_level(f["in_process"]), *[""] * 5],
        [f"the same in {f['cores']} processes", *[""] * 3, *_level(f["in_processes"]), "", "1.00"],
    ]
    asked = {f"{n} client{'s' * (n > 1)}": f"clients_{n}" for n in (1, 8, 32)}
    for who, key in (asked | {"8 clients, new reports": "fresh"}).items():
        if key in f:
            shares = [f"{f[key][k]:.2f}" for k in ("of_one_process", "of_all_cores")]
            rows.append([who, *_level(f[f"one_process_{key}"]), *_level(f[key]), *shares])
    head = (
        "| who asks | one process: a second | median | 95 % | several: a second | median | 95 % "
        "| to one process | to all that the cores do |"
    )
    took = f["clients_32"]
    more = (
        f"\nMilliseconds of the processor for a question: {f['in_process']['cpu_ms']} in process, {took['cpu_ms']} with 32 "
        f"clients, {took['door_cpu_ms']} of them in the service's own process; the clients take {took['client_cpu_ms']}.\n"
    )
    if held := f["memory"].get("mb"):
        listed = ", ".join(f"{mb:.0f}" for mb in held)
        more += f"Megabytes over {f['memory']['queries']:,} questions, no two the same: {listed}.\n"
    return (
        f"{f['queries']:,} questions each, the best of {f['rounds']} rounds.\n\n" + _rows(head, rows) + more
    )


def _level(f: Result) -> list[str]:
    return [f"{f['per_second']:.1f}", f"{f['median_ms']:,.0f} ms", f"{f['p95_ms']:,.0f} ms"]


TABLES: Mapping[str, Callable[[Result], str]] = {
    "index": _index,
    "query": _query,
    "curve": _curve,
    "routing": _routing,
    "rivals": _rivals,
    "engines": _engines,
    "nodes": _nodes,
    "service": _service,
}
