"""Files that are words for people and no answers: translations, issue forms and templates of trackers."""

from __future__ import annotations

import numpy as np

from locator.report.forms import is_template
from locator.translations.catalogues import is_translation
from summaries.index.postings import Mask
from summaries.index.shard import View


def translations(view: View) -> Mask:
    """Translations among the files of a view, bool (files,)."""
    return np.fromiter((is_translation(p) for p in view.paths), np.bool_, len(view))


def aside(view: View) -> Mask:
    """Files of a view that are no answers unless they are asked for, bool (files,)."""
    templates = np.fromiter((is_template(p) for p in view.paths), np.bool_, len(view))
    return templates | view.memo(translations)
