"""Which files count: every reason, and what is no reason."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.git import Content, Link, Module, loose, make_repo

from indexer.files.choose import MAX_BYTES, choose, inspect
from indexer.files.secrets import is_secret, may_hold_secret
from indexer.files.signs import is_generated, is_vendored
from indexer.git.git import Git
from summaries.types import SkipReason


def chosen(path: Path, files: dict[str, Content], **more: int) -> dict[str, SkipReason | None]:
    (sha,) = make_repo(path, [files])
    with Git(path) as repo:
        entries, skips, _ = choose(repo, repo.tree(sha), **more)
    out: dict[str, SkipReason | None] = {entry.path: None for entry in entries}
    out |= {skip.path: skip.reason for skip in skips}
    assert len(out) == len(entries) + len(skips) == len(files)
    return out


def test_reasons_by_path(tmp_path: Path) -> None:
    expected = {
        "src/a.py": None,
        "README.md": None,
        "conf/app.yaml": None,
        "link.py": SkipReason.SYMLINK,
        "loop": SkipReason.SYMLINK,
        "lib/sub": SkipReason.SUBMODULE,
        "vendor/x/y.go": SkipReason.VENDORED,
        "web/node_modules/left/index.js": SkipReason.VENDORED,
        "web/jquery-3.1.js": SkipReason.VENDORED,
        "go.sum": SkipReason.LOCK_FILE,
        "web/package-lock.json": SkipReason.LOCK_FILE,
        ".env": None,  # nothing is known of what stands in it
        ".npmrc": SkipReason.SECRET,
        "certs/server.pem": SkipReason.SECRET,
        "logo.png": SkipReason.NOT_SOURCE,
        "big.py": SkipReason.TOO_LARGE,
        "edge.py": None,
    }
    files: dict[str, Content] = dict.fromkeys(expected, "x = 1\n")
    files |= {"link.py": Link("src/a.py"), "loop": Link("loop"), "lib/sub": Module("1" * 40)}
    files |= {"big.py": "#" * 101, "edge.py": "#" * 100}
    assert chosen(tmp_path, files, max_bytes=100) == expected


def test_a_megabyte_is_the_limit_unless_told(tmp_path: Path) -> None:
    files: dict[str, Content] = {"a.py": "#" * MAX_BYTES, "b.py": "#" * (MAX_BYTES + 1)}
    assert chosen(tmp_path, files) == {"a.py": None, "b.py": SkipReason.TOO_LARGE}


def test_ignore_files(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        ".bugatlasignore": "# ours\n*.gen.py\n/build/\n!keep.gen.py\nlegacy\n",
        "src/.bugatlasignore": "!*.gen.py\nsecret_sauce.py\n/only.py\n",
        ".gitignore": "*.py\n",  # git's own say nothing about files that are tracked
        "a.gen.py": "",
        "keep.gen.py": "",
        "build/b.py": "",
        "src/build/b.py": "",
        "legacy/deep/down.py": "",
        "src/c.gen.py": "",
        "src/x/secret_sauce.py": "",
        "src/only.py": "",
        "src/x/only.py": "",
    }
    found = chosen(tmp_path, files)
    assert {path for path, why in found.items() if why is SkipReason.IGNORED} == {
        "a.gen.py",
        "build/b.py",
        "legacy/deep/down.py",
        "src/x/secret_sauce.py",
        "src/only.py",
    }


def test_attributes(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        ".gitattributes": "*.css linguist-vendored\nvendor/ours/** -linguist-vendored\n"
        "api/*.py linguist-generated=true\n*.sql -diff linguist-vendored=false\n",
        "api/.gitattributes": "hand.py linguist-generated=false\n",
        "style.css": "",
        "vendor/ours/a.go": "",
        "vendor/theirs/a.go": "",
        "api/made.py": "",
        "api/hand.py": "",
        "third_party/a.sql": "",
    }
    found = chosen(tmp_path, files)
    assert found["style.css"] == found["vendor/theirs/a.go"] == SkipReason.VENDORED
    assert found["api/made.py"] == SkipReason.GENERATED
    assert found["vendor/ours/a.go"] is found["api/hand.py"] is found["third_party/a.sql"] is None


def test_rule_files_that_are_no_such_thing(tmp_path: Path) -> None:
    """A link to elsewhere, bytes that are no text, patterns that are none: nothing is ignored."""
    files: dict[str, Content] = {
        ".bugatlasignore": Link("/etc/passwd"),
        "a/.bugatlasignore": b"\xff\xfe[\n[z-\n\\\n",
        "a/.gitattributes": b"\x00\xff linguist-vendored\n[ linguist-vendored\n",
        "b/.bugatlasignore": "*\n" * 90_000,  # over the limit
        "a/x.py": "",
        "b/x.py": "",
    }
    found = chosen(tmp_path, files)
    assert found["a/x.py"] is None
    assert found["b/x.py"] is None


def test_a_missing_blob_cannot_be_read(tmp_path: Path) -> None:
    (sha,) = make_repo(tmp_path, [{"a.py": "1", "b.py": "2", ".bugatlasignore": "a.py\n"}])
    with Git(tmp_path) as repo:
        tree = {entry.path: entry for entry in repo.tree(sha)}
        loose(tmp_path, tree["b.py"].blob).unlink()
        _, skips, _ = choose(repo, repo.tree(sha))
        assert ("b.py", SkipReason.UNREADABLE) in {(skip.path, skip.reason) for skip in skips}
        loose(tmp_path, tree[".bugatlasignore"].blob).unlink()
        entries, *_ = choose(repo, repo.tree(sha))
        assert [entry.path for entry in entries] == ["a.py"]  # nothing to say that it isn't


def test_paths_that_no_checkout_could_hold(tmp_path: Path) -> None:
    """Crafted trees: a parent folder as a name, a name twice, a name without end."""
    (sha,) = make_repo(tmp_path, [{"a.py": "1"}])
    with Git(tmp_path) as repo:
        (entry,) = repo.tree(sha)
        crafted = [
            entry,
            entry,
            *(entry._replace(path=p) for p in ("../a.py", "x//y.py", "./a.py", "a/" * 600 + "b.py")),
        ]
        entries, skips, _ = choose(repo, crafted)
    assert [entry.path for entry in entries] == ["a.py"]
    assert {skip.reason for skip in skips} == {SkipReason.UNREADABLE}
    assert len(skips) == 4


SECRET = """
    x.pem x.KEY id_rsa id_ed25519 id_rsa.bak x.p12 x.jks credentials prod.tfvars prod.tfvars.json terraform.tfstate
    aws/credentials.json gcp-credentials.json .npmrc .netrc _netrc .htpasswd htpasswd secrets.json .envrc .boto
    service-account.json kubeconfig prod-kubeconfig.yaml .kube/config .docker/config.json vault.yml .vault_pass
    passwords.txt password.txt creds.json auth.json gcp-key.json .terraformrc local.settings.json
"""
DOUBTFUL = """
    .env app/.env.production deploy/shop.env secrets.yml db-secret.yaml shop_credentials.xml secrets.py credentials.rb
    application-prod.yml appsettings.Production.json settings.xml gradle.properties wp-config.php
"""
NOT_SECRET = """
    .env.example .env.sample .env.template id_rsa.pub src/credentials/store.go keys.py auth.go password.go
    chart/templates/secrets.yaml secretstore.go monkey environment.py serviceaccount.yaml x.tfvars.example
    application.yml appsettings.json passwords.go src/auth/auth.ts config.json
"""


@pytest.mark.parametrize("path", SECRET.split())
def test_secret(path: str) -> None:
    assert is_secret(path)


@pytest.mark.parametrize("path", DOUBTFUL.split())
def test_the_content_says_if_these_are_secret(path: str) -> None:
    assert may_hold_secret(path)
    assert not is_secret(path)


@pytest.mark.parametrize("path", NOT_SECRET.split())
def test_not_secret(path: str) -> None:
    assert not is_secret(path)
    assert not may_hold_secret(path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", "PORT=80\nSHOP_DB_PASSWORD=hunter2\n"),
        (".env", "DATABASE_URL=postgres://shop:hunter2@db/shop\n"),
        (".env.production", "export API_KEY='q8s7f6'\n"),
        (".env", "AWS=AKIAABCDEFGHIJKLMNOP\n"),
        ("db-secret.yaml", "kind: Secret\ndata:\n  url: cG9zdGdyZXM6Ly8=\n"),
        ("application-prod.yml", "spring:\n  datasource:\n    password: hunter2\n"),
        ("appsettings.Production.json", '{\n  "ClientSecret": "q8s7"\n}\n'),
        ("settings.xml", "<settings>\n  <password>hunter2</password>\n</settings>\n"),
        ("gradle.properties", "signing.password=hunter2\n"),
        ("secrets.py", "STRIPE_API_KEY = 'q8s7'\n"),
        ("secrets.yml", "-----BEGIN PRIVATE KEY-----\n"),
        ("secrets.yml", "a: b\n" * 60_000),
    ],
)
def test_secrets_in_files_that_may_hold_some(path: str, text: str) -> None:
    assert inspect(path, text.encode()) == SkipReason.SECRET


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", "PORT=80\nSHOP_DB_PASSWORD=\nTOKEN=${TOKEN}\nAPI_KEY=changeme # yours\nAUTH=true\n"),
        ("db-secret.yaml", "kind: Secret\nmetadata:\n  name: db\ntype: Opaque\n"),
        ("db-secret.yaml", "kind: Secret\ndata:\n  url: {{ .Values.url | b64enc }}\n"),
        (
            "fragment_user_login_credentials.xml",
            '<EditText android:id="@+id/password" android:hint="@string/pw"/>\n',
        ),
        ("available_credentials.yaml", "object:\n  name: available_credentials\n  location: inline\n"),
        ("application-prod.yml", "spring:\n  datasource:\n    password: ${DB_PASSWORD}\n"),
        ("credentials.py", "password = settings['x']\ntoken = load(path)\nauth = (user, password)\n"),
        ("gradle.properties", "org.gradle.jvmargs=-Xmx2g\n"),
    ],
)
def test_no_secrets_in_files_that_may_hold_some(path: str, text: str) -> None:
    assert inspect(path, text.encode()) == text


@pytest.mark.parametrize(
    "piece", ["password: ", "a", "password=${", "kind: Secret\ndata:\n a: ", "x://a:b", "-", '"', "<a>"]
)
def test_secrets_are_looked_for_in_linear_time(piece: str) -> None:
    started = time.process_time()
    inspect("secrets.yml", (piece * 200_000).encode()[:200_000])
    inspect("secrets.yml", ((piece + "\n") * 200_000).encode()[:200_000])
    assert time.process_time() - started < 2


VENDORED = """
    vendor/a.go x/Vendor/a.go vendors/a.js node_modules/a/b.js third_party/a.c 3rdparty/a.c
    thirdparty/a.c ckeditor/a.js src/main/webapp/ckeditor/a.js src/static/mathjax/a.js lib/codemirror/a.js
    ios/Pods/A.m .yarn/releases/yarn.cjs bower_components/a.js pip/_vendor/a.py
    js/bootstrap.min.js js/bootstrap-4.1.2.bundle.min.js js/jquery.cookie.js gradlew dist/js/app.js
"""
NOT_VENDORED = """
    src/ckeditor/signature/plugin.js src/components/codemirror/mode.ts app/mathjax/render.py
    js/jquery.js src/main/java/org/shop/vendor/Vendor.java src/vendor.py vendor.go src/react.ts
    src/chart.js src/charts-2.ts src/external/client.py cache/store.go dist/app.js vendorlist/a.py
"""


@pytest.mark.parametrize("path", VENDORED.split())
def test_vendored(path: str) -> None:
    assert is_vendored(path)


@pytest.mark.parametrize("path", NOT_VENDORED.split())
def test_not_vendored(path: str) -> None:
    assert not is_vendored(path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.go", "// Code generated by mockery v2.1. DO NOT EDIT.\n\npackage a\n"),
        ("a.go", "//go:build linux\n\n// Copyright\n\n// Code generated by x; DO NOT EDIT.\npackage a\n"),
        ("a.py", "# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n"),
        ("a.js", "/**\n * @generated SignedSource<<x>>\n */\n"),
        ("a.cs", "//-----\n// <auto-generated>\n//     This code was generated by a tool.\n"),
        ("a.py", '"""\nThis file was automatically generated.\n"""\n'),
        ("a.h", "/* Autogenerated by Thrift Compiler (0.9)\n *\n */\n"),
        ("a.xml", '<?xml version="1.0"?>\n<!-- Auto-generated from model.xsd -->\n<a/>\n'),
        ("a.py", "# DO NOT EDIT: this is generated from the schema\n"),
        ("a.java", "// Generated from Expr.g4 by ANTLR 4.7\npackage a;\n"),
        ("x/orders.pb.go", ""),
        ("orders_pb2.py", ""),
        ("orders_pb2_grpc.py", ""),
        ("model.g.dart", ""),
        ("Form1.Designer.cs", ""),
        ("zz_generated.deepcopy.go", ""),
        ("pkg/zz_funcs.go", ""),
    ],
)
def test_generated(path: str, text: str) -> None:
    assert is_generated(path, text)
    assert inspect(path, text.encode()) == SkipReason.GENERATED


@pytest.mark.parametrize(
    "text",
    [
        "# Generated by the framework 4.2 on 2024-01-01\n\nfrom x import y\n",  # a migration: people edit these
        "# The id is auto-generated by the database\nclass A: pass\n",
        "# Keys are automatically generated if none are given.\n",
        'x = 1\nHEADER = """\n# Code generated by me. DO NOT EDIT.\n"""\n',  # a generator
        "import a\n# This file is automatically generated\n",
        "// Adds @generated() to the fields\n",
        "# Note that not all values are present in this\n# autogenerated file.\n",
        "# unregenerated do not edit\n",
        "",
    ],
)
def test_not_generated(text: str) -> None:
    assert inspect("a.py", text.encode()) == text


def test_minified() -> None:
    assert inspect("a.min.js", b"x") == SkipReason.MINIFIED
    assert inspect("a.js", b"var x=1;" * 500) == SkipReason.MINIFIED
    assert inspect("a.css", (b"a{b:c}" * 200 + b"\n") * 3) == SkipReason.MINIFIED
    assert inspect("a.js", b"var x = 1;\n" * 500) == "var x = 1;\n" * 500
    assert inspect("a.js", b"var x=1;" * 20) == "var x=1;" * 20
    assert inspect("a.py", b"x" * 5000) == "x" * 5000


@pytest.mark.parametrize(
    "begins",
    [
        '(window["webpackJsonp"] = window["webpackJsonp"] || []).push([["main"],{',
        '"use strict";\n(self["webpackChunkshop"] = self["webpackChunkshop"] || []).push([["main"],{',
        "/******/ (function(modules) { // webpackBootstrap",
        "/******/ (() => { // webpackBootstrap",
        "// modules are defined as an array\n// [ module function, map of requires ]",
    ],
)
def test_bundled(begins: str) -> None:
    text = f"\n{begins}\n  order: (module) => {{}}\n"
    assert inspect("a.js", text.encode()) == SkipReason.MINIFIED
    assert inspect("a.js", f"const bundler = 1;{text}".encode()) == f"const bundler = 1;{text}"
    assert inspect("a.py", text.encode()) == text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ""),
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\rb\r", "a\nb\n"),
        (b"a\rb\n", "a\rb\n"),
        (b"\xef\xbb\xbfa", "a"),
        ("a = 'é'".encode("utf-16"), "a = 'é'"),
        ("a = 'é'".encode("utf-16-be").join([b"\xfe\xff", b""]), "a = 'é'"),
        (b"\xff\xfe\0\0" + "a = 1".encode("utf-32-le"), "a = 1"),
        ("# Füße und Maße\n".encode("cp1252"), "# Füße und Maße\n"),
        (b"# \x93quoted\x94 text\n", "# “quoted” text\n"),
        ("# mostly fine: 日本語テキスト".encode() + b" \xff\n", "# mostly fine: 日本語テキスト �\n"),
        (b"x" * 8000 + b"\0", "x" * 8000 + "\0"),
        (b"x" * 7999 + b"\0", SkipReason.BINARY),
        (b"\x7fELF\0\0", SkipReason.BINARY),
        (b"\x80\x01\x02\x03\x04\x05" * 50, SkipReason.NOT_TEXT),
        (b"\xff\xfe" + b"\x00\xd8" * 50, SkipReason.NOT_TEXT),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMII", SkipReason.SECRET),
        (b"\n-----BEGIN PRIVATE KEY-----\n", SkipReason.SECRET),
        (b"# -----BEGIN PRIVATE KEY-----\n", "# -----BEGIN PRIVATE KEY-----\n"),
    ],
)
def test_text(data: bytes, expected: str | SkipReason) -> None:
    assert inspect("a.py", data) == expected


@given(st.binary(max_size=300), st.sampled_from(["a.py", "b.js", "", "x/.y"]))
def test_any_bytes_are_text_or_a_reason(data: bytes, path: str) -> None:
    found = inspect(path, data)
    if isinstance(found, SkipReason):
        return
    found.encode("utf-8")
    assert b"\0" not in data[:8000] or data[:2] in (b"\xff\xfe", b"\xfe\xff", b"\0\0")


@given(st.text(st.characters(exclude_characters="\0\r\ufeff", exclude_categories=["Cs"]), max_size=200))
def test_text_keeps_its_lines(text: str) -> None:
    found = inspect("a.txt", text.encode())
    assert found == text or isinstance(found, SkipReason)
    windows = inspect("a.txt", text.replace("\n", "\r\n").encode())
    assert windows == found
