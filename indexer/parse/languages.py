"""Which language a file is in, by its name; and by its first lines where the name does not say.

A language is a query file in `indexer/parse/queries` and a fixture in `tests/fixtures/languages`. Languages that
are named here but have no query file (documents, configuration, templates) are read by lines or not at all.
"""

from __future__ import annotations

import re
from posixpath import basename
from typing import Final

from indexer.parse import directives
from summaries.locales import foreign
from summaries.patterns import pattern

_BY_EXTENSION = {
    extension: language
    for language, extensions in {
        "java": "java",
        "kotlin": "kt kts",
        "groovy": "groovy gradle gvy",
        "scala": "scala sc sbt",
        "python": "py pyi pyw bzl star",
        "cython": "pyx pxd pxi",
        "go": "go",
        "javascript": "js mjs cjs jsx es6",
        "typescript": "ts mts cts",
        "tsx": "tsx",
        "csharp": "cs csx",
        "c": "c h",
        "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp inl tpp ino cu cuh",
        "objc": "m mm",
        "rust": "rs",
        "ruby": "rb rake gemspec ru rbi",
        "php": "php phtml php5 inc",
        "swift": "swift",
        "dart": "dart",
        "lua": "lua",
        "elixir": "ex exs",
        "erlang": "erl hrl",
        "haskell": "hs",
        "clojure": "clj cljs cljc",
        "fsharp": "fs fsx",
        "perl": "pl pm",
        "r": "r",
        "julia": "jl",
        "fortran": "f90 f95 f03 f for",
        "zig": "zig",
        "proto": "proto",
        "thrift": "thrift",
        "graphql": "graphql graphqls gql",
        "sql": "sql ddl pls plsql pks pkb",
        "shell": "sh bash zsh ksh bats fish ash dash command postinst preinst postrm prerm ebuild",
        "powershell": "ps1 psm1 psd1",
        "batch": "bat cmd",
        "yaml": "yaml yml",
        "properties": "properties ini cfg conf env service socket timer mount desktop editorconfig strings",
        "toml": "toml",
        "json": "json json5 jsonc webmanifest arb",
        "xml": "xml xsd wsdl xsl xslt csproj fsproj vbproj props targets config plist xaml axaml nuspec vcxproj "
        "resx storyboard xib xlf xliff stringsdict",
        "solution": "sln",
        "html": "html htm xhtml cshtml razor jsp jspx erb ejs hbs mustache handlebars ftl ftlh ftlx j2 jinja "
        "jinja2 twig tmpl gohtml liquid mjml njk nunjucks heex eex leex astro aspx ascx rhtml latte mako",
        "template": "tpl gotmpl gotpl vm tt",
        "haml": "haml hamlc",
        "slim": "slim slimbars",
        "pug": "pug jade",
        "vue": "vue",
        "svelte": "svelte",
        "css": "css scss sass less pcss postcss sss styl stylus",
        "hcl": "tf tfvars hcl nomad tofu",
        "jsonnet": "jsonnet libsonnet",
        "cue": "cue",
        "rego": "rego",
        "bicep": "bicep bicepparam",
        "nix": "nix",
        "dhall": "dhall",
        "caddyfile": "caddyfile",
        "vcl": "vcl",
        "cabal": "cabal",
        "nim": "nim nimble nims",
        "gettext": "po pot",
        "ocaml": "ml mli",
        "elm": "elm",
        "crystal": "cr",
        "solidity": "sol",
        "awk": "awk",
        "tcl": "tcl",
        "vim": "vim",
        "cmake": "cmake",
        "makefile": "mk mak",
        "dockerfile": "dockerfile",
        "markdown": "md markdown mdx",
        "rst": "rst",
        "text": "txt adoc asciidoc org",
    }.items()
    for extension in extensions.split()
}

_BY_NAME = {
    name: language
    for language, names in {
        "go module": "go.mod go.work",
        "dockerfile": "dockerfile containerfile",
        "makefile": "makefile gnumakefile justfile",
        "cmake": "cmakelists.txt",
        "groovy": "jenkinsfile",
        "ruby": "rakefile gemfile vagrantfile podfile guardfile capfile fastfile appfile brewfile dangerfile "
        "thorfile berksfile puppetfile config.ru",
        "python": "build build.bazel workspace workspace.bazel module.bazel sconstruct sconscript wscript tiltfile",
        "shell": ".bashrc .bash_profile .profile .zshrc .envrc pkgbuild",
        "properties": ".env .editorconfig .flake8 .pylintrc .coveragerc .npmrc pipfile procfile",
        "json": ".babelrc .eslintrc .prettierrc .stylelintrc .swcrc",
        "nginx": "nginx.conf",
        "apache": ".htaccess httpd.conf apache2.conf",
        "haproxy": "haproxy.cfg haproxy.conf",
        "caddyfile": "caddyfile",
        "text": "readme changelog changes news history",
    }.items()
    for name in names.split()
}
DOCUMENTS = frozenset({"markdown", "rst", "text"})
TRANSLATION: Final = "translation"
"""Texts in another language than English: none of them is code, a system may have a hundred, and only words count."""

_INTERPRETERS = (
    ("python", "python"),
    ("node", "javascript"),
    ("deno", "typescript"),
    ("ruby", "ruby"),
    ("php", "php"),
    ("pwsh", "powershell"),
    ("tclsh", "tcl"),
    ("awk", "awk"),
    ("gawk", "awk"),
    ("nodejs", "javascript"),
    ("bun", "typescript"),
    ("ts-node", "typescript"),
    ("tsx", "typescript"),
    ("elixir", "elixir"),
    ("escript", "erlang"),
    ("julia", "julia"),
    ("pypy", "python"),
    ("uv", "python"),
    ("fish", "shell"),
    ("perl", "perl"),
    ("lua", "lua"),
    ("groovy", "groovy"),
    ("kotlin", "kotlin"),
    ("scala", "scala"),
    ("make", "makefile"),
    ("rscript", "r"),
    ("bash", "shell"),
    ("zsh", "shell"),
    ("ksh", "shell"),
    ("dash", "shell"),
    ("ash", "shell"),
    ("sh", "shell"),
)
_CPP_HEADER = re.compile(
    r"^[ \t]*(?:class\s+\w+[^;(]{0,200}[{:]|namespace\b|template\s*<|using\s+namespace"
    r"|(?:public|private|protected)\s*:|#\s*include\s*<(?:vector|string|memory|map|iostream|functional|array)>)"
    r"|\bstd::",
    re.MULTILINE,
)
_PROGRAMMED = frozenset({"javascript", "typescript", "php", "ruby"})
# A function among the texts, such as one that says which plural a number takes. `=>` alone is an array's in PHP.
_STATEMENT = pattern(
    r"(?:^|[=:(,;{}]|\b(?:export|default|return|async|static|public|private))[ \t]{0,40}"
    r"(?:function\b[ \t]{0,8}\w{0,80}[ \t]{0,8}\(|class[ \t]+\w|def[ \t]+\w|lambda\b)"
    r"|[\w)][ \t]{0,8}=>[ \t]{0,8}(?:\{|[\w.]{1,80}[ \t]{0,8}[(?=<>!+*/%])"
    r"|\w\([\w, ]{0,80}\)[ \t]{0,8}\{|->[ \t]{0,8}(?:\([\w, ]{0,80}\)[ \t]{0,8})?\{",
    re.MULTILINE,
)
# Fluent's texts, whose files end as FreeMarker's templates do: comments, then `key = text` (projectfluent.org).
_FLUENT = pattern(r"(?:[ \t]{0,80}(?:#[^\n]{0,2000})?\r?\n){0,400}-?[a-zA-Z][\w-]{0,120}[ ]{0,20}=")
_HEAD = 50_000  # characters of a file looked at when its name leaves its language open


_FAMILIES = (".env", "dockerfile", "containerfile", "makefile", "jenkinsfile", "caddyfile")
"""Names that stand before what tells one file from the next: `Dockerfile.arm64`, `.env.production`."""

_MARKUP = frozenset({"html", "template", "haml", "slim", "pug"})
_OPAQUE = frozenset(  # further extensions by which a file is not what the extension before says
    "gz bz2 xz zst zip 7z br lz4 tgz tar map snap orig rej bak swp old lock log sig asc md5 sha1 sha256 sha512 "
    "png jpg jpeg gif svg ico webp pdf license licence patch diff out golden expected actual sha".split()
)
_FURTHER: Final = 2  # extensions looked at behind a known one
_LONGEST: Final = 12  # letters of one


def language_of(path: str) -> str | None:
    """The language of a file by its name alone; None if it is no source, configuration or document.

    A further extension behind a known one changes nothing, `totals.sql.postgres` is SQL; and neither does that
    of a template where the one before says what is made from it, `nginx.conf.j2` and `values.yaml.gotmpl`.
    """
    name = basename(path).lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return "makefile" if name.startswith("makefile") else None
    if stem.startswith(_FAMILIES):
        family = _BY_NAME.get(stem.split(".")[0] or ".env")
        if family:
            return family
    language = _BY_EXTENSION.get(extension)
    if language and foreign(path):
        return TRANSLATION
    if language in _MARKUP or language is None:
        if language is None and extension in _OPAQUE:
            return None
        plain = basename(path).rpartition(".")[2]
        made = (
            _inner_language(stem) if plain.islower() and len(plain) <= _LONGEST else None
        )  # no name of a class
        return made if made and (language is None or made not in _MARKUP) else language
    return language


def _inner_language(stem: str) -> str | None:
    """The language that a name without its last extension tells."""
    for _ in range(_FURTHER):
        if stem in _BY_NAME:
            return _BY_NAME[stem]
        stem, dot, extension = stem.rpartition(".")
        if not dot or extension in _OPAQUE:
            return None
        if language := _BY_EXTENSION.get(extension):
            return language if stem else None
    return None


def may_be_script(path: str, executable: bool) -> bool:
    """Whether the first line of a file has to say what it is: a program, or what lies among programs."""
    folders, _, name = path.rpartition("/")
    return "." not in name and (executable or not _PROGRAMS.isdisjoint(folders.lower().split("/")))


_PROGRAMS = frozenset({"bin", "sbin", "libexec", "scripts", "script", "cgi-bin", "hooks", "exe"})


def refine(path: str, text: str) -> str | None:
    """The language of a file by its name and, where that leaves it open, by what is in it."""
    language = language_of(path)
    if language == TRANSLATION:
        own = _BY_EXTENSION[path.rpartition(".")[2].lower()]
        return own if own in _PROGRAMMED and _STATEMENT.search(text) else language
    if language is None and "." not in basename(path).lstrip("."):
        return by_first_line(text)
    if language == "c" and path.endswith((".h", ".H")) and _CPP_HEADER.search(text[:_HEAD]):
        return "cpp"
    if (
        language == "objc"
        and path.endswith(".m")
        and not re.search(r"^\s*(?:[@#]|//)", text[:_HEAD], re.MULTILINE)
    ):
        return "matlab"
    if language == "html" and path.endswith(".ftl") and _FLUENT.match(text[:_HEAD]):
        return "properties"
    if language == "properties":
        return directives.dialect(path, text[:_HEAD]) or language
    return language


def by_first_line(text: str) -> str | None:
    """The language of the interpreter that a script's first line names (`#!/usr/bin/env -S python3 -u`)."""
    if not text.startswith("#!"):
        return None
    words = text[2:200].split("\n", 1)[0].lower().split()
    if words and basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    program = basename(words[0]) if words else ""
    return next((language for prefix, language in _INTERPRETERS if program.startswith(prefix)), None)
