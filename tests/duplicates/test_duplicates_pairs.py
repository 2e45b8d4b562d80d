"""Pairs of hashes against brute force, and the cost that stays linear."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofolio import duplicates
from proofolio.contract import TableError


def brute_force(hashes, max_distance):
    """Return every pair within the distance, by comparing all."""
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    i, j = np.nonzero(np.triu(distance <= max_distance, k=1))
    return list(zip(i.tolist(), j.tolist(), distance[i, j].tolist(), strict=True))


def found(hashes, max_distance):
    """Return the pairs found, as Python numbers."""
    return list(
        zip(*(a.tolist() for a in duplicates.near_pairs(hashes, max_distance)), strict=True)
    )


def flips(rng, n, bits):
    """Return n differences of at most `bits` bits."""
    where = rng.integers(0, 64, (n, bits), dtype=np.uint64)
    return np.bitwise_or.reduce(np.uint64(1) << where, axis=1)


@pytest.mark.parametrize("max_distance", range(6))
def test_equals_brute_force_around_planted_centres(max_distance):
    rng = np.random.default_rng(max_distance)
    centres = np.repeat(rng.integers(0, 2**64, 40, dtype=np.uint64), 8)
    hashes = rng.permutation(centres ^ flips(rng, len(centres), 2))
    hashes = np.concatenate([hashes, hashes[:12]])
    expected = brute_force(hashes, max_distance)
    assert found(hashes, max_distance) == expected
    assert len(expected) >= 12


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 2**64 - 1), max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.sets(st.integers(0, 63), max_size=5)), max_size=20),
    st.integers(0, 5),
)
def test_equals_brute_force(centres, copies, max_distance):
    near = [centres[k] ^ sum(1 << b for b in bits) for k, bits in copies if k < len(centres)]
    hashes = np.array(centres + near, dtype=np.uint64)
    assert found(hashes, max_distance) == brute_force(hashes, max_distance)


def test_a_wider_radius_is_refused():
    with pytest.raises(ValueError, match="0-5"):
        duplicates.near_pairs(np.zeros(2, dtype=np.uint64), 6)


def test_random_hashes_cost_a_few_comparisons_each():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 40_000, dtype=np.uint64)
    _, compared = duplicates._search(hashes, duplicates.MAX_DISTANCE)
    assert compared < 3 * len(hashes)  # all pairs would be 20,000 each


@pytest.mark.parametrize("bits", [0, 2])
def test_a_crowd_costs_linearly_and_is_joined(bits):
    rng = np.random.default_rng(0)
    compared = []
    for n in (2_000, 8_000):
        hashes = rng.integers(0, 2**64, dtype=np.uint64) ^ flips(rng, n, bits or 1) * bool(bits)
        codes, steps = duplicates._search(hashes, duplicates.MAX_DISTANCE)
        compared.append(steps)
        ids = [f"{k:05d}" for k in range(n)]
        pairs = pd.DataFrame({"a": np.array(ids)[codes // n], "b": np.array(ids)[codes % n]})
        joined = duplicates.clusters(pd.DataFrame({"id": ids, "unit": ids}), pairs)
        assert set(joined) == {"00000"}
        assert len(codes) < n * 4 * duplicates.WINDOW
    assert compared[1] / compared[0] < 6  # four times the hashes; all pairs would give 16


@pytest.mark.slow
@pytest.mark.parametrize("crowd", ["none", "equal", "within 2"])
def test_a_hundred_thousand_hashes_in_under_a_minute(crowd):
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 100_000, dtype=np.uint64)
    if crowd != "none":
        hashes[:20_000] = hashes[0] ^ flips(rng, 20_000, 2) * (crowd == "within 2")
    hashes[-1] = hashes[-2] ^ np.uint64(0b1011)
    began = time.process_time()
    i, j, distance = duplicates.near_pairs(hashes)
    assert time.process_time() - began < 60
    assert (99_998, 99_999, 3) in set(zip(i[-5:], j[-5:], distance[-5:], strict=True))


def test_clusters_join_units_over_chains():
    table = pd.DataFrame({"id": list("abcdef"), "unit": ["u3", "u3", "u1", "u2", "u4", "u2"]})
    pairs = pd.DataFrame({"a": ["b", "a"], "b": ["c", "b"], "kind": "near", "distance": 2})
    table.index = [7, 3, 5, 1, 0, 9]
    joined = duplicates.clusters(table, pairs)
    assert list(joined) == ["u1", "u1", "u1", "u2", "u4", "u2"]
    assert list(joined.index) == list(table.index)
    assert list(duplicates.clusters(table, pairs.iloc[:0])) == list(table["unit"])


def test_a_pair_with_an_unknown_id_is_refused():
    table = pd.DataFrame({"id": ["a"], "unit": ["u"]})
    pairs = pd.DataFrame({"a": ["a"], "b": ["z"]})
    with pytest.raises(TableError, match="a = z"):
        duplicates.clusters(table, pairs)


def test_too_many_pairs_are_thinned_to_a_forest(monkeypatch):
    monkeypatch.setattr(duplicates, "MAX_PAIRS", 10)
    i, j = np.triu_indices(8, k=1)
    distance = np.where((i == 0) | (j == 7), 0, 3)
    a, b, kept = duplicates._thinned(i, j, distance, 8)
    assert len(a) == 7
    assert set(a) | set(b) == set(range(8))
    assert set(kept) == {0}
    assert len(duplicates._thinned(i[:9], j[:9], distance[:9], 8)[0]) == 9
