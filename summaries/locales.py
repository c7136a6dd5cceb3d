"""Which files are catalogues of texts for people, and in which language: told by their place alone."""

from __future__ import annotations

import re

from summaries.patterns import pattern

# ISO 639-1, without English, which is mostly what programs are written in.
LANGUAGES = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka
    kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl
    nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()
)
ENGLISH = "en"
FOLDERS = frozenset(
    "l10n i18n locale locales _locales lang langs language languages translation translations nls po".split()
)
# Also other things lie in these: a catalogue is a file that is called by its language, `strings/pt-br.json`.
OTHER_FOLDERS = frozenset("strings messages texts localization localisation localizations intl".split())
ALWAYS = frozenset("po resx arb xlf xliff strings stringsdict properties mo".split())
SOMETIMES = frozenset("json js ts yml yaml php xml toml ini ftl csv rb lang txt json5".split())
_CODE = pattern(r"^(?:values-)?([a-z]{2})(?:[-_.](?:r?[A-Z]{2}|[A-Z][a-z]{3}|[a-z]{2}|\d{3})){0,2}$")
_SUFFIX = pattern(r"[._-]([a-z]{2})(?:[-_][A-Z]{2})?$")
# As java.util.ResourceBundle names them; `application-my.properties` is a profile's, `io.properties` are settings.
_BUNDLE = pattern(r"[^\W_].*?_([a-z]{2})(?:_[A-Z][a-z]{3})?(?:_[A-Z]{2})?$")
_BASE_NAMES = pattern(r"(?i)(?:.*messages?|.*labels?|.*translations?|.*i18n|.*strings?|.*texts?)")
_BASE = frozenset("resx arb xlf xliff strings stringsdict".split())  # with a code or without


def foreign(path: str) -> bool:
    """Whether a file holds texts in another language than English."""
    return language(path) not in (None, ENGLISH)


def language(path: str) -> str | None:
    """The language of a catalogue, as ISO 639-1; None where a file is none.

    English is that of those without a code, too: `values/strings.xml`, `messages.properties`, `Resources.resx`.
    """
    *folders, name = path.split("/")
    stem, _, extension = name.rpartition(".")
    extension = extension.lower()
    if extension not in ALWAYS and not (extension in SOMETIMES and any(map(_may_hold, folders))):
        return None
    places = [f.removesuffix(".lproj") for f in folders]
    at = next((i for i, f in enumerate(places) if f.lower() in FOLDERS), None)
    codes = [_known(_CODE, p) for p in places]
    own = _known(_CODE, stem) or _known(_SUFFIX, stem)
    below = next((c for c in codes[at + 1 :] if c), "") or own if at is not None else ""
    android = extension == "xml" and next(
        (c for p, c in zip(places, codes, strict=True) if p.startswith("values-") and c), ""
    )
    apple = next((c for f, c in zip(folders, codes, strict=True) if f.endswith(".lproj") and c), "")
    found = below or android or apple
    if not found and folders and folders[-1].lower() in OTHER_FOLDERS:
        found = _known(_CODE, stem)
    if not found and extension in ALWAYS:
        found = _known(_BUNDLE, stem) if extension == "properties" else own
    if found and found != ENGLISH:
        return found
    base = extension in _BASE or (extension == "properties" and bool(_BASE_NAMES.fullmatch(stem)))
    base = base or (
        places[-1:] == ["values"] and name.startswith(("strings", "arrays")) and extension == "xml"
    )
    return ENGLISH if found or base else None


def _may_hold(folder: str) -> bool:
    """Whether a file in a folder may be a catalogue though other files end as it does."""
    low = folder.lower()
    return low in FOLDERS or low in OTHER_FOLDERS or folder.startswith("values") or folder.endswith(".lproj")


def _known(code: re.Pattern[str], word: str) -> str:
    """The language of the code that a pattern finds in a word; "" where it finds none."""
    m = code.search(word)
    return m[1] if m and (m[1] in LANGUAGES or m[1] == ENGLISH) else ""
