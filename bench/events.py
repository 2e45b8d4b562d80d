"""Time window features and the simulator: `python bench/events.py [--large]` (or `make bench`).

Each line compares two ways of doing one thing in one process, alternating, and reports the median
of the ratios. Features: 1, 4 and 12 million events (with --large also 24) against pandas group-by
and rolling windows, which get whole cards and terminals of a quarter of a million rows; the values
are compared first. Live: one event at a time against a filter of the table. Simulator: one small
world against a loop over cards and days. Results go to bench/results/events.json and events.csv
with hardware and versions.
"""

import sys
import tracemalloc

import numpy as np
import pandas as pd
from run import compare, seconds, write

from proofolio_torch.events import cards
from proofolio_torch.events.live import Live
from proofolio_torch.events.windows import features

MILLION = 1_000_000
PEER_ROWS = 250_000  # pandas works entity by entity: its time grows with the rows it gets
ROWS_PER_CARD, DAYS = 351, 183
WORLD = {"cards": 150, "terminals": 300, "days": 60}


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


def window_features(millions: int) -> dict:
    """All 14 features of a simulated table, against pandas; peak memory of one more call."""
    number = millions * MILLION // ROWS_PER_CARD
    events = cards.simulate(cards=number, terminals=2 * number, days=DAYS)
    events["fraud"] = (events["label"] == "fraud").astype(float)
    share = PEER_ROWS / len(events)
    parts = [
        events[events[name] < f"{letter}{int(size * share):0{digits}d}"]
        for name, letter, size, digits in (
            ("unit", "c", number, len(events["unit"].iloc[0]) - 1),
            ("unit2", "m", 2 * number, len(events["unit2"].iloc[0]) - 1),
        )
    ]
    names, ours = features(events)
    for name, values in peer_features(*parts).items():
        part = parts[0] if name.startswith("unit_") else parts[1]
        assert np.allclose(ours[part.index, names.index(name)], values, atol=1e-6), name
    del ours
    share = (len(parts[0]) + len(parts[1])) / (2 * len(events))
    row = compare(
        f"14 window features, {millions} million events",
        lambda: features(events),
        lambda: peer_features(*parts),
        "pandas groupby.rolling",
        share=share,
    )
    tracemalloc.start()
    features(events)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return row | {
        "events": len(events),
        "microseconds_per_event": round(row["seconds"] / len(events) * 1e6, 2),
        "peak_mb": round(peak / 1e6),
    }


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


def simulator() -> dict:
    """One small world, the same for both."""
    return compare(
        f"simulated cards, {WORLD['cards']} cards, {WORLD['days']} days",
        lambda: cards.simulate(**WORLD),
        lambda: peer_simulator(**WORLD),
        "loop over cards and days",
    )


def full_world() -> dict:
    """The Handbook's world; no peer."""
    took = sorted(seconds(cards.simulate) for _ in range(3))
    return {"name": "simulated cards, 5,000 cards, 183 days", "seconds": round(took[1], 3)}


def main() -> None:
    """Run every benchmark and write the results."""
    sizes = (1, 4, 12, 24) if "--large" in sys.argv[1:] else (1, 4, 12)
    rows = [simulator(), full_world(), live_features()]
    rows += [window_features(millions) for millions in sizes]
    write("events", rows, "python " + " ".join(["bench/events.py", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
