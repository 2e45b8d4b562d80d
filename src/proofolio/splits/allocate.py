"""The engine of every split: hand out whole clusters to parts so that sizes and strata balance.

Identical clusters (same count in every stratum) are handed out in bulk by whole quotas; what is
left goes one by one, large before small, to the part that is furthest behind.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

MISSING = "(missing)"  # the level of a stratify column that an example leaves empty
_PROFILE_SEED = 20_111  # any constant: it only names cluster profiles, it decides nothing


class Rows(NamedTuple):
    """Examples as codes: cluster and label of each row, one code array per stratify column."""

    cluster: np.ndarray  # (n,) 0..n_clusters-1, in sorted order of the cluster names
    clusters: np.ndarray  # (n_clusters,) names, sorted
    label: np.ndarray  # (n,)
    labels: np.ndarray  # (n_labels,) names, sorted
    strata: list[np.ndarray]  # one (n,) array per balanced column, the joint one last

    def take(self, keep: np.ndarray) -> "Rows":
        """Return the rows where `keep` is true, with clusters numbered anew and labels kept."""
        used, cluster = np.unique(self.cluster[keep], return_inverse=True)
        strata = [s[keep] for s in self.strata]
        return Rows(cluster, self.clusters[used], self.label[keep], self.labels, strata)


def levels(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return codes (n,) and the sorted names of the levels; names set the order, not appearance."""
    codes, found = pd.factorize(
        pd.Series(values)
    )  # the few names become text and are sorted, not the rows
    names = [str(name) for name in found.astype(object)]
    if len(absent := np.flatnonzero(codes < 0)):
        codes[absent], names = len(names), [*names, MISSING]
    place, names = pd.factorize(np.array(names, dtype=object), sort=True)
    return place.astype(np.int64)[codes], np.asarray(names, dtype=object)


def crossed(rows: pd.Series, columns: pd.Series | np.ndarray) -> pd.DataFrame:
    """Return how often each pair of levels meets: sorted levels of `rows` by those of `columns`."""
    (i, index), (j, names) = levels(rows), levels(columns)
    counted = np.bincount(i * len(names) + j, minlength=len(index) * len(names))
    return pd.DataFrame(counted.reshape(len(index), len(names)), index, names)


def encode(frame: pd.DataFrame, group: str, columns: Sequence[str]) -> Rows:
    """Turn a table into codes: `group` names the column that may not be cut, `columns` balance.

    Several columns are balanced each and jointly, so that a rare combination is spread too.
    """
    cluster, clusters = levels(frame[group])
    label, labels = levels(frame["label"])
    strata = [levels(frame[column])[0] for column in columns]
    if len(strata) > 1:
        joint = strata[0]
        for codes in strata[1:]:
            joint = np.unique(joint * (codes.max(initial=0) + 1) + codes, return_inverse=True)[1]
        strata.append(joint)
    return Rows(cluster, clusters, label, labels, strata)


def allocate(rows: Rows, shares: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Return the part index of each cluster, shape (n_clusters,).

    Args:
        rows: the examples.
        shares: the wanted fraction of the examples per part, all positive; need not sum to 1.
        rng: decides which of several equal clusters goes where.

    Every label reaches every part where it has as many clusters as there are parts and the
    exchange of whole clusters allows it; the caller checks and refuses what stays empty.
    """
    wanted = np.asarray(shares, dtype=float) / np.sum(shares)
    n_clusters = len(rows.clusters)
    shuffled = rng.permutation(n_clusters)
    counts = _Counts(rows)
    part = _bulk(_profiles(rows), wanted, shuffled)
    _greedy(part, counts, wanted, shuffled)
    _reach_every_part(part, rows, len(wanted))
    return part


class _Counts:
    """Examples per cluster and column (all examples, then each stratum), stored sparsely."""

    def __init__(self, rows: Rows) -> None:
        n_clusters = len(rows.clusters)
        widths = [1, *(int(s.max(initial=0)) + 1 for s in rows.strata)]
        offsets = np.concatenate([[0], np.cumsum(widths)])
        self.width = int(offsets[-1])
        keys = [rows.cluster * self.width]
        keys += [
            rows.cluster * self.width + off + s
            for off, s in zip(offsets[1:-1], rows.strata, strict=True)
        ]
        keys = np.sort(np.concatenate(keys))  # `np.unique` with counts hashes: several times slower
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        self.count = np.diff(first, append=len(keys))
        self.owner, self.column = np.divmod(keys[first], self.width)
        self.start = np.searchsorted(self.owner, np.arange(n_clusters + 1))
        self.size = np.bincount(rows.cluster, minlength=n_clusters)
        total = np.bincount(self.column, weights=self.count, minlength=self.width)
        # Errors count relative to the stratum's size (as in a chi-square), so rare strata matter.
        self.weight = 1.0 / np.maximum(total, 1.0)


def _profiles(rows: Rows) -> np.ndarray:
    """Return a number per cluster, equal where the clusters hold the same counts of everything.

    A multiset hash: the sum, modulo 2**64, of one random word per stratum. A collision (chance
    about 1e-11 for 30,000 clusters) would only cost balance, never the integrity of a cluster.
    """
    words = np.random.default_rng(_PROFILE_SEED)
    key = rows.strata[-1] if rows.strata else np.zeros_like(rows.cluster)
    word = words.integers(0, 2**64, size=int(key.max(initial=0)) + 1, dtype=np.uint64)
    sums = np.zeros(len(rows.clusters), np.uint64)
    np.add.at(sums, rows.cluster, word[key])
    return np.unique(sums, return_inverse=True)[1]


def _bulk(profile: np.ndarray, wanted: np.ndarray, shuffled: np.ndarray) -> np.ndarray:
    """Give each part its whole quota of every profile; return parts, -1 where none is set yet."""
    members = np.bincount(profile)
    # 1e-9: a quota of 6.999999999 is 7 (binary fractions), on every platform.
    upto = np.cumsum(np.floor(members[:, None] * wanted + 1e-9).astype(np.int64), axis=1)
    order = shuffled[np.argsort(profile[shuffled], kind="stable")]
    rank = np.arange(len(profile)) - (np.cumsum(members) - members)[profile[order]]
    index = (rank[:, None] >= upto[profile[order]]).sum(axis=1)
    part = np.empty(len(profile), dtype=np.int64)
    part[order] = np.where(index == len(wanted), -1, index)
    return part


def _greedy(part: np.ndarray, counts: _Counts, wanted: np.ndarray, shuffled: np.ndarray) -> None:
    """Place the clusters left at -1, in place, each where the squared relative error grows least.

    Targets run along with what has been placed, so every part receives large and small clusters
    alike. With one stratum and equal clusters the rule is Webster's (Sainte-Lague) apportionment.
    """
    placed = np.flatnonzero(part >= 0)
    held = np.zeros((len(wanted), counts.width))
    mask = part[counts.owner] >= 0
    np.add.at(held, (part[counts.owner[mask]], counts.column[mask]), counts.count[mask])
    behind = wanted[:, None] * held.sum(axis=0) - held if len(placed) else held
    # Sizes are ordered by power of two only: within one, chance decides, so seeds differ.
    left = shuffled[part[shuffled] < 0]
    magnitude = np.frexp(counts.size[left].astype(float))[1]
    for c in left[np.argsort(-magnitude, kind="stable")]:
        window = slice(counts.start[c], counts.start[c + 1])
        columns, count = counts.column[window], counts.count[window]
        local = behind[:, columns] + wanted[:, None] * count
        gain = ((2 * local - count) * count) @ counts.weight[columns] / wanted
        best = int(np.argmax(np.round(gain, 9)))  # rounding: ties break the same everywhere
        local[best] -= count
        behind[:, columns] = local
        part[c] = best


def _reach_every_part(part: np.ndarray, rows: Rows, n_parts: int) -> None:
    """Move single small clusters, in place, so that rare labels reach every part if they can."""
    n_clusters, n_labels = len(rows.clusters), len(rows.labels)
    has = np.zeros((n_clusters, n_labels), dtype=bool)
    has[rows.cluster, rows.label] = True
    size = np.bincount(rows.cluster, minlength=n_clusters)
    reach = np.stack([has[part == p].sum(axis=0) for p in range(n_parts)])  # (parts, labels)
    for label in np.argsort(has.sum(axis=0), kind="stable"):
        for empty in np.flatnonzero(reach[:, label] == 0):
            # A donor must keep at least one cluster of each label that the moved cluster carries.
            spare = has[:, label] & np.all((reach[part] > 1) | ~has, axis=1)
            if not spare.any():
                continue
            choice = np.flatnonzero(spare)
            rank = np.lexsort((choice, size[choice], -reach[part[choice], label]))
            moved = choice[rank[0]]
            reach[part[moved]] -= has[moved]
            reach[empty] += has[moved]
            part[moved] = empty
