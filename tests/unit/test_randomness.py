"""Draws are a pure function of seed, purpose and index."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wngan.randomness import fixed_codes, rng

KEYS = st.tuples(
    st.integers(0, 2**31), st.sampled_from(["codes", "code", "order"]), st.integers(0, 2**20)
)


def draw(key: tuple[int, str, int]) -> list[int]:
    return rng(*key).integers(2**62, size=4).tolist()


@given(KEYS, KEYS)
def test_equal_keys_and_only_they_give_equal_draws(
    one: tuple[int, str, int], other: tuple[int, str, int]
) -> None:
    assert draw(one) == draw(one)
    assert (draw(one) == draw(other)) == (one == other)


def test_draws_are_these() -> None:
    """A change of these numbers would change every result without any other sign."""
    assert rng(1, "split").permutation(6).tolist() == [4, 2, 3, 5, 0, 1]


def test_fewer_fixed_codes_are_the_first_of_more() -> None:
    codes = fixed_codes(1000, 8)
    np.testing.assert_array_equal(fixed_codes(3, 8), codes[:3])
    assert codes.dtype == np.float32
    assert abs(codes.mean()) < 0.05
    assert abs(codes.std() - 1) < 0.05
