"""Files that are words for people and no answers: translations, issue forms and templates of trackers."""

from __future__ import annotations

import re

import numpy as np

from locator.report.forms import is_template
from summaries.index.postings import Mask
from summaries.index.shard import View

# ISO 639-1, without English, which is mostly what programs are written in.
_LANGUAGES = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka
    kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl
    nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()
)
_FOLDERS = frozenset(
    "l10n i18n locale locales _locales lang langs language languages translation translations nls po".split()
)
_ALWAYS = ("po", "resx", "arb", "xlf", "xliff", "strings", "stringsdict", "properties", "mo")
_SOMETIMES = (
    "json",
    "js",
    "ts",
    "yml",
    "yaml",
    "php",
    "xml",
    "toml",
    "ini",
    "ftl",
    "csv",
    "rb",
    "lang",
    "txt",
    "json5",
)
_CODE = re.compile(r"^(?:values-)?([a-z]{2})(?:[-_.](?:r?[A-Z]{2}|[A-Z][a-z]{3}|[a-z]{2}|\d{3})){0,2}$")
_SUFFIX = re.compile(r"[._-]([a-z]{2})(?:[-_][A-Z]{2})?$")


def is_translation(path: str) -> bool:
    """Whether a file holds texts in another language than English, by its folders and name."""
    *folders, name = path.split("/")
    stem, _, extension = name.rpartition(".")
    extension = extension.lower()
    if extension not in _ALWAYS and extension not in _SOMETIMES:
        return False
    places = [f.removesuffix(".lproj") for f in folders]
    at = next((i for i, f in enumerate(places) if f.lower() in _FOLDERS), None)
    coded = [_is_code(p) for p in places]
    below = at is not None and (any(coded[at + 1 :]) or _is_code(stem) or _has_code(stem))
    android = extension == "xml" and any(
        p.startswith("values-") and c for p, c in zip(places, coded, strict=True)
    )
    apple = any(f.endswith(".lproj") and c for f, c in zip(folders, coded, strict=True))
    return below or android or apple or (extension in _ALWAYS and (_has_code(stem) or _is_code(stem)))


def _is_code(word: str) -> bool:
    m = _CODE.match(word)
    return bool(m) and m is not None and m[1] in _LANGUAGES


def _has_code(stem: str) -> bool:
    m = _SUFFIX.search(stem)
    return m is not None and m[1] in _LANGUAGES


def translations(view: View) -> Mask:
    """Translations among the files of a view, bool (files,)."""
    return np.fromiter((is_translation(p) for p in view.paths), np.bool_, len(view))


def aside(view: View) -> Mask:
    """Files of a view that are no answers unless they are asked for, bool (files,)."""
    templates = np.fromiter((is_template(p) for p in view.paths), np.bool_, len(view))
    return templates | view.memo(translations)
