"""Signs by which a file is a secret, someone else's, a program's output, or not meant for people."""

from __future__ import annotations

import re

_HEAD = 4_000  # characters in which a generator signs

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
      | \bthis\ (?:file|code|class|source|module)\ (?:is|was|has\ been)\ (?:auto-?|automatically\ )generated
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
_SCRIPTS = (".js", ".mjs", ".cjs")
_MINIFIABLE = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".css", ".html", ".htm", ".json", ".svg", ".xml")
_BUNDLED = re.compile(  # how a script begins that a bundler wrote: webpack's chunks and entries, Parcel's
    r"""(?:"use\ strict";\s*)?\(?(?:window|self|globalThis|this)\["webpack(?:Jsonp|Chunk)
      | /\*{3,}/[^\n]{0,80}//\ webpackBootstrap$
      | //\ modules\ are\ defined\ as\ an\ array$
    """,
    re.VERBOSE | re.MULTILINE,
)
_LONG_LINES = 300  # characters on average
_MINIFIABLE_FROM = 2_000  # characters


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
    if _GENERATED_NAME.search(path):
        return True
    said = _preamble(text)
    return "generated" in said.lower() and bool(_SIGNED.search(said))


def is_minified(path: str, text: str) -> bool:
    """Whether the file was written for machines: by name, as a bundle, or by lines of over 300 characters on average."""
    if _MINIFIED_NAME.search(path):
        return True
    if path.lower().endswith(_SCRIPTS) and _BUNDLED.match(text.lstrip()):
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
