"""Products are checked by their result, not by the processor's flags."""

from __future__ import annotations

import numpy as np
import pytest

from summaries.errors import IndexDamaged
from summaries.products import product


def test_a_product_is_that_of_numpy() -> None:
    left = np.arange(6, dtype=np.float32).reshape(2, 3)
    right = np.array([1, 0, 2], np.float32)
    assert product(left, right).tolist() == [4, 13]
    assert product(left, right).dtype == np.float32


def test_numbers_that_are_not_finite_are_damage_and_no_warning() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(IndexDamaged):
            product(np.array([[bad, 1]]), np.array([1.0, 0]))


def test_a_flag_that_a_kernel_raised_for_nothing_is_no_warning() -> None:
    class Flagged(np.ndarray):
        """An array whose product is sound while the processor says "invalid"."""

        def __matmul__(self, other: object) -> np.ndarray:
            np.divide(np.float64(0), np.float64(0))
            return np.ones(1)

    assert product(np.ones((1, 1)).view(Flagged), np.ones(1)).tolist() == [1]
