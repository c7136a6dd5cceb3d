"""The kinds of files, and the words in file, type and directory names that say so."""

from __future__ import annotations

from typing import NamedTuple


class FileKind(NamedTuple):
    """What a file is, in singular and plural, and the words that say so."""

    one: str
    many: str
    names: frozenset[str] = frozenset()  # a file or type whose name ends in one of these is of the kind
    folders: frozenset[str] = frozenset()  # and so is one in a directory of this name, failing all else
    title: str = "{} for {}"  # how kind and subject join where the name does not say the kind


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


def _kind(one: str, many: str, names: str = "", folders: str = "", title: str = "{} for {}") -> FileKind:
    return FileKind(one, many, _set(names), _set(folders), title)


TEST = _kind("tests", "test files", "test tests spec specs", title="{} of {}")
GENERATED = _kind("generated code", "generated files", title="{} for {}")
DOCUMENT = _kind("documentation", "documents", title="{} {}")
MIGRATION = _kind("database migration", "database migrations", "migration migrations", title="{} {}")
WORKFLOW = _kind("continuous-integration workflow", "continuous-integration workflows", title="{} {}")
IMAGE = _kind("container image definition", "container image definitions", title="{} {}")
BUILD = _kind("build definition", "build definitions", title="{} {}")
SCRIPT = _kind("script", "scripts", title="{} {}")
SETTINGS = _kind("configuration", "configuration files", title="{} {}")
SCHEMA = _kind("interface definition", "interface definitions", title="{} {}")
SQL = _kind("database script", "database scripts", title="{} {}")
PAGE = _kind("web page", "web pages", title="{} {}")
TRANSLATION = _kind("translations", "translations", title="{} {}")
STYLE = _kind("style sheet", "style sheets", title="{} {}")
ENTRY = _kind("program entry point", "program entry points", "main program cli application launcher")
WEB = _kind(
    "HTTP controller",
    "HTTP controllers",
    "controller controllers resource router routers",
    "controllers routers routes",
)
HANDLER = _kind(
    "request handler", "request handlers", "handler handlers endpoint endpoints", "handlers endpoints"
)
SERVES = _kind("HTTP endpoints", "files of HTTP endpoints", "routes endpoints")
RPC = _kind("RPC service", "RPC services", "service server")
CONSUMER = _kind(
    "message consumer",
    "message consumers",
    "consumer consumers listener listeners subscriber",
    "consumers listeners",
)
PRODUCER = _kind(
    "message producer", "message producers", "producer publisher publishers", "producers publishers"
)
CLIENT = _kind("client", "clients", "client clients")
CALLS = _kind("HTTP client", "HTTP clients", "client clients")
TYPES = _kind("type definitions", "files of type definitions", "types interfaces", "types interfaces")
CONSTANTS = _kind("constants", "files of constants", "constants consts const", "constants")
PLAIN = _kind("module", "modules", title="{1} module")

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
    TRANSLATION,
)  # called by file name
SETTING = (SETTINGS, BUILD, WORKFLOW, IMAGE, TRANSLATION)  # that set keys instead of reading them

NAMED = (
    WEB,
    HANDLER,
    CONSUMER,
    PRODUCER,
    CLIENT,
    _kind(
        "data access",
        "data-access files",
        "repository repositories repo dao store storage persistence mapper",
        "repositories dao persistence",
    ),
    _kind(
        "middleware",
        "middleware files",
        "middleware interceptor interceptors filter filters guard",
        "middleware middlewares interceptors",
    ),
    _kind(
        "error definitions",
        "files of error definitions",
        "exception exceptions error errors",
        "exceptions errors",
    ),
    _kind(
        "configuration code",
        "files of configuration code",
        "config configuration settings properties options",
        "config configuration settings",
    ),
    CONSTANTS,
    _kind(
        "data model",
        "data models",
        "model models dto dtos entity entities schema schemas request response event events payload",
        "models model entities dto dtos domain schemas contracts",
    ),
    _kind("validation", "validation files", "validator validators validation", "validators validation"),
    _kind(
        "conversion",
        "conversion files",
        "converter converters serializer serializers codec parser formatter adapter adapters",
        "converters serializers parsers adapters",
    ),
    _kind(
        "background job",
        "background jobs",
        "job jobs worker workers scheduler task tasks cron",
        "jobs workers tasks",
    ),
    _kind("factory", "factories", "factory factories", "factories"),
    _kind("service", "services", "service services manager", "services service"),
    _kind("command", "commands", "command commands cmd", "commands cmd"),
    _kind(
        "user-interface component",
        "user-interface components",
        "component widget dialog activity fragment",
        "components views pages widgets",
    ),
    _kind(
        "utility code",
        "files of utility code",
        "util utils utility utilities helper helpers tools misc",
        "util utils helpers common",
    ),
    TYPES,
)

LANGUAGES = {
    language: kind
    for kind, languages in (
        (DOCUMENT, "markdown rst asciidoc text"),
        (SETTINGS, "yaml json toml properties ini xml hocon hcl terraform env"),
        (SCHEMA, "proto protobuf graphql thrift avro smithy"),
        (SQL, "sql"),
        (PAGE, "html"),
        (STYLE, "css scss less"),
        (SCRIPT, "bash shell sh powershell batch"),
        (IMAGE, "dockerfile"),
        (BUILD, "make makefile cmake"),
        (TRANSLATION, "translation"),
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
ASIDE = _set("examples example samples sample docs doc vendor third_party node_modules testdata fixtures")
GENERIC = _set(  # names that say nothing of what a file is about
    "impl dto dtos base abstract common shared misc v1 v2 v3 v1alpha1 v1beta1 v1beta2",
    "src lib libs main app apps pkg internal source java kotlin python go js ts com org net io root index",
    "init mod core cmd resources static public code default impl",
)
TYPE_KINDS = _set("class interface struct enum trait type message service table record object")
COMMON = _set(  # words that recur in any code base
    "test tests spec index main init the and for with from impl base abstract default controller service",
    "repository client handler model models config utils util types type error errors exception factory",
    "readme package json yaml request response data manager helper common api app application docker",
    "dockerfile get set src lib new mod use any all non",
)
COMMON |= _set(  # and more that say nothing of what it deals with
    "collection generated operations operation item items list map value values key keys name names id ids info"
    " object objects",
    "options option params param args builder wrapper provider context message messages result results status state entry",
    "interface file files path paths string number field fields property properties attribute core internal external",
    "example examples sample mock fake stub demo new old update create delete add remove internal version versions",
    "dto dtos entity entities enum constants constant callback listener listeners event events converter mapper adapter",
    "controllers services models handlers server clients web rest http v1 v2 func function method class page view views",
    "component components module modules package packages plugin plugins processor manager managers registry store",
)
GENERATED_FOLDERS = _set(
    "generated gen clientset informers listers applyconfiguration __generated__ generated-sources"
)
PLUMBING = _set(  # members that every type of a language has
    "__init__ __repr__ __str__ __eq__ init constructor new main setUp tearDown toString hashCode equals",
)
