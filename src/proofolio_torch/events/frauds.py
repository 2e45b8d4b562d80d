"""The frauds of simulated card transactions: what marks them, and how often they come."""

from dataclasses import dataclass

import numpy as np

from proofolio_torch.events.arrays import stable_order
from proofolio_torch.events.spec import DAY

TERMINALS, CARDS = 10_000, 5_000  # of the Handbook's world, which sets the rates
SCENARIOS = ("none", "amount", "terminal", "card", "testing")
_BAD_TERMINALS, _BAD_CARDS = 2, 3  # a day, there
_TERMINAL_DAYS, _CARD_DAYS = 28, 14
_GIVEAWAY, _TIMES = 220.0, 5.0
_RAREST = 1 / 14  # compromises a day in worlds so small that the Handbook's rate gives none


@dataclass
class Rows:
    """Transactions while they are made; all arrays have one entry per transaction."""

    second: np.ndarray  # from the start of the first day
    card: np.ndarray
    terminal: np.ndarray
    amount: np.ndarray
    scenario: np.ndarray  # position in SCENARIOS

    @property
    def day(self) -> np.ndarray:
        """The day of each, from 0."""
        return self.second // DAY

    def take(self, order: np.ndarray) -> "Rows":
        """Return them in another order, or some of them."""
        return Rows(*(column[order] for column in vars(self).values()))


def large_amounts(rows: Rows) -> None:
    """Mark every transaction above a fixed amount."""
    rows.scenario[rows.amount > _GIVEAWAY] = SCENARIOS.index("amount")


def bad_terminals(rows: Rows, rng: np.random.Generator, terminals: int, days: int) -> None:
    """Mark every transaction at terminals that are compromised for four weeks."""
    bad = np.zeros((terminals, days), bool)
    for day, chosen in _drawn(rng, terminals, _BAD_TERMINALS / TERMINALS, days):
        bad[chosen, day : day + _TERMINAL_DAYS] = True
    rows.scenario[bad[rows.terminal, rows.day]] = SCENARIOS.index("terminal")


def bad_cards(rows: Rows, rng: np.random.Generator, cards: int, days: int) -> None:
    """Multiply a third of the amounts of cards that are compromised for two weeks."""
    order = stable_order(rows.card)
    key = rows.card[order] * days + rows.day[order]
    for day, chosen in _drawn(rng, cards, _BAD_CARDS / CARDS, days):
        low = np.searchsorted(key, chosen * days + day)
        high = np.searchsorted(key, chosen * days + min(day + _CARD_DAYS, days))
        near = np.concatenate([order[a:b] for a, b in zip(low, high, strict=True)])
        stolen = rng.choice(near, len(near) // 3, replace=False)
        rows.amount[stolen] = np.round(rows.amount[stolen] * _TIMES, 2)
        rows.scenario[stolen] = SCENARIOS.index("card")


def _drawn(
    rng: np.random.Generator, size: int, rate: float, days: int
) -> list[tuple[int, np.ndarray]]:
    """Return which of `size` are compromised on which day; none on the last day."""
    a_day = max(rate * size, _RAREST)
    until = np.floor(a_day * np.arange(days) + 1e-9).astype(int)
    numbers = np.minimum(np.diff(until), size)
    return [(d, rng.choice(size, n, replace=False)) for d, n in enumerate(numbers) if n]


def tested(
    rows: Rows, rng: np.random.Generator, cards: int, terminals: int, since: int, days: int
) -> Rows:
    """Add bursts of 20 to 60 tiny payments in ten minutes: stolen cards are tried out."""
    a_day = max(cards / CARDS, _RAREST)
    until = np.ceil(a_day * np.arange(max(days - since, 0) + 1) - 1e-9).astype(int)
    day = since + np.repeat(np.arange(len(until) - 1), np.diff(until))
    if not len(day):
        return rows
    size = np.minimum(rng.integers(20, 61, len(day)), cards)
    begin = day * DAY + rng.integers(1, DAY - 600, len(day))
    burst = np.repeat(np.arange(len(day)), size)
    added = Rows(
        second=begin[burst] + rng.integers(0, 600, len(burst)),
        card=np.concatenate([rng.choice(cards, n, replace=False) for n in size]),
        terminal=rng.integers(0, terminals, len(day))[burst],
        amount=np.round(rng.uniform(0.5, 2.0, len(burst)), 2),
        scenario=np.full(len(burst), SCENARIOS.index("testing"), np.int8),
    )
    both = zip(vars(rows).values(), vars(added).values(), strict=True)
    joined = Rows(*(np.concatenate(pair) for pair in both))
    return joined.take(stable_order(joined.second))
