"""`bugatlas doctor`: every kind of fault is found, and the command it names mends it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from kits.cli import Ran, run
from kits.git import make_repo

from indexer.doctor.doctor import Finding, check
from summaries.index import arrays
from summaries.index.index import MANIFEST, Index
from summaries.index.store import Store

pytestmark = pytest.mark.slow

HOME = Path(__file__).parents[2]

FILES = {
    "src/a.py": 'def place():\n    raise ValueError("no")\n',
    "src/b.py": "class Order:\n    pass\n",
    "go.mod": "module shop/orders\n",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two repositories and a sound index of them."""
    folder = tmp_path_factory.mktemp("sound")
    make_repo(folder / "repos" / "orders", [{"src/a.py": "a = 1\n"}, FILES])
    make_repo(folder / "repos" / "cards", [{"cards.go": "package cards\n\nfunc Charge() {}\n"}])
    ran = run("index", str(folder / "repos"), "-c", "vectors=exact", index=folder / "index")
    assert ran.code == 0, ran
    return folder


@pytest.fixture
def root(sound: Path, tmp_path: Path) -> Path:
    """A copy of the sound index, to be broken."""
    return Path(shutil.copytree(sound / "index", tmp_path / "index"))


def mended(finding: Finding, sound: Path) -> Ran:
    """Run the command that a finding names, as a user would: PATH is the repository's."""
    words = finding.run.replace("PATH", str(sound / "repos" / "orders")).split(", with")[0]
    ran = Ran(0, "", "")
    for part in words.split(" && "):
        name, *rest = shlex.split(part)
        if name == "rm":
            for path in [Path(w) for w in rest if w != "-rf"]:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        else:
            ran = run(*rest, "-c", "vectors=exact") if "index" in rest[2:3] else run(*rest)
    return ran


def folder(root: Path, name: str = "orders") -> Path:
    return Index.open(root).folder(name)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    path.write_bytes(b"scribble" * 4096)


def without_facts(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("delete from blob where id like '%python'")
    db.commit()
    db.close()


def garbled(path: Path, table: str, column: str) -> None:
    db = sqlite3.connect(path)
    db.execute(f"update {table} set {column} = x'00'")
    db.commit()
    db.close()


def other_schema(path: Path) -> None:
    said = json.loads(path.read_bytes())
    path.write_text(json.dumps(said | {"schema": 999}))


SHARD = "shard-1.safetensors"


def changed(**change: Callable[[np.ndarray], np.ndarray | None]) -> Callable[[Path], None]:
    """Harm that changes arrays of the shard, or with None takes them away."""

    def harm(root: Path) -> None:
        path = folder(root) / SHARD
        old = arrays.Arrays(path)
        data = {n: np.array(old[n]) for n in old.names()}
        for name, with_what in change.items():
            made = with_what(data.pop(name.replace("__", ".")))
            data |= {} if made is None else {name.replace("__", "."): made}
        meta = old.meta
        arrays.write(path, data, meta)

    return harm


BREAK: dict[str, tuple[Callable[[Path], object], str]] = {
    "shard gone": (lambda r: (folder(r) / SHARD).unlink(), SHARD),
    "shard cut": (lambda r: cut(folder(r) / SHARD), "cut short"),
    "shard scribbled": (lambda r: scribble(folder(r) / SHARD), SHARD),
    "shard empty": (lambda r: (folder(r) / SHARD).write_bytes(b""), SHARD),
    "array gone": (changed(commit_times=lambda a: None), "lacks"),
    "posting gone": (changed(units__docs=lambda a: a[:-1]), "wrong size"),
    "posting astray": (changed(heads__docs=lambda a: a + np.uint32(9)), "aren't there"),
    "snapshot astray": (changed(snap0__paths=lambda a: a + np.uint32(9)), "names what isn't there"),
    "store gone": (lambda r: (folder(r) / "blobs.sqlite").unlink(), "blobs.sqlite"),
    "store cut": (lambda r: cut(folder(r) / "blobs.sqlite"), "blobs.sqlite"),
    "store scribbled": (lambda r: scribble(folder(r) / "blobs.sqlite"), "blobs.sqlite"),
    "facts gone": (lambda r: without_facts(folder(r) / "blobs.sqlite"), "lacks 2 files of the head"),
    "facts garbled": (lambda r: garbled(folder(r) / "blobs.sqlite", "pack", "data"), "no facts of"),
    "commits garbled": (lambda r: garbled(folder(r) / "blobs.sqlite", "history", "commits"), "cannot read"),
    "notes garbled": (lambda r: garbled(folder(r) / "blobs.sqlite", "note", "texts"), "cannot read"),
    "state scribbled": (lambda r: scribble(folder(r) / "repo.json"), "repo.json"),
    "state gone": (lambda r: (folder(r) / "repo.json").unlink(), "never finished"),
    "parts left": (lambda r: (folder(r) / f"{SHARD}.99.part").write_bytes(b"x" * 99), "killed run"),
    "a folder left": (lambda r: (r / "repos" / "torn-123456").mkdir(), "never finished"),
    "manifest scribbled": (lambda r: scribble(r / MANIFEST), MANIFEST),
    "manifest of another version": (lambda r: other_schema(r / MANIFEST), "schema 999"),
    "manifest part left": (lambda r: (r / f"{MANIFEST}.1.part").write_bytes(b"{"), "killed run"),
    "embedder scribbled": (lambda r: scribble(r / "embedder" / "lsa.safetensors"), "embedder"),
    "embedder gone": (lambda r: shutil.rmtree(r / "embedder"), "embedder"),
    "vectors gone": (lambda r: shutil.rmtree(r / "exact"), "exact is gone"),
    "vectors scribbled": (lambda r: scribble(next((r / "exact").iterdir())), "cannot read"),
    "record gone": (lambda r: (r / "vectors.json").unlink(), "not in step"),
}


def test_a_sound_index_is_sound(sound: Path) -> None:
    assert check(sound / "index") == []
    assert run("doctor", index=sound / "index").code == 0


@pytest.mark.parametrize("fault", BREAK)
def test_a_fault_is_found_and_its_command_mends_it(fault: str, root: Path, sound: Path) -> None:
    harm, said = BREAK[fault]
    harm(root)
    ran = run("doctor", index=root)
    assert ran.code == 1
    assert said in ran.out
    for _ in range(3):  # one fault may lie behind another
        findings = check(root)
        if not findings:
            break
        assert mended(findings[0], sound).code == 0, findings
    assert check(root) == []
    assert set(Index.open(root).repos) >= {"cards"}
    if fault != "state gone":
        assert len(Index.open(root).view("orders").paths) == 3


@pytest.mark.parametrize("harm", [b"\0", b"\xff", b"Zq"], ids=["zeros", "ones", "text"])
def test_a_damaged_page_inside_a_store_is_an_error_of_ours_everywhere(
    harm: bytes, sound: Path, tmp_path: Path
) -> None:
    store = folder(sound / "index") / "blobs.sqlite"
    page = 1024
    for number in range(store.stat().st_size // page):
        for words in (
            ("index", "-c", "vectors=exact"),
            ("locate", "orders are refused"),
            ("show", "orders"),
            ("doctor",),
        ):
            root = Path(shutil.copytree(sound / "index", tmp_path / "index", dirs_exist_ok=True))
            with (root / store.relative_to(sound / "index")).open("r+b") as f:
                f.seek(number * page)
                f.write((harm * page)[:page])
            ran = run(*words, index=root)
            assert ran.code in (0, 1, 3) and "Traceback" not in ran.err, (number, words, ran)
            assert ran.code == 1 or words[0] != "doctor", f"page {number} is not seen"
            shutil.rmtree(root)


def test_a_repository_that_is_gone_is_told(root: Path, sound: Path, tmp_path: Path) -> None:
    state = folder(root) / "repo.json"
    known = msgspec.json.decode(state.read_bytes())
    state.write_bytes(msgspec.json.encode(known | {"git_dir": str(tmp_path / "moved" / ".git")}))
    (finding,) = check(root)
    assert "its repository is gone" in finding.what
    assert mended(finding, sound).code == 0
    assert check(root) == []


def test_findings_as_json(root: Path) -> None:
    (folder(root) / "blobs.sqlite").unlink()
    ran = run("doctor", "--json", index=root)
    assert ran.code == 1
    (finding,) = json.loads(ran.out)
    assert finding["where"] == "orders"
    assert finding["run"] == f"bugatlas --index {root} index --rebuild orders"


@pytest.mark.slow
def test_names_of_a_strangers_index_are_printed_without_their_escapes(
    with_chroma: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(with_chroma, tmp_path / "index"))
    with closing(sqlite3.connect(root / "chroma" / "chroma.sqlite3")) as db, db:
        db.execute("update collections set name = ?1 || name", ("\x1b]0;owned\a\x1b[31m",))
    for path in (root / "chroma").rglob("data_level0.bin"):
        cut(path)
    ran = run("doctor", index=root, tty=True)
    assert (ran.code, "owned" in ran.out) == (1, True)
    assert ran.out.replace("\n", "").isprintable()


def test_what_another_process_is_writing_is_no_fault(root: Path) -> None:
    (folder(root) / "shard-2.safetensors.1.part").write_bytes(b"half")
    with Index.open(root).writing():
        assert check(root) == []
    assert len(check(root)) == 1


def test_doctor_changes_nothing(root: Path) -> None:
    scribble(folder(root) / "shard-1.safetensors")
    cut(folder(root, "cards") / "blobs.sqlite")
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    run("doctor", index=root)
    assert before == {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_no_index_is_an_error_that_says_so(tmp_path: Path) -> None:
    ran = run("doctor", index=tmp_path / "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert "no index at" in ran.err


def test_the_other_repository_can_still_be_asked(root: Path) -> None:
    scribble(folder(root) / "shard-1.safetensors")
    ran = run("locate", "--repo", "cards", "Charge fails", index=root)
    assert "cards.go" in ran.out
    assert Store(folder(root, "cards") / "blobs.sqlite").fault() == ""


def test_what_a_failed_rebuild_left_is_seen_and_goes(sound: Path, root: Path) -> None:
    folder = Index.open(root).folder("orders")
    for name in ("blobs-9.sqlite", "blobs-9.sqlite-journal", "shard-9.safetensors"):
        (folder / name).write_bytes(b"half")
    found = [f for f in check(root) if f.where == "orders"]
    assert ["3 files" in f.what for f in found] == [True], found
    assert mended(found[0], sound).code == 0
    assert not [f for f in check(root) if f.where == "orders"]
    assert not (folder / "blobs-9.sqlite").exists()


@pytest.fixture(scope="module")
def with_chroma(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("chroma") / "index"
    assert run("index", str(sound / "repos"), index=root).code == 0
    return root


@pytest.mark.parametrize("how", ["half", "gone"])
@pytest.mark.parametrize(
    "name", ["data_level0.bin", "link_lists.bin", "index_metadata.pickle", "chroma.sqlite3"]
)
def test_a_file_of_chroma_that_is_cut_or_gone_is_found_and_mended(
    name: str, how: str, with_chroma: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(with_chroma, tmp_path / "index"))
    assert check(root) == []
    for path in (root / "chroma").rglob(name):
        cut(path) if how == "half" else path.unlink()
    ran = run("search", "place an order", index=root)
    assert ran.code == 0 and "src/" in ran.out, "words alone will do"
    assert run("search", "place an order", "--by", "meaning", index=root).code == 2
    found = run("doctor", index=root)
    assert (found.code, "knowledge base" in found.out) == (1, True)
    first, *_ = check(root)
    assert first.run.startswith(f"rm -rf {root}/chroma && ")
    shutil.rmtree(root / "chroma")
    assert run("index", index=root).code == 0
    assert check(root) == []


def doctor_as(root: Path, *before: str) -> list[dict[str, str]]:
    """What `bugatlas doctor` finds where it is started by another command."""
    words = [sys.executable, "-m", "bugatlas", "--index", str(root), "doctor", "--json"]
    ran = subprocess.run([*before, *words], capture_output=True, text=True, cwd=HOME)
    assert ran.returncode in (0, 1), ran.stderr
    return list(json.loads(ran.stdout))


def test_an_index_that_may_not_be_written_is_found(root: Path) -> None:
    plain = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    if plain and not shutil.which(plain[0]):
        pytest.skip("root may write everywhere")
    (folder(root) / "blobs.sqlite").chmod(0o444)
    (found,) = doctor_as(root, *plain)
    assert found["where"] == "index" and "blobs.sqlite may not be written" in found["what"]
    assert found["run"] == f"chmod -R u+rwX {root}"
    subprocess.run(shlex.split(found["run"]), check=True)
    assert doctor_as(root, *plain) == []


def test_a_mount_that_may_only_be_read_is_found(root: Path) -> None:
    mounting = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    before = ("unshare", "--mount", "sh", "-c", mounting, str(root))
    if not shutil.which("unshare") or subprocess.run([*before, "true"], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    (found,) = doctor_as(root, *before)
    assert "mounted read-only" in found["what"]
    assert found["run"] == f"mount -o remount,rw {root}"
    assert check(root) == []
