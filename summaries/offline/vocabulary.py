"""The roles that a file can play, and the words in file, type and directory names that say so."""

from __future__ import annotations

from typing import NamedTuple


class Role(NamedTuple):
    """A part that a file plays, in singular and plural, and the words that say so."""

    one: str
    many: str
    names: frozenset[str] = frozenset()  # a file or type whose name ends in one of these plays the part
    folders: frozenset[str] = frozenset()  # and so does a file in a directory of this name, failing all else
    title: str = "{} for {}"  # how role and subject join where the name does not say the role


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


def _role(one: str, many: str, names: str = "", folders: str = "", title: str = "{} for {}") -> Role:
    return Role(one, many, _set(names), _set(folders), title)


TEST = _role("tests", "test files", "test tests spec specs", title="{} of {}")
DOCUMENT = _role("documentation", "documents", title="{} {}")
MIGRATION = _role("database migration", "database migrations", "migration migrations", title="{} {}")
WORKFLOW = _role("continuous-integration workflow", "continuous-integration workflows", title="{} {}")
IMAGE = _role("container image definition", "container image definitions", title="{} {}")
BUILD = _role("build definition", "build definitions", title="{} {}")
SCRIPT = _role("script", "scripts", title="{} {}")
SETTINGS = _role("configuration", "configuration files", title="{} {}")
SCHEMA = _role("interface definition", "interface definitions", title="{} {}")
SQL = _role("database script", "database scripts", title="{} {}")
PAGE = _role("web page", "web pages", title="{} {}")
STYLE = _role("style sheet", "style sheets", title="{} {}")
ENTRY = _role("program entry point", "program entry points", "main program cli application launcher")
WEB = _role(
    "HTTP controller",
    "HTTP controllers",
    "controller controllers resource router routers",
    "controllers routers routes",
)
HANDLER = _role(
    "request handler", "request handlers", "handler handlers endpoint endpoints", "handlers endpoints"
)
SERVES = _role("HTTP endpoints", "files of HTTP endpoints", "routes endpoints")
RPC = _role("RPC service", "RPC services", "service server")
CONSUMER = _role(
    "message consumer",
    "message consumers",
    "consumer consumers listener listeners subscriber",
    "consumers listeners",
)
PRODUCER = _role(
    "message producer", "message producers", "producer publisher publishers", "producers publishers"
)
CLIENT = _role("client", "clients", "client clients")
CALLS = _role("HTTP client", "HTTP clients", "client clients")
TYPES = _role("type definitions", "files of type definitions", "types interfaces", "types interfaces")
CONSTANTS = _role("constants", "files of constants", "constants consts const", "constants")
PLAIN = _role("module", "modules", title="{1} module")

FILES = (
    DOCUMENT,
    MIGRATION,
    WORKFLOW,
    IMAGE,
    BUILD,
    SCRIPT,
    SETTINGS,
    SCHEMA,
    SQL,
    PAGE,
    STYLE,
)  # called by file name
SETTING = (SETTINGS, BUILD, WORKFLOW, IMAGE)  # that set keys instead of reading them

NAMED = (
    WEB,
    HANDLER,
    CONSUMER,
    PRODUCER,
    CLIENT,
    _role(
        "data access",
        "data-access files",
        "repository repositories repo dao store storage persistence mapper",
        "repositories dao persistence",
    ),
    _role(
        "middleware",
        "middleware files",
        "middleware interceptor interceptors filter filters guard",
        "middleware middlewares interceptors",
    ),
    _role(
        "error definitions",
        "files of error definitions",
        "exception exceptions error errors",
        "exceptions errors",
    ),
    _role(
        "configuration code",
        "files of configuration code",
        "config configuration settings properties options",
        "config configuration settings",
    ),
    CONSTANTS,
    _role(
        "data model",
        "data models",
        "model models dto dtos entity entities schema schemas request response event events payload",
        "models model entities dto dtos domain schemas contracts",
    ),
    _role("validation", "validation files", "validator validators validation", "validators validation"),
    _role(
        "conversion",
        "conversion files",
        "converter converters serializer serializers codec parser formatter adapter adapters",
        "converters serializers parsers adapters",
    ),
    _role(
        "background job",
        "background jobs",
        "job jobs worker workers scheduler task tasks cron",
        "jobs workers tasks",
    ),
    _role("factory", "factories", "factory factories", "factories"),
    _role("service", "services", "service services manager", "services service"),
    _role("command", "commands", "command commands cmd", "commands cmd"),
    _role(
        "user-interface component",
        "user-interface components",
        "component widget dialog activity fragment",
        "components views pages widgets",
    ),
    _role(
        "utility code",
        "files of utility code",
        "util utils utility utilities helper helpers tools misc",
        "util utils helpers common",
    ),
    TYPES,
)

LANGUAGES = {
    language: role
    for role, languages in (
        (DOCUMENT, "markdown rst asciidoc text"),
        (SETTINGS, "yaml json toml properties ini xml hocon hcl terraform env"),
        (SCHEMA, "proto protobuf graphql thrift avro smithy"),
        (SQL, "sql"),
        (PAGE, "html"),
        (STYLE, "css scss less"),
        (SCRIPT, "bash shell sh powershell batch"),
        (IMAGE, "dockerfile"),
        (BUILD, "make makefile cmake"),
    )
    for language in languages.split()
}
BUILD_FILES = _set(
    "makefile gnumakefile rakefile jenkinsfile gemfile workspace meson.build build.bazel cmakelists.txt",
    "build.gradle build.gradle.kts settings.gradle settings.gradle.kts pom.xml build.xml build.sbt mix.exs",
    "package.json tsconfig.json webpack.config.js vite.config.ts rollup.config.js gulpfile.js",
    "babel.config.js cargo.toml go.mod composer.json directory.build.props",
    "setup.py setup.cfg pyproject.toml requirements.txt tox.ini noxfile.py",
)
BUILD_ENDINGS = (".csproj", ".gradle", ".mk", ".cmake", ".vcxproj", ".gemspec", ".cabal", ".bzl")
WORKFLOW_FILES = _set(".gitlab-ci.yml azure-pipelines.yml .travis.yml")
MIGRATION_FOLDERS = _set("migrations migration migrate changelog flyway liquibase")
TEST_FOLDERS = _set("test tests spec specs __tests__ e2e testing integrationtest androidtest")
ASIDE = _set("examples example samples sample docs doc vendor third_party node_modules testdata fixtures")
GENERIC = _set(  # names that say nothing of what a file is about
    "src lib libs main app apps pkg internal source java kotlin python go js ts com org net io root index",
    "init mod core cmd resources static public code default impl",
)
TYPE_KINDS = _set("class interface struct enum trait type message service table record object")
COMMON = _set(  # words that recur in any code base
    "test tests spec index main init the and for with from impl base abstract default controller service",
    "repository client handler model models config utils util types type error errors exception factory",
    "readme package json yaml request response data manager helper common api app application docker",
    "dockerfile get set src lib new",
)
PLUMBING = _set(  # members that every type of a language has
    "__init__ __repr__ __str__ __eq__ init constructor new main setUp tearDown toString hashCode equals",
)
