"""Has what comes in, or what is decided, moved? Signs against the reference that `export` wrote.

    signs = monitor.compare(about, monitor.records(log))

Without labels: the population stability index of every statistic and of the score, the share of
positive decisions, and the cost that the calibrated scores expect at the stated prices. With
labels: the cost that was really paid. A sign says that a person should look. A model is trained
again when the paid cost passes its limit or the model is older than agreed, never by itself.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from proofolio.contract import TableError
from proofolio_torch.pictures.opened import STATISTICS
from proofolio_torch.stability import CHANGED, Reference

LEAST = 100  # pictures: the index of fewer says little
COST = 1.5  # times the reference's expected cost
POSITIVE = (0.5, 2.0)  # times the reference's share of positive decisions
LOOK, RETRAIN = "look", "retrain"


@dataclass(frozen=True)
class Sign:
    """What was measured, its limits (None: no such limit), and what a breach asks for."""

    what: str
    value: float
    low: float | None
    high: float | None
    asks: str = LOOK

    @property
    def fired(self) -> bool:
        """Whether the value lies outside its limits."""
        below = self.low is not None and self.value < self.low
        return below or (self.high is not None and self.value > self.high)


@dataclass(frozen=True)
class Records:
    """Decisions of a period: ids, scores (n,), statistics by name (n,); how many were referred."""

    ids: list[str]
    scores: np.ndarray
    inputs: dict[str, np.ndarray]
    referred: int


def records(log: Path, since: str = "") -> Records:
    """Read the decisions of a log; those that a person got instead are counted alone.

    Args:
        log: the service's decision log.
        since: first moment, ISO; all where empty.

    Raises:
        TableError: there is no log, or a line is no decision of pictures.
    """
    if not Path(log).is_file():
        raise TableError("there is no decision log", received=str(log), remedy="serve first")
    rows, referred = [], 0
    with open(log, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            try:
                told = json.loads(line)
                if told.get("kind") != "decision" or str(told.get("time", "")) < since:
                    continue
                if told["reason"] is not None:
                    referred += 1
                    continue
                rows.append([told["id"], told["score"], *(told["inputs"][k] for k in STATISTICS)])
            except (ValueError, KeyError, AttributeError):
                what = f"line {number} of the log is no decision about a picture"
                raise TableError(what, remedy="name the log of an image service") from None
    values = np.array([row[1:] for row in rows], float).reshape(len(rows), 1 + len(STATISTICS))
    inputs = dict(zip(STATISTICS, values[:, 1:].T, strict=True))
    return Records([row[0] for row in rows], values[:, 0], inputs, referred)


def labels(path: Path) -> dict[str, str]:
    """Return the labels of a CSV with the columns id and label.

    Raises:
        TableError: a column is missing.
    """
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if not {"id", "label"} <= set(reader.fieldnames or ()):
            expected, received = "columns id and label", ", ".join(reader.fieldnames or ())
            raise TableError("these are no labels", expected=expected, received=received)
        return {row["id"]: row["label"] for row in reader}


def expected_cost(about: Mapping[str, Any], scores: np.ndarray) -> float:
    """Return the mean cost of a picture that calibrated scores (n,) expect of the decisions.

    Two classes: below the threshold the price of a miss times the score, from it on the price of a
    false alarm times the rest. More: the share of wrong decisions.
    """
    if about["positive_class"] is None:
        return float((1 - scores).mean())
    high, costs = scores >= about["threshold"], about["costs"]
    return float(np.where(high, costs["false_alarm"] * (1 - scores), costs["miss"] * scores).mean())


def paid_cost(about: Mapping[str, Any], scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the mean cost of a picture at labels: `positive` (n,), of two classes alone."""
    high, costs = scores >= about["threshold"], about["costs"]
    missed, needless = ~high & positive, high & ~positive
    return float((costs["miss"] * missed + costs["false_alarm"] * needless).mean())


def compare(
    about: Mapping[str, Any], found: Records, known: Mapping[str, str] | None = None
) -> Iterator[Sign]:
    """Yield the signs of a period.

    Args:
        about: what `export` wrote: costs, threshold, reference.
        found: decisions of the period.
        known: labels by id, of some of them.

    Raises:
        TableError: too few decisions to say anything.
    """
    if len(found.ids) < LEAST:
        raise TableError(
            "too few decisions to compare with the reference",
            expected=f"{LEAST} or more",
            received=str(len(found.ids)),
            remedy="take a longer period",
        )
    reference = about["reference"]
    for name, values in {**found.inputs, "score": found.scores}.items():
        own = Reference.of_json(reference["of"][name])
        limit = CHANGED + own.by_chance(len(values))
        yield Sign(f"stability of {name}", own.psi(values), None, limit)
    total = len(found.ids) + found.referred
    yield Sign("share referred to a person", found.referred / total, None, 0.01)
    limit = COST * reference["cost"]
    yield Sign("expected cost of a picture", expected_cost(about, found.scores), None, limit)
    if about["positive_class"] is None:
        return
    share = float((found.scores >= about["threshold"]).mean())
    low, high = (min(1.0, k * reference["positive"]) for k in POSITIVE)
    yield Sign("share of positive decisions", share, low, high)
    named = [k for k, id in enumerate(found.ids) if id in (known or {})]
    if named:
        positive = np.array([known[found.ids[k]] == about["positive_class"] for k in named])
        value = paid_cost(about, found.scores[named], positive)
        yield Sign(f"paid cost of a picture, {len(named)} labels", value, None, limit, RETRAIN)


def age(about: Mapping[str, Any], trained: str, days: int, now: datetime | None = None) -> Sign:
    """Return the scheduled sign: days since the run ended, and the most that was agreed."""
    ended = datetime.fromisoformat(trained).replace(tzinfo=UTC)
    since = ((now or datetime.now(UTC)) - ended).total_seconds() / 86_400
    return Sign(f"days since {about['run']}", since, None, float(days), RETRAIN)


def as_text(signs: Iterable[Sign]) -> str:
    """Return a table of signs for the terminal: value, limits, and what a breach asks for."""
    lines = []
    for sign in signs:
        limits = " to ".join("any" if v is None else f"{v:.3g}" for v in (sign.low, sign.high))
        told = f"-> {sign.asks}" if sign.fired else "ok"
        lines.append(f"{sign.what:44} {sign.value:9.4g}  limits {limits:>14}  {told}")
    return "\n".join(lines)
