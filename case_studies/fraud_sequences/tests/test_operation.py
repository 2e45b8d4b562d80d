"""Operation: no sealed label is used, and what is decided rests on what was known by then."""

import numpy as np
import pandas as pd
import pytest
from proofolio import evidence, scoring, table
from proofolio import project as projects
from proofolio.contract import Layout
from proofolio.evidence import standing
from proofolio_torch.events import cards
from test_contract import ROOT

from fraud_sequences import features, lives, monitor, replay, weeks, worlds

AUTHOR = projects.load(ROOT)
SEAL = "2018-05-15"
KNOWN = {"days": [1, 7], "delay": 7, "positive": "fraud"}


@pytest.fixture(scope="module")
def payments():
    return cards.simulate(cards=60, terminals=40, days=60)


def test_labels_from_the_seal_on_have_no_part_in_inputs(payments):
    late = payments["time"] >= pd.Timestamp(SEAL)
    other = payments.assign(label=payments["label"].mask(late, "fraud"))
    seen = [monitor.open_labels(rows, SEAL) for rows in (payments, other)]
    assert seen[0].loc[late, "label"].isna().all() and seen[0].loc[~late, "label"].notna().all()
    assert not [c for c in seen[0] if c.startswith("slice_")]  # scenarios are labels too
    names, values = features.features(seen[0], **KNOWN)
    assert np.array_equal(values, features.features(seen[1], **KNOWN)[1])
    assert not np.array_equal(
        *(features.features(rows, **KNOWN)[1] for rows in (payments, other))
    )  # what the seal is for
    assert {n for n in names if monitor.RISK in n} == {"unit2_risk_1d", "unit2_risk_7d"}
    assert monitor.open_labels(payments, None) is payments


@pytest.fixture(scope="module")
def led():
    found = standing.leader(Layout(ROOT), AUTHOR)
    if found is None:
        pytest.skip("no run is recorded")
    return found[0]


def test_the_seal_is_the_first_tested_day_until_test_is_opened(led):
    opened = "test" in led.metrics and bool(evidence.accesses(Layout(ROOT)))
    assert monitor.sealed_from(Layout(ROOT), led) == (None if opened else "2018-08-08")


def test_sealed_weeks_are_read_without_labels(led, monkeypatch):
    layout, join = Layout(ROOT), scoring.join_run

    def watched(run, stored, examples, part):
        assert part == "val", "predictions of a sealed part are joined with labels"
        return join(run, stored, examples, part)

    monkeypatch.setattr(scoring, "join_run", watched)
    read = table.read_examples(layout)
    monkeypatch.setattr(table, "read_examples", lambda _: read)
    rows = weeks.scored(layout, led, sealed=True)
    by_part = rows.groupby("part")["y"]
    assert by_part.apply(lambda y: y.isna().all()).to_dict() == {"val": False, "test": True}
    assert set(rows) == {"fold", "part", "score", "day", "y"}


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds, "SIZE", {"cards": 80, "terminals": 40, "days": 105})
        yield worlds.World(0, {})


def flipped(world, day):
    """Return the same world with other labels for all that happened from `day` on."""
    other = object.__new__(worlds.World)
    other.__dict__ |= vars(world) | {"_scores": {}, "y": np.where(world.day >= day, 1, world.y)}
    return other


def test_a_model_learns_from_labels_known_on_its_day(small):
    day = worlds.FIRST
    unknown = flipped(small, day - worlds.DELAY)
    assert np.array_equal(unknown.scores(day), small.scores(day))
    known = flipped(small, day - worlds.DELAY - 3)
    assert not np.array_equal(known.scores(day), small.scores(day))


def test_signs_rest_on_labels_known_at_the_end_of_the_week(small):
    begin, end = worlds.FIRST, worlds.FIRST + 21
    later = flipped(small, end - worlds.DELAY)
    found = worlds.Watched(small, begin, True).at(end)
    assert worlds.Watched(later, begin, True).at(end) == found
    missed = flipped(small, begin + worlds.WEEK)  # frauds of a known week that nobody alerted
    sign = (begin + worlds.WEEK, "share of frauds alerted")
    assert sign in worlds.Watched(missed, begin, True).at(end)
    assert sign not in worlds.Watched(missed, begin, False).at(end)


def test_policies_train_when_they_say(small, monkeypatch):
    monkeypatch.setattr(worlds, "WEEKS", 5)
    never, weekly = (worlds.live(small, policy) for policy in ("never", "weekly"))
    assert not never.trained and weekly.trained == [77, 84, 91, 98]
    assert never.values[0] == weekly.values[0] and len(never.values) == 5
    noticed = worlds.live(small, worlds.FOUR)
    assert noticed.trained == sorted({day for day, _, _ in noticed.signs if day < 105})


def test_a_sign_about_time_before_the_change_is_a_false_alarm():
    never = worlds.Lived(np.full(12, 0.5), [], [])
    signs = [(105, 91, "precision of alerts"), (112, 98, "share of frauds alerted")]
    lived = worlds.Lived(np.full(12, 0.6), [105, 112], signs)
    for world, noticed, false in (("new fraud", 1, 1), ("no change", 0, 2)):
        row = lives._row({(world, "never"): [never], (world, "x"): [lived]}, world, "x")
        assert (row["noticed"], row["false_alarms"], row["retrainings"]) == (noticed, false, 2)
        assert row["days_to_sign"] == (14 if noticed else None)
        assert row["lowest"] == row["highest"] == pytest.approx(0.1)


def test_the_same_scores_differ_in_nothing():
    rng = np.random.default_rng(0)
    day = np.sort(rng.integers(1, 15, 2000))
    rows = pd.DataFrame(
        {
            "fold": (day - 1) // 7,
            "day": [f"2018-07-{d:02d}" for d in day],
            "unit": rng.integers(0, 80, 2000),
            "unit2": rng.integers(0, 40, 2000),
        }
    ).assign(cluster=lambda frame: frame["unit"])
    y = (rng.random(2000) < 0.1).astype(int)
    score = rng.random(2000) + y
    side = scoring.Joined(rows, y, score, score, True)
    worse = scoring.Joined(rows, y, rng.random(2000), score, True)
    drawn = {"resamples": 50, "level": 0.95, "seed": 0}
    found = replay.compare({"never": side, "weekly": side}, 10, drawn)
    assert [row["what"] for row in found] == ["week from 2018-07-01", "week from 2018-07-08",
                                              "all weeks"]  # fmt: skip
    assert all(row["difference"] == row["precision_difference"] == 0 for row in found)
    better = replay.compare({"never": worse, "weekly": side}, 10, drawn)[-1]
    assert better["difference_ci_low"] > 0 and better["precision_difference_ci_low"] > 0
