"""Products of matrices and vectors, checked by their result.

Some BLAS kernels raise the processor's "invalid" flag for lanes that they don't use, and numpy then warns of numbers
that are all sound (numpy issues 13173 and 24067). So the flags are not looked at, and the result is.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from summaries.errors import IndexDamaged

Floating = TypeVar("Floating", bound=np.floating[Any])


def product(left: NDArray[Floating], right: NDArray[Floating]) -> NDArray[Floating]:
    """`left @ right`. Raises IndexDamaged where a number of it is not finite."""
    with np.errstate(all="ignore"):
        found: NDArray[Floating] = left @ right
    if not np.isfinite(found).all():
        raise IndexDamaged("a product of vectors is not finite", "run `bugatlas doctor`")
    return found
