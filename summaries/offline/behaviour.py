"""What code does, in words: the names of its functions read as verbs and objects.

`createVolume`, `deleteVolume` -> "creates and deletes volumes". Accessors, constructors and names that begin
with no verb say nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache

from summaries.offline import vocabulary as v
from summaries.offline.text import clip, listing, words
from summaries.types import Symbol

_CALLABLE = ("function", "method")
_VERBS = frozenset(
    "abort accept acquire activate add adjust aggregate align allocate allow analyse analyze annotate append apply"
    " approve archive"
    " arrange assemble assert assign attach authenticate authorise authorize backup balance batch bind block"
    " bootstrap broadcast buffer"
    " build cache calculate call cancel capture change charge check checkout clamp classify clean cleanup clear clone"
    " close collapse"
    " collect combine commit compact compare compile complete compose compress compute configure confirm connect"
    " consume convert copy"
    " correct count crawl create cut deactivate debounce decode decompress decorate decrypt decrypt deduplicate defer"
    " define delete deliver"
    " deploy deprecate derive describe deserialise deserialize destroy detach detect diff disable discard disconnect"
    " discover dispatch display"
    " divide download draw drain drop dump duplicate edit eject embed emit enable encode encrypt enforce enqueue"
    " enrich ensure enumerate escape"
    " estimate evaluate evict exclude execute expand expire explain export expose extend extract fail fetch fill"
    " finalise finalize find"
    " finish fit fix flatten flush follow force fork forward freeze generate grant guard guess hash hide"
    " highlight identify ignore"
    " import include increment infer inject insert inspect install instantiate integrate interpolate intersect"
    " invalidate invert invite invoke"
    " join launch lint list listen load locate lock log login logout lookup manage mark marshal match measure"
    " merge migrate mirror mix"
    " modify monitor mount move mutate navigate negotiate normalise normalize notify observe offset open pack"
    " paginate parse partition"
    " patch pause perform persist pick pin ping place plot poll pop populate post predict prefetch prepare"
    " preserve print probe process"
    " produce promote propagate protect provide provision proxy prune publish pull purge push put query queue"
    " quote raise read"
    " rebalance rebuild receive reclaim recommend reconcile reconnect record recover redact redirect reduce refine"
    " refresh refund register reject"
    " release reload remove rename render renew reopen reorder repair repeat replace replay replicate reply report"
    " reserve reset reshape"
    " resize resolve respond restart restore restrict resume retrieve retry return revert revoke rewrite roll rotate"
    " round run sample"
    " sanitise sanitize save scale scan schedule scrape scrub search seed select send serialise serialize serve share"
    " show shrink shut shutdown"
    " sign simplify simulate skip sleep snapshot solve sort spawn split start stop store strip submit"
    " subscribe substitute subtract"
    " summarise summarize suspend swap switch sync synchronise synchronize teardown terminate throttle throw"
    " toggle transfer"
    " transform translate trigger trim truncate unbind unblock uninstall unlock unmarshal unmount unpack unpublish"
    " unregister unsubscribe unwrap"
    " update upgrade upload upsert validate verify visit wait wake walk warn watch withdraw wrap write"
    " zip".split()
)
_NOUNS = frozenset(  # verbs that are nouns as often
    "backup snapshot record list report request view volume plan process order map log mount queue stage stream group index"
    " filter match test tag call cache share sample schedule place package release train track"
    " format display show sign sort split store switch type visit watch import export".split()
)
_LAST = frozenset(
    "cmd command req resp request response opts options case handler args schema type error errors".split()
)
_LEADS = frozenset("on handle do try must maybe async internal api http safe raw can should will be".split())
_NOISE = frozenset(
    "one base impl dto async internal handler helper util utils func fn callback cb ctx context locked unsafe safe"
    " raw with by"
    " from to for"
    " in of on at as if and or the a an all it".split()
)
_SUFFIXES = frozenset(  # of types: the part that they play, not what they act on
    "controller service manager handler impl repository client store dao resource router provider factory builder"
    " helper util utils"
    " adapter wrapper listener consumer producer worker job processor base server endpoint api test suite model view"
    " component".split()
)
_CUT = frozenset(
    "up down out off over back away with by from to for in of on at as if using into via when".split()
)
_ADVERBS = frozenset("again now once twice later soon ago too".split())
_NO_ADVERBS = frozenset(  # nouns that end as adverbs do
    "ally anomaly assembly bully butterfly family fly monopoly poly rally reassembly reply subassembly subfamily"
    " supply tally".split()
)
_MASS = frozenset(
    "data info information status metadata config configuration storage access traffic content text memory space"
    " usage health progress"
    " half cache state output input json yaml xml html http sql url uuid io auth html css utf everything logging work time"
    " size".split()
)


def behaviours(symbols: Iterable[Symbol], most: int, prefer: Collection[str] = ()) -> list[str]:
    """Up to `most` clauses, those of the longest functions first: 'creates and deletes volumes'.

    Of functions, those whose names have `prefer`red words come before others.
    """
    weight: dict[str, int] = defaultdict(int)
    verbs: dict[str, dict[str, None]] = defaultdict(dict)
    for s in symbols:
        if s.kind not in _CALLABLE or s.name in v.PLUMBING or s.name.startswith("__"):
            continue
        verb, thing = _read(s.name, s.qualname.rpartition(".")[0] if s.kind == "method" else "")
        if not verb:
            continue
        private = s.name.startswith(("_", "#"))
        wanted = any(w.lower() in prefer for w in thing.split())
        weight[thing] += (max(1, s.end - s.start) // (3 if private else 1) + 1) * (4 if wanted else 1)
        verbs[thing][verb] = None
    ranked = sorted(verbs, key=lambda thing: (-weight[thing], thing))
    by_verbs: dict[tuple[str, ...], list[str]] = defaultdict(list)  # 'validates names and sizes', said once
    for thing in ranked[: most * 2]:
        by_verbs[tuple(verbs[thing])[:4]].append(thing)
    out = []
    for done, things in list(by_verbs.items())[:most]:
        objects = listing([t for t in things if t][:3], 3)
        out.append(f"{listing([third(d) for d in done], 4)} {objects}".strip())
    return [clip(o, 110) for o in out]


def fresh(clauses: Iterable[str], known: str) -> list[str]:
    """Clauses that have a word which isn't `known` already, by the beginnings of words."""
    there = {w[:5] for w in known.lower().split()}
    return [c for c in clauses if any(w.lower()[:5].strip(",") not in there for w in c.split() if w != "and")]


@lru_cache(maxsize=1 << 14)  # a file, its directory and its repository ask
def _read(name: str, within: str) -> tuple[str, str]:
    """A function's verb and what it acts on, several of them; "" where its name begins with no verb.

    `within` is the qualified name of a method's type.
    """
    parts = [w for w in words(name) if not w.isdigit()]
    while len(parts) > 1 and parts[0].lower() in _LEADS:
        parts = parts[1:]
    if not parts or parts[-1].lower() in _LAST:
        return "", ""
    first, last = parts[0].lower(), parts[-1].lower()
    if len(parts) > 1 and last in _VERBS and last not in _NOUNS and (first in _NOUNS or first not in _VERBS):
        parts = [last, *parts[:-1]]  # SnapshotCreate, volume_delete
    if parts[0].lower() not in _VERBS:
        return "", ""
    verb, rest = parts[0].lower(), parts[1:]
    cut = next((n for n, w in enumerate(rest) if w.lower() in _CUT), len(rest))
    if cut and _adverb(rest[cut - 1]):
        cut -= 1
    thing = [w for w in rest[:cut] if w.lower() not in _NOISE and len(w) > 1]
    if not thing:
        owner = words(within.rpartition(".")[2])
        while len(owner) > 1 and (owner[-1].lower() in _SUFFIXES or owner[-1].lower().startswith(verb[:5])):
            owner = owner[:-1]
        thing = [w for w in owner if w.lower() not in _NOISE and len(w) > 1]
    return (verb, plural(" ".join(thing[:3]))) if thing else ("", "")


def _adverb(word: str) -> bool:
    """Whether a word says how something is done: `saveNoteManually`."""
    low = word.lower()
    return low in _ADVERBS or (low.endswith("ly") and low not in _NO_ADVERBS)


_PARTICLES = ("up", "down", "out", "in", "off", "back")
_COMPOUND = frozenset(
    "cleanup backup checkout lookup login logout shutdown teardown setup rollback startup signup".split()
)


def third(verb: str) -> str:
    """The third person: 'apply' -> 'applies', 'cleanup' -> 'cleans up'."""
    if verb in _COMPOUND:
        particle = next(p for p in _PARTICLES if verb.endswith(p))
        return f"{third(verb.removesuffix(particle))} {particle}"
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{verb}es" if verb != "quiz" else "quizzes"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def plural(thing: str) -> str:
    """Several of a thing: 'disk entry' -> 'disk entries'; what isn't counted stays."""
    head, _, last = thing.rpartition(" ")
    low = last.lower()
    if (
        low in _MASS
        or not last.isalpha()
        or low.endswith(("s", "ing", "ed", "ness", "ity", "ware"))
        or last.isupper()
    ):
        return thing
    ending = "es" if low.endswith(("sh", "ch", "x", "z")) else "s"
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        last, ending = last[:-1], "ies"
    return f"{head} {last}{ending}".strip()
