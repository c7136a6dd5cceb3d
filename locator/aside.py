"""Files that are words for people and no answers: translations, issue forms and templates of trackers."""

from __future__ import annotations

import numpy as np

from locator.forms import templates
from locator.translations.catalogues import catalogues
from summaries.index.postings import Mask
from summaries.index.shard import View
from summaries.locales import ENGLISH


def translations(view: View) -> Mask:
    """Translations among the files of a view, bool (files,)."""
    out = np.zeros(len(view), np.bool_)
    out[[i for i, language in view.memo(catalogues) if language != ENGLISH]] = True
    return out


def aside(view: View) -> Mask:
    """Files of a view that are no answers unless they are asked for, bool (files,)."""
    out = view.memo(translations).copy()
    out[list(view.memo(templates))] = True
    return out
