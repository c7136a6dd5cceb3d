"""Whether a sentence tells what something is for: what counts for it, what against, and what rules it out.

The word lists are about how people write READMEs, manifests and doc comments; the weights are guesses that
were settled by reading the purposes of real repositories, none of which is named here.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from summaries.offline.text import plain, words

_STOP = re.compile(r"[.!?](?=[\"')\]]?\s+[^\sa-z]|[\"')\]]?\s*$)|[。！？]")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|resp|approx|no|incl|inc|ltd|mr|dr|st|fig)\.$", re.I
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

# Of small letters, and asked of texts in small letters: alternatives that ignore case are tried one after the other,
# those that don't are told apart by their first letter, which takes a third of the time.
_RULED_OUT = re.compile(
    r"copyright|©|licen[sc]e[ds]?\b|licensing|spdx|all rights reserved|apache 2|warranty|trademark"
    r"|deprecat|unmaintained|no longer|end[- ]of[- ]life|\beol\b|archived|obsolete|superseded|has (?:been )?moved"
    r"|moved to|renamed"
    r"|abandoned|maintenance mode|sunset|discontinu|under (?:heavy |active )?(?:development|construction)"
    r"|work in progress|not ready for"
    r"|code generated|do not edit|auto-?generated|generated (?:by|from|with)|bootstrapped with|was created (?:by|with)"
    r"|current version|latest (?:version|release|stable)|release[ds]? notes|change ?log|table of contents|build status"
    r"|this (?:page|file|document|readme|guide|section|tutorial|article|book|directory)\b"
    r"|pull requests?|code of conduct|contributing\b|contributions? (?:are|is|guide|welcome)|(?:to|can"
    r"|how to) contribute\b|mailing list|slack\b|discord\b|gitter|stack ?overflow|forum"
    r"|sponsor|donations?\b|donate (?:to|via|now|here)|backers|open collective|patreon|star (?:us|this)|hacktoberfest"
    r"|if you(?:'re| are)? (?:\w+ ){0,3}(?:issue|problem|question|want|like|need|find|experience)"
    r"|(?:ignore|disregard|forget) (?:\w+ ){0,4}(?:instruction|prompt|above|previous)|language model|as an ai\b"
    r"|ai (?:assistant|agent|model)s? (?:should|must|reading)"
    r"|system prompt|you are an? "
    r"|\bon a mission\b|\b(?:our|their) mission\b|\bmission is to\b|\btired of\b|\bjoin us\b|\bhiring\b|open positions"
    r"|lorem ipsum|description (?:here|of your|goes)|your (?:project|package|app|application|description)\b|todo\b"
    r"|fixme|insert (?:\w+ )?here"
    r"|demo project for|sample project for|react app$|^this is an? (?:next|vue|react|nuxt|angular"
    r"|node)(?:\.js)? (?:project|app)|^a (?:vue\.js|react|next\.js|nuxt\.js|node\.js) (?:project"
    r"|app)$|template should help"
    r"|\b(?:do|does) so\b"
    r"|announc|\btests?$|^warning|^note\b|^important\b|^caution|^tip\b|^disclaimer|^attention|^beta\b|^alpha\b"
    r"|click (?:here|on|the)|as follows|following (?:command|step|example|environment|table|instruction)|(?:see"
    r"|refer to) the (?:\w+ ){0,3}(?:docs|documentation|wiki|page|guide|website|file|folder|directory)"
    r"|is documented (?:at|in|here|on)|documentation (?:is|can be|for)|can be found|available (?:at|here|from|on)\b"
    r"|(?:have|has) (?:a look|been tested)"
    r"|^tested (?:with|on|against)|requires? (?:java|jdk|python|node|go|ruby|php|\.net|docker)\b|^requires?\b|compatible with"
    r"|commercial (?:use|product|licen)|^(?:for|to) (?:get|getting) started|prerequisite|learn more"
    r"|requires? (?:the|an?) .{0,40}(?:profile|plugin|version)"
    r"|\bis (?:now )?out\b|now available|please (?:visit|see|refer|check|read|consult|use|note|make)"
    r"|^for (?:the |an? )?(?:latest|more|full|further|detailed|complete|quick|local|general|information|documentation"
    r"|additional|help|support|example|details|usage)\b|breaking change|^(?:by )?default\b"
    r"|parent (?:pom|project)|^pom\b|aggregator pom|bill of materials|build tooling",
)
_ORDERS = frozenset(  # a sentence that begins with one of these asks something of its reader
    "sometimes often usually migrate generate upgrade replace remember simply thus therefore hence"
    " run install build clone download copy paste add set see read visit click check follow make ensure use using"
    " please try refer open"
    " go create edit replace start starting enter execute type navigate join report file choose select configure"
    " include note remember feel learn want looking need don't do let's let you your if when before after once first"
    " then next"
    " to for in with as since currently here there thanks thank welcome have how what why who where which can should"
    " would simply"
    " just now also however but and or so because although while until unless we i our my they these those it its"
    " get assuming alternatively additionally furthermore moreover finally instead otherwise given by from at on"
    " more most some many all any every each both several another other help only not no yes".split()
)
_MILD = frozenset(  # of these, those that may also begin a sentence that tells
    "to for in with it its these those they using we our as here welcome there every each at on by from create build"
    " let all many most some".split()
)
_TELLS = re.compile(
    r"\b(?:is|are) (?:an?|the|our|one|used|designed|intended|meant|responsible|built|based|written|where|what)\b"
    r"|\b(?:provides?|implements?|contains?|offers?|exposes?|enables?|allows?|lets|helps?|makes?|manages?|handles?|supports?"
    r"|defines?|holds|includes?|collects?|serves?|stores?|converts?|generates?|monitors?|integrates?|adds|brings"
    r"|gives|runs|acts|works"
    r"|simplif(?:y|ies)|abstracts?|wraps|connects?|aims|demonstrates?|shows|hosts|delivers|facilitates?|packages"
    r"|automates?)\b",
)
_VERB_FIRST = re.compile(r"(?:[A-Z][a-z]+(?:es|s)|[Ii]mplement(?:ation|s)|[Cc]ollection|[Ss]et) ", re.ASCII)
_KIND = re.compile(
    r"\b(?:services?|microservices?|librar(?:y|ies)|tools?|toolkit|frameworks?|servers?|clients?|sdks?|plug-?ins?"
    r"|operators?|controllers?"
    r"|cli|apis?|agents?|drivers?|engines?|platforms?|modules?|packages?|applications?|apps?|prox(?:y|ies)|gateways?"
    r"|managers?|ui"
    r"|dashboards?|collectors?|collections?|databases?|brokers?|schedulers?|systems?|runtimes?|adapters?|connectors?"
    r"|extensions?"
    r"|wrappers?|bindings?|implementations?|utilit(?:y|ies)|scripts?|charts?|providers?|backends?|front-?ends?"
    r"|daemons?|web ?sites?|parsers?|compilers?|generators?|themes?|exporters?)\b",
)
_ARTICLE = re.compile(r"(?:an?|the|this|simple|lightweight|fast|small|open[- ]source)\s")
_THIS = re.compile(
    r"this (?:\w+[ -]){0,3}(?:repo(?:sitory)?|project|librar|package|module|service|plug-?in|tool|application|app"
    r"|client|server|sdk|chart"
    r"|operator|component|driver|is (?:an?|the)|contains|provides|resource|gem|crate|extension|program|software"
    r"|framework|cli|collection)",
)
_DEFINES = re.compile(
    r"[^.,;:]{2,70}?(?:\([^()]{1,60}\) )?(?:is|are) (?:an? |the |our |one of |used (?:to|for|by) |designed |intended "
    r"|meant |responsible )|[^.,;:]{2,60}? aims to "
)
_CREDIT = re.compile(  # who made a thing, and nothing of what it is
    r"[^.,;:]{2,60} (?:is|are|was|were) (?:\w+ )?(?:(?:and|&) )?(?:\w+ )?(?:built|made|maintained|developed|created|owned"
    r"|sponsored|funded|powered|supported) by (?:\S+ ?){1,8}$"
)
_LOOSE = re.compile(
    r"(?:this|the) (?:\w+ ){1,2}also \w+|(?:this|that|these|those|it|they)(?: also)? (?!repo|project|librar|package|module"
    r"|service|plug|tool|app|client|server|sdk)\w+",
)
_DANGLING = re.compile(
    r"\b(?:for|to|of|such as|includes?|including|are|is|by|with|and|or|the|an?|following(?: \w+){0,3}|features"
    r"|benefits|that|via|from|below|can|you|you to|(?:lets|allows?|enables?|helps?) users|offers|supports|provides)\s*:?$",
)
_SMALL = frozenset("a an and at by for from in is of on or the this to with it its".split())
_BARE = frozenset(
    "parent project repo repository welcome module modules main source code root core the micro new official".split()
)
_DEFINITE = re.compile(r"the (?!purpose|goal|aim|main|primary|core|official|project|repo)\w+")
_BACKWARD = re.compile(r"\b(?:the latter|the former|mentioned|above|this way|that way)\b|^uses? ")
_URL = re.compile(r"\b(?:https?://|www\.)\S+")
_SHELL = re.compile(
    r"^(?:\$ |sudo |\./|curl |docker (?:run|pull|build|compose)|kubectl |npm |yarn |pip3? install|go (?:get|install"
    r"|build|run)|mvn |\./gradlew"
    r"|brew |apt(?:-get)? |git clone|helm (?:install|repo)|make \w+$|cargo (?:run|install|build))|(?:^"
    r"|\s)--?[a-z][\w-]+[= ]|&&|\|\||=>|;$|==|\w\(\w*\)"
)
_HOLES = re.compile(r"\$?\{+[\w.-]+\}+|<[A-Za-z][\w-]*>|@[\w.]+@|%[sd]\b|\bTBD\b|\bXXX\b|\?\?\?")
_VERSION = re.compile(r"\bv?\d+\.\d+(?:\.\d+)?(?:[-.](?:x|snapshot|rc\d*|beta\d*|alpha\d*))?\b")
_SECOND = re.compile(r"\b(?:you|your|yours|yourself)\b")
_FIRST = re.compile(r"\b(?:I|we|our|us|my)\b")
_PAST = re.compile(
    r"^(?:historically|previously|in \d{4}|since \d{4}|initially)\b|\b(?:originally|inspired by)\b|\b(?:years? ago"
    r"|last year|in 20\d\d)\b",
)
_HOLLOW = re.compile(
    r"^(?:this (?:is|repo(?:sitory)?|project) )?(?:(?:is|contains|holds) )?(?:the |an? )?(?:official |main "
    r"|source )?(?:code|repo(?:sitory)?|project|repository|source)"
    r"(?: (?:code|repo(?:sitory)?))?(?: (?:for|of) [\w-]+(?: project)?)?$",
)
_LIMITS = re.compile(r"\b(?:only|not|cannot|doesn't|does not|won't|may be|must|should)\b")
_GUARDED = re.compile(r"\b(?:simple example|can be|currently|by default|will|would)\b")
_POPULAR = re.compile(
    r"\b(?:popular|most|trusted|companies|used in production|award|million|stars|blog|video|talk)\b"
    r"|\bmakes? it (?:simple|eas[iy]\w*)\b",
)


_TERMS = re.compile(
    r",?\s+(?:and\s+)?(?:(?:is|are|it is|which is|that is)\s+)?(?:dual-?)?(?:licen[cs]ed|distributed|released"
    r"|published|available)\s+(?:freely\s+)?"
    r"(?:under|as open)\b.{0,200}$",
    re.IGNORECASE,
)


def without_terms(sentence: str) -> str:
    """A sentence without a clause on the licence at its end."""
    return _TERMS.sub("", sentence)


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, without their full stops."""
    out, at = [], 0
    for stop in _STOP.finditer(text):
        if _ABBREVIATED.search(text[max(0, stop.end() - 12) : stop.end()]):
            continue
        out.append(text[at : stop.start()].strip() + ("?" if stop[0] in "?？" else ""))
        at = stop.end()
    out.append(text[at:].strip())
    return [s for s in out if s]


def tells(sentence: str, about: Collection[str], *, goes_on: bool = False) -> float:
    """How well a sentence says what something is for; below 0 not at all. `about`: words of that thing's name.

    A sentence that `goes_on` may begin with a pronoun.

    2 and more is a plain statement of a purpose, 0 to 1 a fragment that is better than nothing.
    """
    text = plain(sentence)
    oriental = len(_CJK.findall(text))
    count = len(text.split()) + oriental // 2
    letters = sum(c.isalpha() for c in text)
    if count < 3 or letters < 12 or letters < 0.55 * len(text) or text.endswith(("?", "？")):
        return -1.0
    low = text.lower()
    first = low.split()[0].strip("\"'(*:,-")
    if first in _ORDERS and first not in _MILD and first not in about:
        return -1.0
    if _DANGLING.search(low) or _RULED_OUT.search(low) or _HOLLOW.search(low) or _CREDIT.fullmatch(low):
        return -1.0
    if _SHELL.search(text) or _HOLES.search(text) or (not oriental and _bare(text, about)):
        return -1.0
    named = _names(text, about)
    score = 0.4 if first not in _MILD else -0.8
    defines = bool(_TELLS.search(low[:100]))
    score += 1.3 * defines
    score += 0.9 * bool(named and _DEFINES.match(text)) - 0.9 * bool(not goes_on and _LOOSE.match(low))
    score += (
        0.6 * bool(_KIND.search(low[:110])) + 0.4 * bool(_ARTICLE.match(low)) + 0.6 * bool(_THIS.match(low))
    )
    score += 0.7 * bool(_VERB_FIRST.match(text)) + 0.5 * min(named, 2)
    score += 0.5 if oriental > 8 else 0.0
    score += 0.5 if 6 <= count <= 40 else -0.4 if count < 5 else -0.3
    score -= 0.5 * bool(_SECOND.search(low)) + 0.4 * bool(_FIRST.search(text)) + 0.6 * bool(_PAST.search(low))
    score -= (
        1.0 * bool(_URL.search(low)) + 0.5 * bool(_VERSION.search(low)) + 0.6 * bool(_POPULAR.search(low))
    )
    score -= (
        1.5 * bool(_LIMITS.search(low)) + 0.6 * bool(_GUARDED.search(low)) + 2.0 * bool(_BACKWARD.search(low))
    )
    score -= 0.8 * bool(not goes_on and not _names(text[:60], about) and _DEFINITE.match(low))
    score -= 0.5 * text.endswith(":") + 0.4 * (text[:1].islower() and not defines)
    return score


def _bare(text: str, about: Collection[str]) -> bool:
    """Whether a text says no more than a name does."""
    rest = {w.lower() for w in words(text)} - _SMALL - _BARE - set(about)
    return all(_KIND.fullmatch(w) or any(w in a or a in w for a in about if len(a) > 3) for w in rest)


def _names(text: str, about: Collection[str]) -> int:
    """How many words of a name a text has."""
    there = {w.lower() for w in words(text)}
    joined = "".join(sorted(there))
    return sum(1 for w in about if w in there or (len(w) > 4 and w in joined))
