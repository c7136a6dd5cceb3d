"""Word lists of the report reader: file extensions, what isn't a name, English that looks like a service."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


CODE_EXTENSIONS = _set(
    """go py pyi pyx pxd pxi java kt kts scala groovy clj js jsx ts tsx mjs cjs mts vue svelte cs fs vb rs
    rb erb rake php phtml c h cc cpp cxx hpp hh hxx m mm swift dart lua pl pm ex exs erl hs ml r jl
    sh bash zsh ps1 bat sql proto thrift graphql html htm css scss less tmpl tpl jinja j2 ftl jsp
    cshtml razor xaml tf hcl gradle cmake mk nim zig sol asm s f f90 cu bzl"""
)
DATA_EXTENSIONS = _set(
    """json yaml yml toml xml ini cfg conf properties env md rst txt lock sum mod csproj sln wsdl xsd avsc
    ipynb csv log patch diff service dockerfile plist adoc pom po"""
)
ROOTS = _set(
    """src pkg internal cmd lib libs app apps api core services packages modules config conf configs test
    tests docs bin scripts tools util utils server client web frontend backend include plugins
    examples common"""
)
FILE_NAMES = _set("dockerfile makefile jenkinsfile rakefile gemfile vagrantfile procfile cmakelists.txt")
PRODUCTS = _set(
    """node vue next nuxt express three d3 react ember backbone socket.io angular chart moment ecma asp"""
)
NOT_OWNERS = _set(
    """orgs marketplace features settings topics sponsors apps user-attachments assets about login search
    users explore"""
)
CODE_HOSTS = _set("github.com gist.github.com gitlab.com bitbucket.org codeberg.org")
NOT_TRACKERS = _set(
    """UTF ISO SHA HTTP RFC CVE TLS SSL AES MD IEEE ASCII CP X COVID GPT JDK JAVA EL H MP I L PEP JEP JSR
    RS HS"""
)
SYSTEM_ROOTS = _set(
    "usr etc home var tmp opt root Users mnt dev proc sys lib bin private app src go workspace"
)
TOP_LEVEL = _set("com org net io dev local internal svc cloud edu gov")
GO_STANDARD = _set(
    """runtime runtime/debug panic net net/http net/url reflect testing syscall sync os io bufio context
    encoding/json database/sql fmt strings sort"""
)
SERVICE_KEYS = _set(
    """app service svc container component appname application service_name servicekey deployment pod"""
)
LOG_KEYS = _set(
    """level lvl severity ts time timestamp t source caller file line msg message logger thread pid host
    error err addr pc"""
)
NOT_CALLS = _set(
    """print println len str int range list dict set tuple if for while switch catch return type super
    func function def sizeof require import include not and or assert float bool isinstance repr
    open max min sum map filter sorted lambda new async await throw echo array printf"""
)
NOT_KEYS = _set(
    """git else try finally default except public private protected note expected actual https http steps
    a b c x y"""
)
NOT_IDENTIFIERS = _set(
    """True False None null true false undefined nil void self this GitHub GitLab JavaScript TypeScript
    MacOS macOS PostgreSQL MySQL SQLite MongoDB RabbitMQ YouTube IntelliJ iOS iPhone iPad LinkedIn
    StackOverflow OpenSSL OpenAPI GraphQL WebSocket WebSockets DevTools PowerShell VSCode CentOS
    FreeBSD OpenBSD NodeJS OAuth eBay SaaS IPv4 IPv6 x86_64 amd64 aarch64 arm64 WiFi JSONs iTerm
    VirtualBox PyCharm"""
)
ENGLISH_LEAD = _set(
    """ipython non pre re self multi so anti semi sub well built up out one two three real long short read
    write start set run end follow back high low cross user third first second drop check trade add
    log sign hard soft full half fine far in on off by side top step auto co de ex all more most ad
    state case left right single double much never ready work time know not per"""
)
ENGLISH_TAIL = _set(
    """up in out off on time only based like end free level case specific defined line date way wise size
    known related friendly aware box many one to and or the safe style side facing written
    sensitive insensitive empty zero least existing containing looking using format string"""
)
