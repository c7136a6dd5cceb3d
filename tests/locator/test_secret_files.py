"""Files at which people keep secrets: no face shows a word of them, nor finds one."""

from __future__ import annotations

from pathlib import Path

import pytest
from kits.cli import run
from kits.git import make_repo
from kits.service import running

WORD = "quokkafish"
VALUE = f"{WORD}Zx81pQ77vLm29"
NAMES = (
    "prod.tfvars", "kubeconfig", ".kube/config", ".docker/config.json", "id_rsa.bak", ".envrc", "vault.yml", ".vault_pass",
    "local.settings.json", "passwords.txt", "creds.json", "auth.json", "htpasswd", ".boto", ".terraformrc", "gcp-key.json",
)  # fmt: skip
DOUBTFUL = {
    "secrets.py": f'PASSWORD = "{VALUE}"\n',
    "application-prod.yml": f"spring:\n  datasource:\n    password: {VALUE}\n",
    "appsettings.Production.json": f'{{"ConnectionPassword": "{VALUE}"}}\n',
    "settings.xml": f"<settings><server><password>{VALUE}</password></server></settings>\n",
    "gradle.properties": f"signingPassword={VALUE}\n",
    ".env": f"API_TOKEN={VALUE}\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("secrets")
    files = dict.fromkeys(NAMES, f"password = {VALUE}\n") | DOUBTFUL
    make_repo(
        root / "r",
        [{**{f"deploy/{n}": t for n, t in files.items()}, "src/pay.py": "def pay():\n    return 1\n"}],
    )
    ran = run("index", str(root / "r"), "-c", "vectors=none", index=root / "index")
    assert ran.code == 0, ran
    return root / "index"


def test_no_command_shows_them(index: Path) -> None:
    for words in (("search", f'"{WORD}"'), ("search", VALUE), ("locate", f"login fails with {VALUE}"),
                  ("show", "r", "--depth", "9"),
                  *(("show", f"r/deploy/{n}") for n in (*NAMES, *DOUBTFUL))):  # fmt: skip
        ran = run(*words, "--json", index=index)
        assert "password =" not in ran.out
        assert VALUE not in ran.out.replace(f"login fails with {VALUE}", "").replace(f'"{VALUE}"', ""), words


def test_no_route_shows_them(index: Path) -> None:
    with running(index) as (client, _):
        assert "def pay" in client.get("/v1/file", params={"repo": "r", "path": "src/pay.py"}).text
        for name in (*NAMES, *DOUBTFUL):
            path = f"deploy/{name}"
            assert WORD not in client.get("/v1/file", params={"repo": "r", "path": path}).text
            assert WORD not in client.get(f"/v1/tree/r/{path}").text


def test_no_file_of_the_index_holds_them(index: Path) -> None:
    from summaries.index.index import Index

    opened = Index.open(index)
    store, view = opened.store("r"), opened.view("r")
    assert [p for p in view.paths if p.startswith("deploy/")] == []
    assert all(WORD not in store.text(view.blob(n)) for n in range(len(view)))
