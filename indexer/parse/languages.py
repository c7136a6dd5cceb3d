"""Which language a file is in, by its name; and by its first lines where the name does not say.

A language is a query file in `indexer/parse/queries` and a fixture in `tests/fixtures/languages`. Languages that
are named here but have no query file (documents, configuration, templates) are read by lines or not at all.
"""

from __future__ import annotations

import re
from posixpath import basename

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
        "shell": "sh bash zsh ksh bats",
        "powershell": "ps1 psm1",
        "batch": "bat cmd",
        "yaml": "yaml yml",
        "properties": "properties ini cfg conf env",
        "toml": "toml",
        "json": "json json5 jsonc webmanifest",
        "xml": "xml xsd wsdl xsl xslt csproj fsproj vbproj props targets config plist xaml",
        "html": "html htm xhtml cshtml razor jsp jspx erb ejs hbs mustache ftl j2 jinja jinja2 twig tmpl",
        "vue": "vue",
        "svelte": "svelte",
        "css": "css scss sass less",
        "hcl": "tf tfvars hcl",
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
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "makefile": "makefile",
    "gnumakefile": "makefile",
    "cmakelists.txt": "cmake",
    "jenkinsfile": "groovy",
    "rakefile": "ruby",
    "gemfile": "ruby",
    "vagrantfile": "ruby",
    "podfile": "ruby",
    "build": "python",
    "build.bazel": "python",
    "workspace": "python",
    "sconstruct": "python",
    "wscript": "python",
    ".env": "properties",
    ".bashrc": "shell",
    ".profile": "shell",
    "readme": "text",
    "changelog": "text",
    "changes": "text",
}

DOCUMENTS = frozenset({"markdown", "rst", "text"})

_INTERPRETERS = (
    ("python", "python"),
    ("node", "javascript"),
    ("deno", "typescript"),
    ("ruby", "ruby"),
    ("php", "php"),
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
_HEAD = 50_000  # characters of a file looked at when its name leaves its language open


def language_of(path: str) -> str | None:
    """The language of a file by its name alone; None if it is no source, configuration or document."""
    name = basename(path).lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return "makefile" if name.startswith("makefile") else None
    if stem.startswith(("dockerfile", ".env", "makefile", "jenkinsfile")):
        return _BY_NAME.get(stem.split(".")[0] or ".env")
    return _BY_EXTENSION.get(extension)


def refine(path: str, text: str) -> str | None:
    """The language of a file by its name and, where that leaves it open, by what is in it."""
    language = language_of(path)
    if language is None and "." not in basename(path).lstrip("."):
        return _by_shebang(text)
    if language == "c" and path.endswith((".h", ".H")) and _CPP_HEADER.search(text[:_HEAD]):
        return "cpp"
    if (
        language == "objc"
        and path.endswith(".m")
        and not re.search(r"^\s*(?:[@#]|//)", text[:_HEAD], re.MULTILINE)
    ):
        return "matlab"
    return language


def _by_shebang(text: str) -> str | None:
    if not text.startswith("#!"):
        return None
    words = text[2:200].split("\n", 1)[0].lower().split()
    if words and basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-")]
    program = basename(words[0]) if words else ""
    return next((language for prefix, language in _INTERPRETERS if program.startswith(prefix)), None)
