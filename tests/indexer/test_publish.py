"""Published indexes: on folders and on S3, read whole whatever goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kits.cli import run
from kits.git import git, make_repo

from indexer.build import build
from indexer.publish import publish, sweep, withdraw
from indexer.sources.discover import Source
from locator.locate import locate
from summaries.errors import BugatlasError, IndexDamaged, IndexError_, UsageError
from summaries.index.attached import MARK, attach, attached, pull
from summaries.index.index import Index
from summaries.index.remote import HeadName, Remote, digest

pytestmark = pytest.mark.slow

ORDERS = {"orders.py": 'def place_order():\n    raise Rejected("basket is empty")\n'}
STOCK = {"stock.py": "def reserve_stock():\n    return 1\n"}
REPORT = "Placing an order says basket is empty"


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A server that speaks S3, and a bucket."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    import fsspec

    about = {"key": "test", "secret": "test", "endpoint_url": f"http://{host}:{port}"}
    before = fsspec.config.conf.get("s3")
    fsspec.config.conf["s3"] = about
    fsspec.filesystem("s3").mkdir("atlas")
    yield "s3://atlas"
    server.stop()
    fsspec.config.conf["s3"] = before or {}


@pytest.fixture(params=["folder", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "shared")
    return f"{request.getfixturevalue('s3')}/{tmp_path.name}"


def source(tmp_path: Path, name: str) -> Source:
    return Source(f"shop/{name}", tmp_path / name / ".git")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index of two repositories."""
    for name, files in (("orders", ORDERS), ("stock", STOCK)):
        make_repo(tmp_path / name, [files])
    return indexed(tmp_path, tmp_path / "index", "orders", "stock")


def indexed(tmp_path: Path, root: Path, *names: str) -> Path:
    report = build(root, [source(tmp_path, n) for n in names], workers=1)
    assert not report.failed
    return root


def change(tmp_path: Path, text: str = "def cancel_order():\n    pass\n") -> None:
    """One more commit of orders."""
    path = tmp_path / "orders"
    git(path, "reset", "-q", "--hard")
    (path / "cancel.py").write_text(text)
    git(path, "add", "-A")
    git(path, "commit", "-qm", "Cancel")


def reader(tmp_path: Path, url: str, **more: float) -> Path:
    root = tmp_path / f"reader{len(list(tmp_path.glob('reader*')))}"
    attach(root, url, **{"every": 0.0} | more)  # type: ignore[arg-type]
    return root


def files(root: Path) -> set[str]:
    index = Index.open(root)
    return {p for n in index.repos for p in index.view(n).paths}


def test_a_reader_answers_as_the_publisher_does(root: Path, url: str, tmp_path: Path) -> None:
    assert {p.what for p in publish(root, url)} == {"published"}
    mine, theirs = Index.open(root), Index.open(reader(tmp_path, url))
    ours, other = locate(mine, REPORT), locate(theirs, REPORT)
    assert (
        [f.path for f in other.files]
        == [f.path for f in ours.files]
        == ["orders.py", "stock.py"][: len(ours.files)]
    )
    assert other.files[0].excerpt == ours.files[0].excerpt
    assert {p.what for p in publish(root, url)} == {"unchanged"}


def test_news_are_seen_without_a_restart(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    index = Index.open(reader(tmp_path, url))
    before = index.view("shop/orders")
    change(tmp_path)
    publish(indexed(tmp_path, root, "orders"), url)
    end = time.monotonic() + 20
    while "cancel.py" not in index.renewed().view("shop/orders").paths:
        assert time.monotonic() < end
        index.poll()
        time.sleep(0.02)
    assert before.paths == ["orders.py"]  # whoever still reads the old state reads it whole


def test_files_come_when_they_are_needed(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    here = reader(tmp_path, url)
    assert not list(here.glob("repos/*/shard*"))
    index = Index.open(here)
    assert index.view("shop/stock").paths == ["stock.py"]
    assert [p.parent.name[:10] for p in here.glob("repos/*/shard*")] == ["shop-stock"]


def test_files_that_outgrow_their_room_go(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    here = reader(tmp_path, url, room=1)
    index = Index.open(here)
    assert [index.view(n).paths for n in index.repos] == [["orders.py"], ["stock.py"]]
    assert len(list(here.glob("repos/*/shard*"))) == 1
    assert files(here) == {"orders.py", "stock.py"}


def test_half_a_shard_is_never_read(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    early = reader(tmp_path, url)
    assert files(early) == {"orders.py", "stock.py"}
    remote = Remote(url)
    (shard,) = (p for p in remote.fs.find(remote.at("data")) if "orders-" in p and "/shard-" in p)
    remote.fs.pipe_file(shard, remote.fs.cat_file(shard)[:1000])
    late = Index.open(reader(tmp_path, url))
    assert late.view("shop/stock").paths == ["stock.py"]
    with pytest.raises(IndexDamaged, match="not whole"):
        late.view("shop/orders")
    assert not list(late.root.glob("repos/*/*.part"))
    assert files(early) == {"orders.py", "stock.py"}
    change(tmp_path)
    publish(indexed(tmp_path, root, "orders"), url)
    assert files(late.root) == {"orders.py", "cancel.py", "stock.py"}


def test_half_a_head_changes_nothing(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    here = reader(tmp_path, url)
    remote = Remote(url)
    (now,) = (h for h in remote.heads().values() if "orders" in h.slug)
    data = remote.fs.cat_file(remote.at("heads", now.file))
    torn = HeadName(now.slug, now.generation + 1, digest(data + b" "))
    remote.fs.pipe_file(remote.at("heads", torn.file), data[:40])
    assert [why for why in pull(here).values() if "not whole" in why]
    assert files(here) == {"orders.py", "stock.py"}
    change(tmp_path)
    assert publish(indexed(tmp_path, root, "orders"), url)[0].generation == torn.generation + 1
    assert "cancel.py" in files(here)


@pytest.mark.parametrize("field", ["shard", "store", "name"])
def test_a_head_cannot_name_what_is_not_its_own(root: Path, tmp_path: Path, field: str) -> None:
    url = str(tmp_path / "shared")
    publish(root, url)
    import msgspec

    remote = Remote(url)
    (now,) = (h for h in remote.heads().values() if "orders" in h.slug)
    state = msgspec.to_builtins(remote.state(now)) | {field: "../../../secret"}
    data = msgspec.json.encode(state)
    (tmp_path / "shared" / "heads" / HeadName(now.slug, 9, digest(data)).file).write_bytes(data)
    here = tmp_path / "reader"
    attach(here, url)
    assert list(Index.open(here).repos) == ["shop/stock"]


def test_the_folder_goes_away(root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shared = tmp_path / "shared"
    publish(root, str(shared))
    here = reader(tmp_path, str(shared))
    assert files(here) == {"orders.py", "stock.py"}
    shared.rename(tmp_path / "away")
    assert files(here) == {"orders.py", "stock.py"}
    assert "going on with what is here" in caplog.text
    shared.mkdir()  # a mount point without its mount
    assert files(here) == {"orders.py", "stock.py"}
    with pytest.raises(IndexError_):
        pull(here)
    with pytest.raises(IndexError_):
        attach(tmp_path / "new", str(shared))
    shared.rmdir()
    (tmp_path / "away").rename(shared)
    change(tmp_path)
    publish(indexed(tmp_path, root, "orders"), str(shared))
    assert "cancel.py" in files(here)


def test_a_store_that_nobody_answers_for_is_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        publish(root, "nosuch://host/x")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(IndexError_, match="file"):
        publish(root, str(blocked / "below"))


def test_two_publishers_at_once(root: Path, url: str, tmp_path: Path) -> None:
    """Each has a clone of its own with a commit that the other lacks."""
    publish(root, url)
    roots = []
    for who in ("a", "b"):
        git(tmp_path, "clone", "-q", str(tmp_path / "orders"), f"home-{who}/orders")
        home = tmp_path / f"home-{who}"
        change(home, f"def cancel_{who}():\n    pass\n")
        roots.append(indexed(home, tmp_path / f"index-{who}", "orders"))
    done: dict[int, list[str]] = {}
    barrier = threading.Barrier(2)

    def go(n: int) -> None:
        barrier.wait()
        done[n] = [p.what for p in publish(roots[n], url, force=True)]

    threads = [threading.Thread(target=go, args=(n,)) for n in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum(what == ["published"] for what in done.values()) >= 1
    index = Index.open(reader(tmp_path, url))
    view = index.view("shop/orders")
    text = index.store("shop/orders").text(view.blob(view.paths.index("cancel.py")))
    assert text in ("def cancel_a():\n    pass\n", "def cancel_b():\n    pass\n")
    again = Index.open(reader(tmp_path, url))
    assert again.repos == index.repos  # the same one for everybody


def test_clocks_do_not_matter(root: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    publish(root, str(shared))
    here = reader(tmp_path, str(shared), every=3600.0)
    for path in shared.rglob("*"):
        os.utime(path, (4e9, 4e9))  # a publisher who lives in 2096
    change(tmp_path)
    publish(indexed(tmp_path, root, "orders"), str(shared))
    for path in (shared / "heads").glob("*00000002*"):
        os.utime(path, (1e9, 1e9))  # and one who lives in 2001
    assert "cancel.py" not in files(here)  # looked a moment ago
    os.utime(here / MARK, (4e9, 4e9))  # this machine's clock was put back
    assert "cancel.py" in files(here)


def test_an_older_clone_does_not_take_over(root: Path, tmp_path: Path) -> None:
    url = str(tmp_path / "shared")
    git(tmp_path, "clone", "-q", str(tmp_path / "orders"), "home/orders")
    change(tmp_path)
    publish(indexed(tmp_path, root, "orders"), url)
    old = indexed(tmp_path / "home", tmp_path / "old", "orders")
    (told,) = publish(old, url)
    assert told.failed
    assert "does not know" in told.what
    here = reader(tmp_path, url)
    assert "cancel.py" in files(here)
    assert publish(old, url, force=True)[0].what == "published"
    assert "cancel.py" not in files(here)


def test_a_killed_publisher_leaves_nothing_half(root: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    code = "import sys, pathlib, indexer.publish as p; p.publish(pathlib.Path(sys.argv[1]), sys.argv[2])"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code, str(root), str(shared)], env=env) as process:
        while process.poll() is None and not list(shared.glob("data/*/*")):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    heads = Remote(str(shared)).heads()
    if heads:
        assert len(files(reader(tmp_path, str(shared)))) == len(heads)
    publish(root, str(shared))
    assert files(reader(tmp_path, str(shared))) == {"orders.py", "stock.py"}
    sweep(str(shared), 0)
    assert not list(shared.rglob("*.part"))
    assert files(reader(tmp_path, str(shared))) == {"orders.py", "stock.py"}


def test_withdrawn_and_back(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    here = reader(tmp_path, url)
    assert [p.what for p in withdraw(url, ["shop/stock"])] == ["withdrawn"]
    assert files(here) == {"orders.py"}
    with pytest.raises(UsageError, match="shop/none"):
        withdraw(url, ["shop/none"])
    publish(root, url)
    assert files(here) == {"orders.py", "stock.py"}


def test_sweeping_leaves_what_counts(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    change(tmp_path)
    publish(indexed(tmp_path, root, "orders"), url)
    assert sweep(url) == []  # too young
    gone = sweep(url, 0)
    assert len(gone) == 4  # a head, its shard, its store, its part of the routing map
    assert all("orders" in g for g in gone)
    assert files(reader(tmp_path, url)) == {"orders.py", "cancel.py", "stock.py"}


def test_indexing_an_attached_folder_publishes(root: Path, url: str, tmp_path: Path) -> None:
    publish(root, url)
    one, two = reader(tmp_path, url), reader(tmp_path, url)
    assert files(two) == {"orders.py", "stock.py"}
    change(tmp_path)
    report = build(one, [source(tmp_path, "orders"), source(tmp_path, "stock")], workers=1)
    assert {o.repo: o.reason for o in report.outcomes} == {
        "shop/orders": "changed",
        "shop/stock": "unchanged",
    }
    assert "cancel.py" in files(one)
    assert "cancel.py" in files(two)


def test_machines_of_a_cluster_meet_in_the_store(root: Path, url: str, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    publish(root, url)
    here = reader(tmp_path, url)
    change(tmp_path)
    with distributed.LocalCluster(1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", host="127.0.0.1",
                                  protocol="tcp") as cluster:  # fmt: skip
        engine = cluster.scheduler_address
        with pytest.raises(UsageError, match="published"):
            build(root, [source(tmp_path, "orders")], engine=engine)
        report = build(here, [source(tmp_path, "orders")], engine=engine)
    assert [o.reason for o in report.outcomes] == ["changed"]
    assert "cancel.py" in files(here)


def test_commands(root: Path, tmp_path: Path) -> None:
    url, here = str(tmp_path / "shared"), tmp_path / "here"
    assert run("publish", url, index=root).out == "shop/orders: published\nshop/stock: published\n"
    assert run("attach", url, index=here).out == f"2 repositories at {url}\n"
    assert '"orders.py"' in run("locate", REPORT, "--json", index=here).out
    assert run("publish", "--withdraw", url, "shop/stock").out == "shop/stock: withdrawn\n"
    assert run("publish", "--withdraw", url).code == 2
    taken = run("attach", url, index=root)
    assert taken.code == 2
    assert "of its own" in taken.err


def test_a_folder_that_is_not_attached_pulls_nothing(root: Path) -> None:
    assert attached(root) is None
    with pytest.raises(BugatlasError, match="not attached"):
        pull(root)


def test_a_manifest_of_another_version(root: Path, tmp_path: Path) -> None:
    url = tmp_path / "shared"
    publish(root, str(url))
    (url / "bugatlas.json").write_text('{"schema": 99}')
    with pytest.raises(BugatlasError, match="schema 99"):
        attach(tmp_path / "reader", str(url))
    with pytest.raises(BugatlasError, match="schema 99"):
        publish(root, str(url))
