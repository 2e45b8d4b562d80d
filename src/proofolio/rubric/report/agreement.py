"""How far two graders agree on the criteria that a person judges, over a cohort."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from proofolio.rubric.report import view

LEVELS = range(4)


@dataclass(frozen=True)
class Agreement:
    """Two graders over all judgements both gave.

    `kappa` is Cohen's kappa with quadratic weights (1 full agreement, 0 that of chance), None where
    it is undefined: both gave one and the same level throughout, or there are fewer than two
    judgements. `exact` and `within_one` are shares; `higher` is the mean of first minus second, in
    levels. `criteria` has (code, judgements, exact share, mean difference).
    """

    first: str
    second: str
    judgements: int
    projects: int
    kappa: float | None
    exact: float
    within_one: float
    higher: float
    criteria: tuple[tuple[str, int, float, float], ...]


def pairs(projects: Sequence[view.Project]) -> list[Agreement]:
    """Return the agreement of every two graders who judged a criterion of the same project."""
    names = sorted({entry["grader"] for p in projects for entry in p.get("answers", ())})
    found = (_agreement(projects, *pair) for pair in combinations(names, 2))
    return [agreement for agreement in found if agreement]


def kappa(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Return Cohen's kappa with quadratic weights of two lists of levels (0 to 3), or None."""
    if len(first) < 2 or len({*first, *second}) < 2:
        return None
    from sklearn.metrics import cohen_kappa_score

    value = cohen_kappa_score(first, second, labels=list(LEVELS), weights="quadratic")
    return None if math.isnan(value) else float(value)


def _agreement(projects: Sequence[view.Project], first: str, second: str) -> Agreement | None:
    judged = list(_judged(projects, first, second))
    if not judged:
        return None
    a, b = [entry[2] for entry in judged], [entry[3] for entry in judged]
    codes = dict.fromkeys(entry[1] for entry in judged)
    each = []
    for code in codes:
        gaps = [entry[2] - entry[3] for entry in judged if entry[1] == code]
        each.append((code, len(gaps), gaps.count(0) / len(gaps), sum(gaps) / len(gaps)))
    gaps = [x - y for x, y in zip(a, b, strict=True)]
    return Agreement(
        first,
        second,
        judgements=len(gaps),
        projects=len({entry[0] for entry in judged}),
        kappa=kappa(a, b),
        exact=gaps.count(0) / len(gaps),
        within_one=sum(abs(gap) <= 1 for gap in gaps) / len(gaps),
        higher=sum(gaps) / len(gaps),
        criteria=tuple(sorted(each, key=lambda entry: entry[2])),
    )


def _judged(
    projects: Sequence[view.Project], first: str, second: str
) -> Iterator[tuple[int, str, int, int]]:
    for index, project in enumerate(projects):
        levels = {entry["grader"]: entry["levels"] for entry in project.get("answers", ())}
        if first in levels and second in levels:
            for code in levels[first]:
                if code in levels[second]:
                    yield index, code, levels[first][code], levels[second][code]
