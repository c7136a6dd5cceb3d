"""Which files count, and a named reason for each one that doesn't."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.git import Git, TreeEntry
from indexer.ignore import MAX_RULES, Ignored, Rule, attribute_rules, ignore_rules, says
from summaries.types import Entry, Skip, SkipReason

IGNORE_FILE = ".bugatlasignore"
MAX_BYTES = 1_000_000
MAX_PATH = 1_000  # characters
MAX_RULE_FILE = 100_000  # bytes of an ignore or attributes file
_HEAD = 4_000  # characters in which a generator signs

LOCK_FILES = frozenset(
    """
    bun.lock bun.lockb buf.lock cargo.lock cartfile.resolved chart.lock composer.lock conan.lock
    conda-lock.yml deno.lock flake.lock gemfile.lock go.sum go.work.sum gopkg.lock gradle.lockfile
    manifest.lock mix.lock module.bazel.lock npm-shrinkwrap.json package-lock.json package.resolved
    packages.lock.json paket.lock pdm.lock pipfile.lock pixi.lock pnpm-lock.yaml podfile.lock poetry.lock
    project.assets.json pubspec.lock rebar.lock renv.lock shard.lock stack.yaml.lock uv.lock
    .terraform.lock.hcl yarn.lock
    """.split()  # noqa: SIM905
)

# Paths that linguist calls vendored (github-linguist, lib/linguist/vendor.yml), without those that often hold
# a project's own code: cache, external, docs, tests' fixtures.
_VENDORED = re.compile(
    r"""(?:^|/)(?:
        node_modules|bower_components|jspm_packages|web_modules|Pods|Carthage/Build|Godeps/_workspace|\.yarn
      | vendored|_vendor|_vendored|(?:3rd|third)[-_]?party|extern|site-packages|\.mvn/wrapper|gradle/wrapper
      | dist/(?:js|css|lib|vendor)|tiny_?mce|ckeditor|fckeditor|codemirror|ace-builds|mathjax|highlight\.js
      )/
    | (?:^|/)(?:
        (?:jquery|bootstrap|angular|backbone|d3|ember|ext-all|knockout|lodash|modernizr|moment|mootools|prototype
        |raphael|react|react-dom|require|scriptaculous|socket\.io|swfobject|three|underscore|vue|yahoo-[a-z-]+
        |zepto|handlebars|mustache|mermaid|chart|normalize|font-?awesome|materialize|foundation|tailwind
        |highlight|prettify|html5shiv|respond|polyfill|swagger-ui(?:-bundle|-standalone-preset)?)
        (?:[-._](?:v?\d[\w.]*|ui|core|custom|all|full|bundle|min|slim|migrate|validate)){1,4}\.(?:js|mjs|css)
      | jquery\.[a-z0-9._-]{1,60}\.js | gradlew(?:\.bat)? | mvnw(?:\.cmd)? | MavenWrapperDownloader\.java
      | config\.(?:guess|sub) | ltmain\.sh | aclocal\.m4 | libtool\.m4 | install-sh | \.pnp\.c?js
      )$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_VENDOR = re.compile(r"(?:^|/)vendors?/", re.IGNORECASE)
_PACKAGED = re.compile(r"(?:^|/)src/.+\.(?:java|kt|scala|groovy|cs)$")  # a package may be called vendor

_SECRET = re.compile(
    r"""(?:^|/)(?:
        \.env(?:\.[^/]+)?
      | [^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|pkcs12|tfstate)
      | id_(?:rsa|dsa|ecdsa|ed25519)
      | (?:[^/]*[-_.])?(?:credentials?|secrets?)(?:\.(?:json|ya?ml|toml|ini|cfg|conf|xml|csv|txt|enc))?
      | (?:[^/]*[-_.])?service[-_]?account\.json
      | \.npmrc | [._]netrc | \.htpasswd | \.pypirc | \.pgpass | \.dockercfg | \.git-credentials | \.s3cfg
      )$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(?:^|/)templates/|[._-](?:example|sample|template|tmpl|dist|defaults?)(?:\.[a-z0-9]+)?$", re.IGNORECASE
)
_PRIVATE_KEY = re.compile(rb"\s*-----BEGIN [A-Z ]{0,30}PRIVATE KEY")

_GENERATED_NAME = re.compile(
    r"""(?:
        \.pb(?:\.gw|\.validate)?\.(?:go|cc|h|dart|swift)
      | _(?:grpc\.)?pb\.(?:js|d\.ts) | _pb2(?:_grpc)?\.pyi? | \.pb-c\.[ch]
      | \.(?:g|freezed|gr|mocks)\.dart | \.designer\.(?:cs|vb) | \.g(?:\.i)?\.cs | \.generated\.[a-z]{1,5}
      | (?:^|/)zz_generated\.[^/]*\.go | (?:^|/)(?:bindata|y\.tab)\.(?:go|c|h)
      )$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SIGNED = re.compile(
    r"""\bgenerated\b[^\n]{0,200}\bdo\ not\ (?:edit|modify)
      | \bdo\ not\ (?:edit|modify)\b[^\n]{0,200}\bgenerated
      | (?<![\w"'`])@generated(?![\w("'`])
      | \bgenerated\ by\ the\ protocol\ buffer\ compiler
      | \bthis\ (?:file|code|class|source|module)\ (?:is|was|has\ been)\ (?:auto-?\ ?|automatically\ )generated
      | <auto-?generated
      | ^\W{0,80}(?:auto-?|automatically\ )generated(?:\ (?:by|from|with|using|code)\b|\W*$)
      | \bgenerated\ (?:from\ [^\n]{0,200})?by:?\ (?:the\ )?(?:apache\ )?(?:thrift|antlr|avro|swig|cython
        |snowball|flatc|flatbuffers|mockgen|mockery|protoc|openapi|swagger|gnu\ bison|https?://openapi)
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_COMMENTS = ("//", "#", "/*", "*", "--", ";", "<!--", "%", '"""', "'", "REM ", "<?", "@", "{-", "(*", '"use ')
_BLOCKS = (("/*", "*/"), ("<!--", "-->"), ('"""', '"""'), ("'''", "'''"), ("{-", "-}"), ("(*", "*)"))

_MINIFIED_NAME = re.compile(
    r"[.-]min\.(?:js|mjs|cjs|css)$|\.(?:bundle|chunk)\.js$|\.(?:js|css)\.map$", re.IGNORECASE
)
_MINIFIABLE = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".css", ".html", ".htm", ".json", ".svg", ".xml")
_LONG_LINES = 300  # characters on average
_MINIFIABLE_FROM = 2_000  # characters


def choose(
    git: Git, tree: Iterable[TreeEntry], max_bytes: int = MAX_BYTES
) -> tuple[tuple[Entry, ...], tuple[Skip, ...]]:
    """The files of a tree to read, and those that their path, kind or size rules out.

    Ignore files (`.bugatlasignore`, in any folder, gitignore syntax) and `.gitattributes` (linguist-vendored,
    linguist-generated) are read from the tree itself. An attribute that is cleared there overrules the signs
    of a vendored path. `max_bytes` is a file's size limit.
    """
    from indexer.languages import language_of

    files = {entry.path: entry for entry in tree}  # a crafted tree can hold a name twice
    ignored, vendored, generated = _rules(git, files)

    def reason(entry: TreeEntry) -> SkipReason | None:
        path = entry.path
        if entry.mode == "160000" or entry.type != "blob":
            return SkipReason.SUBMODULE
        if entry.mode == "120000":
            return SkipReason.SYMLINK
        if len(path) > MAX_PATH or not {"", ".", ".."}.isdisjoint(path.split("/")):
            return SkipReason.UNREADABLE
        if is_secret(path):
            return SkipReason.SECRET
        if ignored and ignored(path):
            return SkipReason.IGNORED
        vendor = says(vendored, path)
        if is_vendored(path) if vendor is None else vendor:
            return SkipReason.VENDORED
        if says(generated, path):
            return SkipReason.GENERATED
        if path.rpartition("/")[2].lower() in LOCK_FILES:
            return SkipReason.LOCK_FILE
        if language_of(path) is None:
            return SkipReason.NOT_SOURCE
        if entry.size < 0:
            return SkipReason.UNREADABLE
        return SkipReason.TOO_LARGE if entry.size > max_bytes else None

    entries, skips = [], []
    for entry in files.values():
        if why := reason(entry):
            skips.append(Skip(entry.path, why))
        else:
            entries.append(Entry(entry.path, entry.blob))
    return tuple(entries), tuple(skips)


def inspect(path: str, data: bytes) -> str | SkipReason:
    """A file's text with lines ending in a line feed, or why its content rules it out.

    Binary is a NUL among the first 8,000 bytes, as git has it, unless a byte order mark says UTF-16 or
    UTF-32. Text that isn't UTF-8 is read as Windows-1252 when that makes nearly all of it printable.
    """
    if _PRIVATE_KEY.match(data):
        return SkipReason.SECRET
    text = _decoded(data)
    if isinstance(text, SkipReason):
        return text
    text = text.replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")  # the lines of an old Macintosh
    if is_generated(path, text):
        return SkipReason.GENERATED
    return SkipReason.MINIFIED if is_minified(path, text) else text


def is_secret(path: str) -> bool:
    """Whether a path is one at which people keep keys and passwords. Examples and templates are not."""
    return bool(_SECRET.search(path)) and not _HARMLESS.search(path)


def is_vendored(path: str) -> bool:
    """Whether a path is one at which people keep other people's code."""
    return bool(_VENDORED.search(path) or (_VENDOR.search(path) and not _PACKAGED.search(path)))


def is_generated(path: str, text: str) -> bool:
    """Whether a generator signed the file in the comments at its top, or its name says so.

    Only there: programs that generate code hold the same words further down. "Generated by" alone is no
    signature, since people edit what starts like that (database migrations).
    """
    return bool(_GENERATED_NAME.search(path) or _SIGNED.search(_preamble(text)))


def is_minified(path: str, text: str) -> bool:
    """Whether the file was written for machines: by name, or by lines of over 300 characters on average."""
    if _MINIFIED_NAME.search(path):
        return True
    if len(text) < _MINIFIABLE_FROM or not path.lower().endswith(_MINIFIABLE):
        return False
    return len(text) / (text.count("\n") + 1) > _LONG_LINES


def _preamble(text: str) -> str:
    """The comments before the first line of code, within the first 4,000 characters."""
    lines, end = [], ""
    for line in text[:_HEAD].split("\n"):
        bare = line.strip()
        if end:
            end = "" if end in bare else end
        elif bare and not bare.startswith(_COMMENTS):
            break
        else:
            end = next((b for a, b in _BLOCKS if bare.startswith(a) and b not in bare[len(a) :]), "")
        lines.append(line)
    return "\n".join(lines)


def _rules(git: Git, files: dict[str, TreeEntry]) -> tuple[Ignored | None, list[Rule], list[Rule]]:
    """What the tree's own ignore and attributes files say, those of deeper folders last."""
    ignores: list[Rule] = []
    vendored: list[Rule] = []
    generated: list[Rule] = []
    named = {
        entry.path: entry.blob
        for entry in files.values()
        if entry.path.rpartition("/")[2] in (IGNORE_FILE, ".gitattributes")
        and entry.mode.startswith("100")
        and 0 < entry.size <= MAX_RULE_FILE
    }
    paths = sorted(named, key=lambda path: (path.count("/"), path))
    for path, (_, data) in zip(paths, git.blobs(named[path] for path in paths), strict=True):
        folder, slash, name = path.rpartition("/")
        text = (data or b"").decode("utf-8", "replace")
        if name == IGNORE_FILE:
            ignores += ignore_rules(folder + slash, text)
        else:
            vendored += attribute_rules(folder + slash, text, "linguist-vendored")
            generated += attribute_rules(folder + slash, text, "linguist-generated")
    ignored = Ignored(ignores[:MAX_RULES]) if ignores else None
    return ignored, vendored[:MAX_RULES], generated[:MAX_RULES]


def _decoded(data: bytes) -> str | SkipReason:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data.decode(encoding, "replace").removeprefix("\ufeff")
            return text if _readable(text) else SkipReason.NOT_TEXT
    if b"\0" in data[:8000]:
        return SkipReason.BINARY
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _repaired(data)


def _repaired(data: bytes) -> str | SkipReason:
    """Text that is nearly UTF-8 keeps all of it that is; other text is taken for Windows-1252."""
    text = data.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    if sum(map(len, _NOT_ASCII.findall(text))) < 2 * lost:
        text = data.decode("cp1252", "replace")
        text = data.decode("latin-1") if "\ufffd" in text else text
    return text if _readable(text) else SkipReason.NOT_TEXT


def _readable(text: str) -> bool:
    """Over 95 % printable. Counts by runs, since text is mostly that."""
    return 20 * sum(map(len, _UNPRINTABLE.findall(text))) <= len(text)


_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd\ufdd0-\ufdef\uffff]+")
