"""What strangers, full disks and impatient people do: each has a clear outcome, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kits.cli import Ran, run
from kits.git import Link, commit, git, loose, make_repo
from kits.paths import ROOT

from indexer import repository
from summaries.index import arrays
from summaries.index.index import MANIFEST, Index
from summaries.index.store import Store

pytestmark = pytest.mark.slow

ORDERS = {"src/orders.py": 'def place(basket):\n    raise ValueError("the basket is empty")\n'}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "index"


def index(root: Path, *args: object) -> Ran:
    return run("index", *map(str, args), "-c", "vectors=none", index=root)


def told(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.out)
    return found


def locate(root: Path, text: str, *args: str) -> Ran:
    return run("locate", text, *args, index=root)


def is_served(root: Path) -> bool:
    """Whether the index answers about ORDERS as it should."""
    return "src/orders.py" in locate(root, "ValueError: the basket is empty", "--format", "oneline").out


# --- repositories ---------------------------------------------------------------------------------------


def test_a_repository_without_commits(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r")
    ran = index(root, tmp_path / "r")
    assert ran.code == 1
    assert "r: " in ran.out and "has no commits yet (commit something, then index it)" in ran.out
    assert run("doctor", index=root).code == 1  # the folder it began


def test_a_commit_without_files(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [commit()])
    assert index(root, tmp_path / "r").code == 0
    assert run("doctor", index=root).code == 0
    assert locate(root, "anything at all").code == 3
    make_repo(tmp_path / "r", [ORDERS], branch="full")
    git(tmp_path / "r", "update-ref", "refs/heads/main", "refs/heads/full")
    assert index(root).code == 0
    assert is_served(root)


def test_a_shallow_clone(tmp_path: Path, root: Path) -> None:
    make_repo(
        tmp_path / "deep",
        [ORDERS, commit({"b.py": "b = 1\n"}, "Second"), commit({"c.py": "c = 1\n"}, "Third")],
    )
    git(tmp_path, "clone", "-q", "--depth", "1", (tmp_path / "deep").as_uri(), "shallow")
    assert index(root, tmp_path / "shallow").code == 0
    assert Index.open(root).repos["shallow"].shallow
    assert is_served(root)


def test_a_damaged_object_costs_its_file_alone(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS | {"b.py": "b = 1\n"}])
    blob = git(tmp_path / "r", "rev-parse", "main:b.py").decode().strip()
    loose(tmp_path / "r", blob).write_bytes(b"scribble")
    done = told(index(root, tmp_path / "r", "--json"))
    assert done["files"] == {"python": 1}
    assert done["skipped"] == {"unreadable": 1}
    assert is_served(root)


def test_a_damaged_pack_keeps_what_was_indexed(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    git(tmp_path / "r", "repack", "-adq")
    assert index(root, tmp_path / "r").code == 0
    for pack in (tmp_path / "r" / ".git" / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:20] + b"scribble" * 9)
    ran = index(root, "--rebuild")
    assert ran.code == 1
    assert "git fsck" in ran.out
    assert is_served(root)


@pytest.mark.parametrize("head", [False, True], ids=["an old commit", "the head"])
def test_a_commit_from_beyond_the_calendar(head: bool, tmp_path: Path, root: Path) -> None:
    """Git takes any number of seconds; Python has no dates after the year 9999."""
    late = commit(ORDERS, "The basket is empty", time=2**43)
    make_repo(tmp_path / "r", [late] if head else [late, commit({"b.py": "b = 1\n"}, "Another")])
    assert index(root, tmp_path / "r").code == 0
    assert run("doctor", index=root).code == 0
    ran = locate(root, "the basket is empty", "--explain")
    assert ran.code == 0 and "9999-12" in ran.out, ran
    assert run("show", "r", index=root).code == run("status", index=root).code == 0


ODD = [
    b"a\nb.py",
    b"\xff\xfe.py",
    b"tab\there.py",
    b'"quoted".py',
    b"-rf.py",
    "über/文件.py".encode(),
    b" .py",
    b"$(x).py",
]


def test_odd_paths(tmp_path: Path, root: Path) -> None:
    files: dict[bytes, str | bytes | Link | None] = {p: f"def odd{n}(): pass\n" for n, p in enumerate(ODD)}
    make_repo(tmp_path / "r", [files])
    ran = run("index", str(tmp_path / "r"), index=root)
    assert ran.code == 0, ran
    paths = Index.open(root).view("r").paths
    assert len(paths) == len(ODD)
    assert {"a\nb.py", "\\xff\\xfe.py", "über/文件.py"} <= set(paths)
    assert "odd0" in locate(root, "odd0 fails", "--json").out
    assert run("doctor", index=root).code == 0


def test_a_huge_file_is_skipped_unread(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    with (tmp_path / "r" / "huge.py").open("wb") as f:
        f.truncate(100_000_000)
    git(tmp_path / "r", "read-tree", "main")
    git(tmp_path / "r", "-c", "core.compression=1", "add", "huge.py")
    git(tmp_path / "r", "commit", "-qm", "huge")
    done = told(index(root, tmp_path / "r", "--json"))
    assert done["skipped"] == {"too large": 1}
    assert is_served(root)


def test_link_loops(tmp_path: Path, root: Path) -> None:
    make_repo(
        tmp_path / "all" / "r",
        [ORDERS | {"loop": Link("loop"), "up": Link(".."), "out": Link("/etc/passwd")}],
    )
    (tmp_path / "all" / "circle").symlink_to(tmp_path / "all")
    (tmp_path / "all" / "self").symlink_to("self")
    done = told(index(root, tmp_path / "all", "--json"))
    assert [o["repo"] for o in done["outcomes"]] == ["r"]
    assert done["skipped"] == {"symlink": 3}


def test_a_folder_without_repositories(tmp_path: Path, root: Path) -> None:
    (tmp_path / "none").mkdir()
    ran = index(root, tmp_path / "none")
    assert ran.code == 1
    assert "no git repository in" in ran.out


# --- the index ------------------------------------------------------------------------------------------


@contextmanager
def powerless() -> Iterator[None]:
    """As somebody to whom permissions apply: root may write anywhere."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may read."""
    folder = Path(tempfile.mkdtemp(prefix="bugatlas-test-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
    shutil.rmtree(folder)


def test_a_read_only_index_is_read_and_not_written(open_folder: Path) -> None:
    root = open_folder / "index"
    make_repo(open_folder / "r", [ORDERS])
    assert index(root, open_folder / "r").code == 0
    assert is_served(root)  # and all that it needs is imported, before permissions apply
    assert run("doctor", index=root).code == 0
    subprocess.run(["chmod", "-R", "a+rX,a-w", str(open_folder)], check=True)
    with powerless():
        assert is_served(root)
        assert run("doctor", index=root).code == 0
        for ran in (index(root), index(root, open_folder / "r", "--rebuild"), run("remove", "r", index=root)):
            assert ran.code == 1
            assert f"cannot write to {root}: Permission denied (choose another with --index)" in ran.err


def test_an_index_where_none_can_be_made(tmp_path: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    (tmp_path / "file").write_text("not a folder")
    ran = index(tmp_path / "file" / "index", tmp_path / "r")
    assert ran.code == 1
    assert "cannot write to" in ran.err


def test_an_index_of_another_version(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    index(root, tmp_path / "r")
    manifest = json.loads((root / MANIFEST).read_bytes())
    (root / MANIFEST).write_text(json.dumps(manifest | {"schema": 0, "unheard": [1]}))
    for ran in (locate(root, "basket"), index(root), index(root, tmp_path / "r")):
        assert ran.code == 1
        assert "has schema 0" in ran.err and "bugatlas index --rebuild" in ran.err
    ran = index(root, "--rebuild")
    assert ran.code == 0, ran
    assert is_served(root)
    assert run("doctor", index=root).code == 0


def test_one_repository_of_another_version(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    index(root, tmp_path / "r")
    shard = Index.open(root).folder("r") / "shard-1.safetensors"
    old = arrays.Arrays(shard)
    meta = {"info": old.meta["info"].replace('"schema":', '"schema":9')}
    arrays.write(shard, {n: old[n] for n in old.names()}, meta)
    ran = locate(root, "basket")
    assert ran.code == 1
    assert "was indexed by another version" in ran.err and "bugatlas index r" in ran.err
    ran = index(root)
    assert ran.code == 0 and "r: other version, 1 file, 1 parsed" in ran.out
    assert is_served(root)


@pytest.mark.parametrize("name", ["repo.json", "shard-1.safetensors", "blobs.sqlite"])
@pytest.mark.parametrize("harm", ["cut", "scribbled", "emptied"])
def test_a_damaged_file_is_told_and_mended(name: str, harm: str, tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    index(root, tmp_path / "r")
    path = Index.open(root).folder("r") / name
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 3], "scribbled": b"scribble" * 2000, "emptied": b""}[harm])
    ran = locate(root, "the basket is empty")
    if not (name == "blobs.sqlite" and harm == "emptied"):
        assert ran.code == 1
        assert "error: " in ran.err and "bugatlas doctor" in ran.err
    assert run("doctor", index=root).code == 1
    ran = index(root, tmp_path / "r", *(["--rebuild"] if name == "blobs.sqlite" else []))
    assert ran.code == 0, ran
    assert run("doctor", index=root).code == 0
    assert is_served(root)


# --- interruptions --------------------------------------------------------------------------------------


@pytest.fixture
def busy(tmp_path: Path, root: Path) -> Path:
    """A repository that is indexed with one file."""
    make_repo(tmp_path / "r", [ORDERS])
    assert index(root, tmp_path / "r").code == 0
    return tmp_path / "r"


def grow(repo: Path, files: int) -> None:
    """Give the repository new work."""
    body = "".join(
        f'def step{n}(value):\n    """Does step {n}."""\n    return value + {n}\n\n' for n in range(150)
    )
    many = {f"pkg{files}/m{n}.py": f"MODULE = {files + n}\n{body}" for n in range(files)}
    make_repo(repo, [ORDERS | many], branch=f"more{files}")
    git(repo, "update-ref", "refs/heads/main", f"refs/heads/more{files}")


@contextmanager
def halfway(root: Path, repo: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """An indexing process, held still when it had stored a part of its work, and how many files there are."""
    for files in (250, 1000, 4000):  # a fast machine is done with the first before it can be held
        before, held = stored(root), len(Index.open(root).view("r"))
        grow(repo, files)
        with started(root, *args) as process:
            wait_for(lambda: stored(root) > before or process.poll() is not None)  # noqa: B023
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGSTOP)
                if len(Index.open(root).view("r")) == held:
                    yield process, files + 1
                    return
    raise AssertionError("it is always done before it can be stopped")


def heeding() -> None:
    """A shell's background jobs ignore interrupts, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def started(root: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """`bugatlas index` in a process group of its own, which is gone afterwards."""
    command = [
        sys.executable,
        "-m",
        "bugatlas",
        "--index",
        str(root),
        "index",
        *args,
        "-c",
        "vectors=none",
    ]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heeding,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def stored(root: Path) -> int:
    """Blobs that the store has safely."""
    db = sqlite3.connect(
        f"file:{Index.open(root).folder('r') / 'blobs.sqlite'}?mode=ro", uri=True, timeout=30
    )
    try:
        return int(db.execute("select count(*) from blob").fetchone()[0])
    finally:
        db.close()


def known(root: Path) -> int:
    """Files of the repository's main branch that the store has."""
    state = Index.open(root).repos["r"]
    listed = git(Path(state.git_dir), "ls-tree", "-r", "--format=%(objectname)", "main").decode().split()
    store = Store(Index.open(root).folder("r") / state.store)
    try:
        return len({i.split(".")[0] for i in store.known()} & set(listed))
    finally:
        store.close()


def wait_for(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def alive(group: int) -> bool:
    """Whether a process of the group runs; one that only waits to be reaped doesn't."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_kill_9_in_the_middle(jobs: str, busy: Path, root: Path) -> None:
    with halfway(root, busy, "--jobs", jobs) as (process, files):
        second = index(root)
        assert (second.code, second.out) == (1, "")
        assert "another process is writing" in second.err and "wait for it to end" in second.err
        process.kill()
        process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)
        wait_for(lambda: not alive(process.pid), 30)  # its workers ended with it
    assert is_served(root)
    assert len(Index.open(root).view("r")) < files
    held = known(root)
    done = told(index(root, "--json"))
    assert done["parsed"] == files - held < files - 1
    assert len(Index.open(root).view("r")) == files
    assert run("doctor", index=root).code == 0


@pytest.mark.parametrize(("jobs", "how"), [("1", "ctrl-c"), ("2", "ctrl-c"), ("1", "term"), ("2", "term")])
def test_ended_gently(
    jobs: str, how: str, busy: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    with halfway(root, busy, "--jobs", jobs) as (process, files):
        began = time.monotonic()
        if how == "ctrl-c":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.terminate()
        os.killpg(process.pid, signal.SIGCONT)
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert process.returncode == 130, err
        assert err.strip().splitlines()[-1] == "interrupted; what was finished is kept"
        assert "Traceback" not in err
        wait_for(lambda: not alive(process.pid), 30)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert is_served(root)
    assert index(root).code == 0
    assert len(Index.open(root).view("r")) == files


class Killed(BaseException):
    """As a signal would end it: no handler of ours may catch it."""


@pytest.mark.parametrize("at", ["history", "assemble", "write", "summaries", "publish"])
def test_killed_at_every_stage(at: str, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    index(root, tmp_path / "r")
    make_repo(tmp_path / "r", [{"new.py": "def fresh(): pass\n"}], branch="next")
    git(tmp_path / "r", "update-ref", "refs/heads/main", "refs/heads/next")

    def die(*args: object, **options: object) -> None:
        raise Killed

    place: dict[str, tuple[object, str]] = {
        "history": (repository, "history"),
        "assemble": (repository, "assemble"),
        "write": (arrays, "write"),
        "summaries": (repository, "keep_summaries"),
        "publish": (Index, "publish"),
    }
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(*place[at], die)
        index(root)
    assert is_served(root)
    assert index(root).code == 0
    assert Index.open(root).view("r").paths == ["new.py"]
    assert run("doctor", index=root).code == 0


def limited(root: Path, limit: int, *args: str) -> Ran:
    """`bugatlas index` that may not write files longer than `limit` bytes: as on a disk that fills up."""
    command = [sys.executable, "-m", "bugatlas", "--index", str(root), "index", *args]

    def cap() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=cap)
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("limit", [0, 3_000, 20_000, 40_000])
def test_a_full_disk(limit: int, tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS])
    assert index(root, tmp_path / "r").code == 0
    text = "".join(f"def f{n}(a{n}):\n    return a{n} * {n}\n" for n in range(400))
    make_repo(
        tmp_path / "r", [ORDERS | {f"m{n}.py": text.replace("f", f"g{n}x") for n in range(12)}], branch="big"
    )
    git(tmp_path / "r", "update-ref", "refs/heads/main", "refs/heads/big")
    ran = limited(root, limit, "-c", "vectors=none")
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err and "please report" not in ran.out + ran.err, ran
    assert str(root) in ran.out + ran.err
    assert is_served(root)
    assert index(root).code == 0
    assert len(Index.open(root).view("r")) == 13
    assert run("doctor", index=root).code == 0


def test_a_disk_that_is_full_for_the_knowledge_base(tmp_path: Path, root: Path) -> None:
    make_repo(tmp_path / "r", [ORDERS | {f"m{n}.py": f'"""Does {n}."""\n' for n in range(400)}])
    ran = limited(root, 200_000, str(tmp_path / "r"))
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "the vector store is not up to date" in ran.out or "1 failure" in ran.out
    assert run("index", str(tmp_path / "r"), index=root).code == 0
    assert run("doctor", index=root).code == 0


# --- reports --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    files = ORDERS | {
        "pay/odeme.py": '"""Ödeme işlemleri."""\n\ndef iade(tutar):\n    raise ValueError("İade tutarı geçersiz")\n',
        "库存/库存.py": '"""检查仓库里的库存数量。"""\n\ndef 检查库存(商品):\n    return 商品.数量 > 0\n',
        "mail/send.py": '"""Sends letters to customers."""\n\ndef send(letter): return letter\n',
    }
    make_repo(folder / "r", [files])
    assert index(folder / "index", folder / "r").code == 0
    return folder / "index"


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\n"])
def test_an_empty_report(text: str, world: Path) -> None:
    for ran in (run("locate", "-", index=world, data=text.encode()), locate(world, text)):
        assert ran.code == 2
        assert "empty" in ran.err


def test_ten_megabytes(world: Path) -> None:
    noise = "".join(f"2024-01-01T00:00:00Z INFO worker-{n} heartbeat ok value={n}\n" for n in range(160_000))
    began = time.monotonic()
    ran = run("locate", "-", index=world, data=f"Basket\n\nValueError: the basket is empty\n{noise}".encode())
    assert len(noise) > 9_000_000
    assert "src / orders.py" in ran.out
    assert time.monotonic() - began < 30


def first(ran: Ran) -> str:
    return str(json.loads(ran.out)["files"][0]["path"])


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("库存数量检查不对", "库存/库存.py"),
        ("İADE TUTARI GEÇERSİZ hatası alıyorum", "pay/odeme.py"),
        ("ödeme iade işlemi çalışmıyor", "pay/odeme.py"),
    ],
)
def test_reports_in_other_languages(text: str, path: str, world: Path) -> None:
    assert first(locate(world, text, "--json")) == path


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00basket", b"\x00" * 5000, b"basket \xed\xa0\x80 empty", bytes(range(256)) * 9]
)
def test_a_report_that_is_no_text(data: bytes, world: Path) -> None:
    ran = run("locate", "-", index=world, data=data)
    assert ran.code in (0, 2, 3)
    assert "Traceback" not in ran.err


def test_stores_of_a_bad_index_are_closed(tmp_path: Path) -> None:
    """A store that is not one is told as damaged, each time."""
    (tmp_path / "x.sqlite").write_bytes(b"scribble" * 999)
    for _ in range(3):
        with pytest.raises(Exception, match="cannot read"):
            Store(tmp_path / "x.sqlite")


__all__: Sequence[str] = []
