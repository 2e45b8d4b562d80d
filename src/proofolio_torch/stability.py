"""Has a distribution moved? The population stability index against a reference period.

    from proofolio_torch.stability import Reference
    reference = Reference.of(last_month)     # a column of numbers, NaN where missing
    reference.psi(this_week)

Over bins b of the reference, the sum of (a_b - e_b) ln(a_b / e_b), where e_b is the share of the
reference in the bin and a_b that of the rows compared. The field's convention: below 0.1 nothing to
report, above 0.25 a change to look into (Siddiqi 2006, Credit Risk Scorecards). The index says that
a distribution moved, not that a model became worse; it needs no label.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from proofolio.contract import TableError

BINS = 10
FLOOR = 1e-4  # of a share: an empty bin would make the index infinite
CHANGED = 0.25


@dataclass(frozen=True)
class Reference:
    """The bins of a reference and its share in each: ties first, then quantile bins, then missing.

    Attributes:
        ties: (t,) sorted values that fill a quantile bin by themselves; each is a bin of its own.
        edges: (k - 1,) upper ends of all quantile bins but the last, of what is no tie.
        shares: (t + k + 1,) of the reference; the last is what is missing.
        n: rows of the reference.
    """

    ties: np.ndarray
    edges: np.ndarray
    shares: np.ndarray
    n: int

    @classmethod
    def of(cls, values: np.ndarray, bins: int = BINS) -> "Reference":
        """Cut the values (n,) of a reference at its quantiles.

        A value that at least one row in `bins` has is a bin of its own; the rest is cut at the
        quantiles of the rest into as many bins as are left. NaN is a bin of its own. A bin holds
        its upper end.

        Raises:
            TableError: No value, or fewer than two bins.
        """
        values = _floats(values)
        known = values[~np.isnan(values)]
        if bins < 2 or not len(known):
            raise TableError(
                "there is no reference to compare with",
                expected="values that are not missing, and 2 bins or more",
                received=f"{len(known)} values, {bins} bins",
                remedy="take a longer reference period",
            )
        distinct, counts = np.unique(known, return_counts=True)
        tie = counts * bins >= len(known)
        rest = known[~np.isin(known, distinct[tie])]
        left = max(bins - int(tie.sum()), 1)
        inner = np.arange(1, left) / left
        found = np.quantile(rest, inner, method="inverted_cdf") if len(rest) else np.empty(0)
        ends = np.unique(found)
        ends = ends[ends < rest.max()] if len(rest) else ends  # no bin is empty in the reference
        made = cls(distinct[tie], ends, np.empty(0), len(values))
        return cls(made.ties, made.edges, made._shares(values), made.n)

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values, to be kept in a file."""
        found = {name: getattr(self, name).tolist() for name in ("ties", "edges", "shares")}
        return found | {"n": self.n}

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> "Reference":
        """Return what `as_json` gave."""
        return cls(*(np.array(told[k], float) for k in ("ties", "edges", "shares")), told["n"])

    @property
    def bins(self) -> int:
        """Number of bins that the reference fills."""
        return int((self.shares > 0).sum())

    def psi(self, values: np.ndarray, floor: float = FLOOR) -> float:
        """Return the index of values (m,) against the reference; shares below `floor` count as it.

        A bin that both leave empty adds nothing. Raises TableError where there is no row.
        """
        values = _floats(values)
        if not len(values) or not 0 < floor < 1:
            raise TableError(
                "there is nothing to compare",
                expected="rows, and a floor above 0 and below 1",
                received=f"{len(values)} rows, floor {floor}",
                remedy="leave the period out, or take a longer one",
            )
        expected, actual = (np.maximum(s, floor) for s in (self.shares, self._shares(values)))
        return float(((actual - expected) * np.log(actual / expected)).sum())

    def by_chance(self, m: int) -> float:
        """Return the mean of the index for m independent rows of an unchanged population.

        (B - 1) (1/n + 1/m) over B bins, from its chi-squared approximation (Yurdakul 2018,
        Statistical properties of population stability index). Rows of one card are not
        independent, so a little more is no change either.
        """
        return (self.bins - 1) * (1 / self.n + 1 / m)

    def _shares(self, values: np.ndarray) -> np.ndarray:
        """Return the share (t + k + 1,) of values (m,) in each bin."""
        ties, width = len(self.ties), len(self.ties) + len(self.edges) + 2
        place = ties + np.searchsorted(self.edges, values, side="left")
        if ties:
            at = np.minimum(np.searchsorted(self.ties, values), ties - 1)
            place = np.where(self.ties[at] == values, at, place)
        place[np.isnan(values)] = width - 1
        return np.bincount(place, minlength=width) / len(values)


def _floats(values: np.ndarray) -> np.ndarray:
    result = np.asarray(values)
    if result.ndim != 1 or result.dtype.kind not in "biuf":
        raise TableError(
            "a column that is no list of numbers has no quantiles",
            expected="numbers (n,), NaN where missing",
            received=f"{result.dtype} {result.shape}",
            remedy="give categories codes, and compare their shares",
        )
    return result.astype(np.float64)
