"""Simulated cards: deterministic, complete in small worlds, and like the published data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from proofolio.contract import ProjectError
from proofolio_torch.events import cards
from proofolio_torch.events.windows import features

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
SMALL = {"cards": 200, "terminals": 60, "days": 60}
UNTIL = pd.Timestamp(
    "2018-08-08"
)  # the case study's test weeks begin here: nothing is read of them
DAYS = 129
# Mean and standard deviation of each statistic over SEEDS: the sampling error of one world.
# Written by `python tests/events/test_events_cards.py`.
SPREAD = Path(__file__).with_name("cards_spread.json")
SEEDS = range(100, 120)
SIGMAS = 4.6  # 4.5 and the error of a mean of 20: of 57 values, one in 2,000 runs has one outside


def statistics(events: pd.DataFrame) -> dict[str, float]:
    """Return what is compared: rows, frauds, amounts, cards, terminals, hours of DAYS days."""
    by_card, by_terminal = events.groupby("unit").size(), events.groupby("unit2").size()
    gap = events.sort_values(["unit", "time"]).groupby("unit")["time"].diff().dt.total_seconds()
    fraud = events[events["label"] == "fraud"]
    hour = events["time"].dt.hour.value_counts(normalize=True)
    found = {
        "rows": len(events),
        "sum": events["amount"].sum(),
        "zeros": (events["amount"] == 0).sum(),
        "above 220": (events["amount"] > 220).sum(),
        "active cards": len(by_card),
        "active terminals": len(by_terminal),
        "fraud cards": fraud["unit"].nunique(),
        "fraud terminals": fraud["unit2"].nunique(),
        "median gap": gap.median(),
        "90 % gap": gap.quantile(0.9),
        "night": (events["time"].dt.hour < 7).mean(),
        "weekend": (events["time"].dt.day_of_week >= 5).mean(),
        "daily sd": events.groupby(events["time"].dt.floor("D")).size().std(),
    }
    for hours in range(0, 24, 3):
        found[f"hour {hours}"] = hour.get(hours, 0)
    for name in cards.SCENARIOS[1:4]:
        rows = events[events["slice_scenario"] == name]
        found |= {f"{name} rate": len(rows) / len(events), f"{name} sum": rows["amount"].sum()}
        found |= {f"{name} {q} %": rows["amount"].quantile(q / 100) for q in (10, 50, 90)}
    for q in (1, 5, 25, 50, 75, 95, 99):
        found[f"payment {q} %"] = events["amount"].quantile(q / 100)
        found[f"per card {q} %"] = by_card.quantile(q / 100)
        found[f"per terminal {q} %"] = by_terminal.quantile(q / 100)
    return {name: float(value) for name, value in found.items()}


def published() -> pd.DataFrame:
    path = SHARED / "fraud_handbook" / "transactions.parquet"
    raw = pd.read_parquet(path, filters=[("TX_DATETIME", "<", UNTIL)])
    return pd.DataFrame(
        {
            "unit": raw["CUSTOMER_ID"],
            "unit2": raw["TERMINAL_ID"],
            "time": raw["TX_DATETIME"],
            "amount": raw["TX_AMOUNT"],
            "label": np.where(raw["TX_FRAUD"] == 1, "fraud", "genuine"),
            "slice_scenario": np.array(cards.SCENARIOS)[raw["TX_FRAUD_SCENARIO"]],
        }
    )


def spread() -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation of each statistic over SEEDS (a minute)."""
    worlds = pd.DataFrame([statistics(cards.simulate(days=DAYS, seed=s)) for s in SEEDS])
    return {name: (worlds[name].mean(), worlds[name].std()) for name in worlds}


def outside(found: dict[str, float]) -> list[str]:
    """Return the statistics that lie further from the simulated mean than sampling error."""
    expected = json.loads(SPREAD.read_text())
    assert set(found) == set(expected)
    return [
        f"{name}: {found[name]:g}, simulated {mean:g} +- {sd:g}"
        for name, (mean, sd) in expected.items()
        if abs(found[name] - mean) > SIGMAS * sd
    ]


@pytest.mark.data
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside the repository")
def test_the_published_data_lie_within_sampling_error_of_the_simulated():
    assert not outside(statistics(published()))


def test_another_seed_lies_within_the_spread_and_another_world_does_not():
    assert not outside(statistics(cards.simulate(days=DAYS, seed=7)))
    assert len(outside(statistics(cards.simulate(days=DAYS, seed=7, drift=0.2)))) > 10


@pytest.fixture(scope="module")
def small() -> pd.DataFrame:
    return cards.simulate(**SMALL, known_after=7)


def test_the_table_is_the_table_of_events(small):
    assert list(small) == [
        *("id", "unit", "unit2", "time", "amount", "label", "slice_scenario", "known_at")
    ]
    assert small["time"].dtype == small["known_at"].dtype == np.dtype("datetime64[s]")
    assert small["id"].is_unique and small["id"].is_monotonic_increasing
    assert small["time"].is_monotonic_increasing and (small["amount"] >= 0).all()
    assert (small["known_at"] - small["time"] == pd.Timedelta(days=7)).all()
    assert ((small["label"] == "fraud") == (small["slice_scenario"] != "none")).all()
    assert set(small["slice_scenario"]) == {"none", "amount", "terminal", "card"}
    assert features(small)[1].shape == (len(small), 14)


def test_the_same_seed_gives_the_same_table(small):
    pd.testing.assert_frame_equal(small, cards.simulate(**SMALL, known_after=7))
    other = cards.simulate(**SMALL, seed=1)
    assert len(other) != len(small) or (other["amount"] != small["amount"]).any()


def test_every_card_reaches_a_terminal():
    events = cards.simulate(**SMALL, radius=0.5)  # most cards have no terminal this near
    assert events["unit"].nunique() > 190
    assert (events.groupby("unit")["unit2"].nunique() <= 3).all()
    for size in ({"cards": 1, "terminals": 1, "days": 1}, {"cards": 1, "terminals": 2, "days": 40}):
        assert features(cards.simulate(**size))[1].shape[1] == 14


def test_scenarios_are_what_they_say():
    events = cards.simulate(cards=2000, terminals=4000, days=60, seed=3)
    amount, scenario = events["amount"], events["slice_scenario"]
    assert (amount[scenario == "none"] <= 220).all() and (amount[scenario == "amount"] > 220).all()
    bad = events[scenario == "terminal"].groupby("unit2")["time"]
    lengths = bad.max() - bad.min()
    assert lengths.median() < pd.Timedelta(days=28) and len(lengths) > 20
    hit = events[scenario == "card"].groupby("unit")["amount"].mean()
    usual = events[scenario == "none"].groupby("unit")["amount"].mean()
    assert 4.5 < (hit / usual.reindex(hit.index)).median() < 5.5


def test_switches_are_off_and_do_what_they_say():
    world = {"cards": 800, "terminals": 1600, "days": 84, "start": "2018-04-02"}
    plain = cards.simulate(**world)
    assert "testing" not in set(plain["slice_scenario"])

    def by_weekday(events: pd.DataFrame) -> pd.Series:
        return events.groupby(events["time"].dt.day_of_week).size() / len(events) * 7

    assert by_weekday(plain).between(0.95, 1.05).all()
    week = by_weekday(cards.simulate(**world, weekdays=True))
    assert week[5] > 1.1 and week[6] < 0.9

    half = pd.Timestamp("2018-05-14")
    drifted = cards.simulate(**world, drift=0.5)
    assert len(drifted[drifted["time"] >= half]) > 1.15 * len(drifted[drifted["time"] < half])
    genuine = drifted[drifted["label"] == "genuine"]
    later = genuine["time"] >= half
    assert genuine["amount"][later].mean() > 1.1 * genuine["amount"][~later].mean()
    steady = cards.simulate(**world, drift=0.5, drift_from=42)
    before, calm = (rows[rows["time"] < half] for rows in (steady, cards.simulate(**world)))
    assert len(before) == pytest.approx(len(calm), rel=0.03)
    assert (steady["time"] >= half).sum() > 1.15 * len(before)

    new = cards.simulate(**world, new_fraud=True, new_fraud_from=42)
    tests = new[new["slice_scenario"] == "testing"]
    assert len(tests) >= 20 and tests["time"].min() >= half and tests["amount"].max() <= 2
    one = tests[tests["unit2"] == tests["unit2"].iloc[0]]
    assert one["unit"].nunique() >= 20 or one["time"].iloc[-1] - one["time"].iloc[0] > pd.Timedelta(
        "10m"
    )
    assert cards.simulate(**SMALL, new_fraud=True)["slice_scenario"].eq("testing").any()


@pytest.mark.parametrize(
    "wrong",
    [
        *({"cards": 0}, {"terminals": 2.5}, {"days": -1}, {"drift": -1.0}, {"drift": np.nan}),
        *({"radius": 0.0}, {"start": "soon"}),
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong):
    with pytest.raises(ProjectError, match="remedy"):
        cards.simulate(**({"cards": 5, "terminals": 5, "days": 5} | wrong))


if __name__ == "__main__":
    SPREAD.write_text(json.dumps(spread(), indent=1) + "\n")
