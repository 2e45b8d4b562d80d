"""Simulated card transactions with known frauds, for demos and for tests of event projects.

An independent vectorised implementation of the world that the Fraud Detection Handbook describes
(Le Borgne, Siblini, Lebichot, Bontempi 2022, chapter 3). Weekdays, drift and new fraud are not in
it: they are switches of this module, and off by default.

    from proofolio_torch.events import cards
    events = cards.simulate(cards=200, terminals=60, days=60)  # about 24,000 rows

This is a simulation: scores reached on it say nothing about real cards.
"""

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from proofolio.contract import ProjectError
from proofolio_torch.events import frauds
from proofolio_torch.events.arrays import stable_order
from proofolio_torch.events.frauds import CARDS, SCENARIOS, TERMINALS, Rows
from proofolio_torch.events.spec import DAY

_SIDE = 100.0  # of the square that cards and terminals lie in
_RADIUS = 5.0  # in the Handbook's world of 10,000 terminals
_WEEK = np.array([0.9, 0.9, 0.95, 1.0, 1.2, 1.2, 0.85])  # Monday first; the mean is 1


def simulate(
    *,
    cards: int = CARDS,
    terminals: int = TERMINALS,
    days: int = 183,
    seed: int = 0,
    start: str = "2018-04-01",
    radius: float | None = None,
    weekdays: bool = False,
    drift: float = 0.0,
    drift_from: int | None = None,
    new_fraud: bool = False,
    new_fraud_from: int | None = None,
    known_after: int | None = None,
) -> pd.DataFrame:
    """Simulate transactions and their frauds; the same arguments give the same table.

    A card reaches the terminals within `radius` of it and, if there are none, the nearest one. The
    default radius is the Handbook's 5 in a world of 10,000 terminals and otherwise such that a card
    reaches about 75 of them as well, or all in a world with fewer. Compromised terminals and cards
    are as frequent as in the Handbook's world (2 of 10,000 and 3 of 5,000 a day), but at least one
    a fortnight: below 360 terminals or 120 cards the share of fraud is higher.

    Args:
        cards: number of cards; some make no transaction.
        terminals: number of terminals.
        days: length in days.
        seed: of every draw.
        start: first day.
        radius: distance up to which a card reaches terminals, in a square of side 100.
        weekdays: more transactions on Fridays and Saturdays, fewer on Sundays.
        drift: relative change of amounts and of activity from the first day to the last; 0.5 means
            half as much again, negative values mean less. Amounts above 220 stay fraud.
        drift_from: day number up to which nothing changes; the first day by default.
        new_fraud: from `new_fraud_from` on, bursts of tiny amounts from many cards at one terminal
            within minutes (card testing), scenario `testing`.
        new_fraud_from: day number of the first burst; two thirds of the period by default.
        known_after: days after which a label is known, as column `known_at`; None leaves it out.

    Returns:
        id, unit (card), unit2 (terminal), time, amount, label (genuine or fraud), slice_scenario
        [, known_at], sorted by time and id.

    Raises:
        ProjectError: a size, length or change that makes no world.
    """
    _sized(cards=cards, terminals=terminals, days=days)
    first = _midnight(start)
    if not -1 < drift <= 10 or (radius is not None and not radius > 0):
        raise ProjectError(
            "the world cannot be simulated",
            expected="drift above -1 and up to 10, radius above 0",
            received=f"drift {drift}, radius {radius}",
            remedy="leave them at their defaults to get the Handbook's world",
        )
    rng = np.random.default_rng(seed)
    if radius is None:
        radius = _RADIUS * (TERMINALS / terminals) ** 0.5
    steady = min(max(drift_from or 0, 0), days - 1)
    trend = 1 + drift * np.maximum(np.arange(days) - steady, 0) / max(days - 1 - steady, 1)
    week = _WEEK[((first.astype(np.int64) + 3) + np.arange(days)) % 7] if weekdays else 1.0
    rows = _genuine(rng, cards, terminals, radius, trend, trend * week)
    rows = rows.take(stable_order(rows.second))
    frauds.large_amounts(rows)
    frauds.bad_terminals(rows, rng, terminals, days)
    frauds.bad_cards(rows, rng, cards, days)
    if new_fraud:
        since = days * 2 // 3 if new_fraud_from is None else new_fraud_from
        rows = frauds.tested(rows, rng, cards, terminals, since, days)
    return _table(rows, first, cards, terminals, known_after)


def _genuine(
    rng: np.random.Generator,
    cards: int,
    terminals: int,
    radius: float,
    level: np.ndarray,
    activity: np.ndarray,
) -> Rows:
    """Draw who pays, when, how much and where; `level` and `activity` are factors per day."""
    place = rng.uniform(0, _SIDE, (cards, 2))
    mean = rng.uniform(5, 100, cards)
    rate = rng.uniform(0, 4, cards)
    begin, reached = _reach(place, rng.uniform(0, _SIDE, (terminals, 2)), radius)

    number = rng.poisson(rate[:, None] * activity)
    card = np.repeat(np.arange(cards), number.sum(axis=1))
    day = np.repeat(np.tile(np.arange(len(level)), cards), number.ravel())
    second = np.trunc(rng.normal(DAY / 2, 20_000, len(card))).astype(np.int64)
    kept = (second > 0) & (second < DAY)
    card, day, second = card[kept], day[kept], second[kept]

    usual = mean[card] * level[day]
    amount = rng.normal(usual, usual / 2)
    below = np.flatnonzero(amount < 0)
    amount[below] = rng.uniform(0, 2 * usual[below])
    choice = (rng.random(len(card)) * (begin[card + 1] - begin[card])).astype(np.int64)
    return Rows(
        second=day * DAY + second,
        card=card,
        terminal=reached[begin[card] + choice],
        amount=np.round(amount, 2),
        scenario=np.zeros(len(card), np.int8),
    )


def _reach(
    cards: np.ndarray, terminals: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each card's terminals begin, and all of them card by card; none is empty."""
    tree = KDTree(terminals)
    found = tree.query_ball_point(cards, radius, return_sorted=True)
    nearest = tree.query(cards)[1]
    reached = [list_ or [near] for list_, near in zip(found, nearest.tolist(), strict=True)]
    begin = np.cumsum([0, *map(len, reached)])
    return begin, np.concatenate(reached).astype(np.int64)


def _table(
    rows: Rows, first: np.datetime64, cards: int, terminals: int, known_after: int | None
) -> pd.DataFrame:
    time = first.astype("datetime64[s]") + rows.second
    table = pd.DataFrame(
        {
            "id": _names("t", len(time), 7),
            "unit": _names("c", cards, 4).take(rows.card),
            "unit2": _names("m", terminals, 5).take(rows.terminal),
            "time": time,
            "amount": rows.amount,
            "label": pd.array(["genuine", "fraud"], dtype="str").take((rows.scenario > 0) * 1),
            "slice_scenario": pd.array(SCENARIOS, dtype="str").take(rows.scenario),
        }
    )
    if known_after is not None:
        table["known_at"] = time + known_after * DAY
    return table


def _names(letter: str, number: int, digits: int) -> pd.api.extensions.ExtensionArray:
    """Return names that sort as their numbers do, such as t0000000."""
    import pyarrow as pa

    digits = max(digits, len(str(number - 1)))
    letters = np.empty((number, digits + 1), np.uint8)
    letters[:, 0] = ord(letter)
    rest = np.arange(number, dtype=np.uint32)  # narrow: to divide takes most of the time
    for place in range(digits, 0, -1):
        tenth = rest // 10
        letters[:, place] = rest - 10 * tenth + ord("0")
        rest = tenth
    edges = np.arange(number + 1) * (digits + 1)
    parts = [None, pa.py_buffer(edges), pa.py_buffer(letters)]
    return pd.array(pa.Array.from_buffers(pa.large_string(), number, parts), dtype="str")


def _sized(**sizes: int) -> None:
    for name, value in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ProjectError(
                f"`{name}` makes no world",
                expected="a whole number, 1 or more",
                received=repr(value),
                remedy="leave it at its default, or take a small world: cards=200, terminals=60",
            )


def _midnight(start: str) -> np.datetime64:
    try:
        return np.datetime64(start, "D")
    except ValueError:
        raise ProjectError(
            "`start` is not a day",
            expected="a day as YYYY-MM-DD",
            received=repr(start),
            remedy="give a day such as 2018-04-01",
        ) from None
