"""Time window features and the simulator: `python bench/events.py [--large]` (or `make bench`).

Each line compares two ways of doing one thing in one process, alternating, and reports the median
of the ratios. Features: about 10,000, 100,000 and 1 million events (with --large also 12 million)
against two ways in pandas, whose values are compared first; of larger tables they get whole cards
and terminals of a part, and their time is scaled up:

- `groupby.apply`, rolling windows entity by entity: the Fraud Detection Handbook's way, and what
  most notebooks do. The aim is set against it.
- `groupby.rolling` over the whole table, and values put back in order by position: the fastest way
  in pandas that we know. A stricter peer, without an aim.

Live: one event at a time against a filter of the table. Simulator: worlds of the same sizes (with
--large also the Handbook's) against a loop over cards and days. Results go to
bench/results/events.json and events.csv with hardware and versions.
"""

import itertools
import sys
import tracemalloc
from functools import partial

import numpy as np
import pandas as pd
from run import compare, race, seconds, write

from proofolio_torch.events import cards
from proofolio_torch.events.live import Live
from proofolio_torch.events.windows import features

MILLION = 1_000_000
PEER_ROWS = 1_200_000  # pandas works entity by entity: its time grows with the rows it gets
APPLY_ROWS = 120_000  # the slower peer's
ROWS_PER_CARD, DAYS = 351, 183
WORLDS = (28, 285, 2850)  # cards; half a year, two terminals a card: the sizes of the features
HANDBOOK = 5000  # cards of the Handbook's world


def peer_features(by_card: pd.DataFrame, by_terminal: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the 12 windows of the Handbook by pandas, in the order of the two tables."""
    found = {}

    def rows(values: pd.Series, table: pd.DataFrame, name: str) -> np.ndarray:
        """Put the values, which come group by group, back into the order of the table."""
        ordered = np.empty(len(table))
        ordered[np.argsort(pd.factorize(table[name], sort=True)[0], kind="stable")] = values
        return ordered

    for days in (1, 7, 30):
        window = by_card.groupby("unit").rolling(f"{days}D", on="time")["amount"]
        found[f"unit_count_{days}d"] = rows(window.count(), by_card, "unit")
        found[f"unit_mean_{days}d"] = rows(window.mean(), by_card, "unit")
    late = by_terminal.groupby("unit2").rolling("7D", on="time")["fraud"]
    late_count, late_sum = late.count(), late.sum()
    for days in (1, 7, 30):
        window = by_terminal.groupby("unit2").rolling(f"{days + 7}D", on="time")["fraud"]
        count = window.count() - late_count
        risk = ((window.sum() - late_sum) / count).fillna(0.0)
        found[f"unit2_count_{days}d"] = rows(count, by_terminal, "unit2")
        found[f"unit2_risk_{days}d"] = rows(risk, by_terminal, "unit2")
    return found


def applied_features(by_card: pd.DataFrame, by_terminal: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the same windows as `peer_features`, by `groupby.apply` and rolling per entity."""

    def spending(events: pd.DataFrame) -> pd.DataFrame:
        amount, found = events.set_index("time")["amount"], {}
        for days in (1, 7, 30):
            window = amount.rolling(f"{days}D")
            found[f"unit_count_{days}d"] = window.count().to_numpy()
            found[f"unit_mean_{days}d"] = (window.sum() / window.count()).to_numpy()
        return pd.DataFrame(found, index=events.index)

    def risk(events: pd.DataFrame) -> pd.DataFrame:
        fraud, found = events.set_index("time")["fraud"], {}
        late = fraud.rolling("7D")
        late_sum, late_count = late.sum(), late.count()
        for days in (1, 7, 30):
            window = fraud.rolling(f"{days + 7}D")
            count = window.count() - late_count
            found[f"unit2_count_{days}d"] = count.to_numpy()
            share = (window.sum() - late_sum) / count
            found[f"unit2_risk_{days}d"] = share.fillna(0.0).to_numpy()
        return pd.DataFrame(found, index=events.index)

    result = {}
    for table, name, derive in ((by_card, "unit", spending), (by_terminal, "unit2", risk)):
        derived = table.groupby(name, group_keys=False)[["time", "amount", "fraud"]].apply(derive)
        result |= {k: v.to_numpy() for k, v in derived.sort_index().items()}
    return result


def parts_of(events: pd.DataFrame, number: int, rows: int) -> list[pd.DataFrame]:
    """Return all events of some cards, and all of some terminals: about `rows` each."""
    return [
        events[
            events[name].isin(sorted(events[name].unique())[: max(1, rows * size // len(events))])
        ]
        for name, size in (("unit", number), ("unit2", 2 * number))
    ]


def window_features(rows: int) -> list[dict]:
    """All 14 features of a simulated table, against both peers; peak memory of one more call."""
    number = max(rows // ROWS_PER_CARD, 10)
    events = cards.simulate(cards=number, terminals=2 * number, days=DAYS)
    events["fraud"] = (events["label"] == "fraud").astype(float)
    names, ours = features(events)
    peers, aims = {}, {}
    for way, peer, most, aim in (
        ("pandas groupby.apply, rolling (the Handbook's way)", applied_features, APPLY_ROWS, 50),
        ("pandas groupby.rolling", peer_features, PEER_ROWS, None),
    ):
        parts = parts_of(events, number, most)
        for name, values in peer(*parts).items():
            part = parts[0] if name.startswith("unit_") else parts[1]
            assert np.allclose(ours[part.index, names.index(name)], values, atol=1e-6), name
        share = (len(parts[0]) + len(parts[1])) / (2 * len(events))
        peers[way], aims[way] = (partial(peer, *parts), share), {"aim": aim} if aim else {}
    del ours
    tracemalloc.start()
    features(events)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    title = f"14 window features, {rows:,} events"
    found = race({title: lambda: features(events)}, peers, size=len(events))
    each = round(found[0]["seconds"] / len(events) * 1e6, 2)
    more = {"microseconds_per_event": each, "peak_mb": round(peak / 1e6)}
    return [row | aims[row["peer"]] | more for row in found]


def live_features() -> dict:
    """Features of the last 2,000 of 100,000 events, one at a time; the peer filters the table."""
    events = cards.simulate(cards=900, terminals=1800, days=60)
    events["fraud"] = events["label"] == "fraud"
    last = list(events.iloc[-2000:].itertuples())
    state = Live()
    for e in events.iloc[:-2000].itertuples():
        state.add(e.id, e.unit, e.time, e.amount, e.unit2)
        state.learn(e.id, e.label)
    state, took = state.snapshot(), []

    def ours() -> None:
        live = Live.restore(state)
        for e in last:
            took.append(seconds(lambda e=e: live.add(e.id, e.unit, e.time, e.amount, e.unit2)))

    def peer() -> None:
        for e in last[:50]:
            card = events[(events["unit"] == e.unit) & (events["time"] <= e.time)]
            shop = events[(events["unit2"] == e.unit2)]
            for days in (1, 7, 30):
                card[card["time"] > e.time - pd.Timedelta(days=days)]["amount"].agg(
                    ["count", "mean"]
                )
                end = e.time - pd.Timedelta(days=7)
                seen = (shop["time"] > end - pd.Timedelta(days=days)) & (shop["time"] <= end)
                shop[seen]["fraud"].agg(["count", "mean"])

    row = compare("live features of 2,000 events", ours, peer, "pandas filters", share=50 / 2000)
    quantiles = np.percentile(took, [50, 95, 99]) * 1e3
    names = ("median_ms", "p95_ms", "p99_ms")
    return row | {name: round(float(q), 4) for name, q in zip(names, quantiles, strict=True)}


def peer_simulator(*, cards: int, terminals: int, days: int, seed: int = 0) -> pd.DataFrame:
    """Return transactions of the same kind of world by a loop over cards and days."""
    rng = np.random.default_rng(seed)
    shops, radius = rng.uniform(0, 100, (terminals, 2)), 5 * (10_000 / terminals) ** 0.5
    tables = []
    for card in range(cards):
        place, mean, rate = rng.uniform(0, 100, 2), rng.uniform(5, 100), rng.uniform(0, 4)
        reached = np.flatnonzero(np.hypot(*(shops - place).T) < radius)
        rows = []
        for day in range(days):
            for _ in range(rng.poisson(rate)):
                second = int(rng.normal(43_200, 20_000))
                if 0 < second < 86_400:
                    amount = rng.normal(mean, mean / 2)
                    amount = amount if amount >= 0 else rng.uniform(0, 2 * mean)
                    row = (day * 86_400 + second, card, rng.choice(reached), round(amount, 2))
                    rows.append(row)
        tables.append(pd.DataFrame(rows, columns=["second", "card", "terminal", "amount"]))
    table = pd.concat([t for t in tables if len(t)]).sort_values("second", ignore_index=True)
    table["day"], table["fraud"] = table["second"] // 86_400, table["amount"] > 220
    for day in range(days - 1):
        near = table["day"].between(day, day + 27)
        bad = rng.choice(terminals, 1) if day % 14 == 13 else []
        table.loc[near & table["terminal"].isin(bad), "fraud"] = True
        near = table["day"].between(day, day + 13)
        bad = rng.choice(cards, 1) if day % 11 == 10 else []
        rows = table.index[near & table["card"].isin(bad)]
        stolen = rng.choice(rows, len(rows) // 3, replace=False) if len(rows) else rows
        table.loc[stolen, "amount"] *= 5
        table.loc[stolen, "fraud"] = True
    return table


def simulator(number: int, days: int = DAYS) -> dict:
    """One world, the same for both."""
    world = {"cards": number, "terminals": 2 * number, "days": days}
    return compare(
        f"simulated cards, {number:,} cards, {days} days",
        lambda: cards.simulate(**world),
        lambda: peer_simulator(**world),
        "loop over cards and days",
        size=number,
        aim=50,
    )


def main(worlds=WORLDS, rows=(MILLION // 100, MILLION // 10, MILLION)) -> None:
    """Run every benchmark and write the results."""
    if "--large" in sys.argv[1:]:
        worlds, rows = (*worlds, HANDBOOK), (*rows, 12 * MILLION)
    found = itertools.chain(
        map(simulator, worlds),
        (live_features() for _ in "1"),
        itertools.chain.from_iterable(map(window_features, rows)),
    )
    write("events", found, "python " + " ".join(["bench/events.py", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
