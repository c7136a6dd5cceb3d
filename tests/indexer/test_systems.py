"""Small systems whose files are easily passed over: indexed as a user does it, and asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kits.cli import indexed, run
from kits.git import Content, Program, commit, make_repo
from kits.paths import FIXTURES

from indexer.build import build
from indexer.progress import render
from indexer.services.links import links
from indexer.sources.discover import discover
from locator.locate import locate
from summaries import words
from summaries.index.index import Index
from summaries.types import Facts, SkipReason

SYSTEMS = FIXTURES / "systems"


def system(name: str, root: Path) -> Path:
    """The repositories of a system, committed as they stand; what lies in `bin/` can be run."""
    for repo in sorted(p for p in (SYSTEMS / name).iterdir() if p.is_dir()):
        files: dict[str, Content] = {}
        for path in sorted(p for p in repo.rglob("*") if p.is_file()):
            text = path.read_text("utf-8")
            files[path.relative_to(repo).as_posix()] = Program(text) if path.parent.name == "bin" else text
        make_repo(root / "repos" / f"{name}-{repo.name}", [files])
    return indexed(root / "index", root / "repos")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return system("file-kinds", tmp_path_factory.mktemp("kinds"))


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("cold storage bucket", "bin/rotate-logs"),
        ("Order summary shipping address", "app/views/orders/_summary.html.haml"),
        ("shop_CheckboxList_scroll", "styles/_scrollbar.pcss"),
        ("discount_cents", "db/004_totals.sql.postgres"),
        ("shop.imagePullSecret registry", "charts/shop/templates/_helpers.tpl"),
    ],
)
def test_every_kind_of_file_is_found(query: str, path: str, kinds: Path) -> None:
    state = next(iter(Index.open(kinds).repos.values()))
    assert sum(state.files.values()) == 7
    assert path in run("search", query, index=kinds).out


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return system("not-tests", tmp_path_factory.mktemp("specs"))


@pytest.mark.parametrize(
    ("report", "path"),
    [
        (
            "removeAttributes of FilterSpec fails for a response without a body",
            "src/main/java/com/shop/route/FilterSpec.java",
        ),
        ("DeploymentSpec.Defaulted leaves zero replicas", "pkg/apis/deployment_spec.go"),
        ("POST /orders/17/refunds answers 404", "api/spec/openapi.yaml"),
    ],
)
def test_what_describes_is_no_test(report: str, path: str, specs: Path) -> None:
    answer = locate(Index.open(specs), report)
    assert answer.files[0].path == path


def test_a_proxy_is_a_routing_table(tmp_path: Path) -> None:
    index = system("nginx", tmp_path)
    answer = locate(Index.open(index), (SYSTEMS / "nginx" / "r.md").read_text("utf-8"))
    first = answer.files[0]
    assert (first.repo, first.path) == ("nginx-shop-edge", "nginx.conf")
    lines = {e.line for e in first.evidence} | {n for f in first.symbols for n in range(f.start, f.end + 1)}
    assert {7, 9} <= lines


def test_modules_of_go_link_repositories(tmp_path: Path) -> None:
    """Through `go.mod`, by the name that it gives a repository."""
    lib: dict[str, Content] = {
        "go.mod": "module example.com/acme/kit/v3\n",
        "retry/retry.go": "package retry\n\nfunc Wait() {}\n",
    }
    api: dict[str, Content] = {
        "go.mod": "module example.com/acme/api\n\nrequire example.com/acme/kit/v3 v3.1.0\n",
        "main.go": 'package main\n\nimport "example.com/acme/kit/v3/retry"\n\nfunc main() { retry.Wait() }\n',
    }
    make_repo(tmp_path / "repos" / "a-library", [lib])
    make_repo(tmp_path / "repos" / "b-service", [api])
    root = indexed(tmp_path / "index", tmp_path / "repos")
    state = Index.open(root).repos
    assert "example.com/acme/kit/v3" in state["a-library"].aliases
    facts = {
        name: [(p, f) for p, f in _facts(root, name) if f.language in ("go", "go module")] for name in state
    }
    found = links(facts, {name: state[name].aliases for name in state})
    assert {(k.source, k.target, k.kind, k.path) for k in found} == {
        ("b-service", "a-library", "import", "go.mod"),
        ("b-service", "a-library", "import", "main.go"),
    }
    assert run("show", "b-service/go.mod", index=root).code == 0


def _facts(root: Path, name: str) -> list[tuple[str, Facts]]:
    index = Index.open(root)
    view = index.view(name)
    stored = index.store(name).facts_of([view.blob(i) for i in range(len(view))])
    return [(path, facts) for path, (_, facts) in zip(view.paths, stored, strict=True)]


def test_the_report_names_the_kinds_that_are_no_source(tmp_path: Path) -> None:
    files: dict[str, Content] = {f"a/{n}.xyz": "1" for n in range(3)}
    files |= {f"b{n}.k{n:02}": "1" for n in range(12)} | {"LICENSE": "1", "b.xyz.gz": "1", "a.py": "x = 1\n"}
    make_repo(tmp_path / "repos" / "shop", [files])
    report = build(tmp_path / "index", discover(tmp_path / "repos", tmp_path / "clones"), workers=1)
    assert next(iter(report.not_source.items())) == (".xyz", 3)
    assert len(report.not_source) == 10
    assert report.skipped == {SkipReason.NOT_SOURCE: 17}
    assert "not source, by kind: .xyz 3, " in render(report)


def test_scripts_without_an_extension_are_known_by_their_first_line(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "tools/bump": Program("#!/usr/bin/env python3\ndef bump(): pass\n"),
        "bin/serve": "#!/usr/bin/env -S ruby -w\ndef serve; end\n",
        "bin/data": Program(b"\x7fELF\0\0".decode("latin-1")),
        "notes": "#!/bin/sh\n",  # nothing says that it is run
        "lib/prose": Program("no first line of a script\n"),
        "bin/empty": Program(""),
    }
    make_repo(tmp_path / "repos" / "shop", [files])
    root = indexed(tmp_path / "index", tmp_path / "repos")
    state = Index.open(root).repos["shop"]
    assert state.files == {"python": 1, "ruby": 1}
    assert state.not_source == {"no extension": 4}


def test_bumps_of_dependencies_teach_nothing(tmp_path: Path) -> None:
    """A commit that changes only `go.mod` has no words and no activity; one that also changes code keeps its words."""
    make_repo(
        tmp_path / "repos" / "shop",
        [
            commit({"go.mod": "module a.example/shop\n", "shop.go": "package shop\n"}, "Begin"),
            commit(
                {"go.mod": "module a.example/shop\n\nrequire a.example/kit v1.0.0\n"},
                "Bump the kit of refunds",
            ),
            commit(
                {"go.mod": "module a.example/shop\n", "shop.go": "package shop\n\nvar A = 1\n"},
                "Mend vouchers",
            ),
        ],
    )
    shard = Index.open(indexed(tmp_path / "index", tmp_path / "repos")).shard("shop")
    assert {shard.paths[i] for i in shard.arrays["commit_paths"].tolist()} == {"shop.go"}
    keys = (np.array(list(words.count(word)), np.uint64) for word in ("refunds", "vouchers"))
    found = [len(shard.messages.match(k).docs) > 0 for k in keys]
    assert found == [False, True]
