"""Tests of this case's own code: the publisher's forms, what a fold may see, planted faults."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from proofolio import evidence, splits
from proofolio import project as projects
from proofolio.contract import Layout, LeakageError, SplitError, TableError
from proofolio.project import PrequentialSpec
from proofolio.table import check_events
from proofolio_torch.events.leaks import assert_no_future
from test_contract import ROOT

from fraud_sequences import data, demo, events, features, models

AUTHOR = projects.load(ROOT)
DELAY = AUTHOR.primary_split.delay_days
KNOWN = {"delay": DELAY, "positive": AUTHOR.positive_class}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    demo.make(folder, cards=60, terminals=40, days=60)
    return folder


@pytest.fixture(scope="module")
def table(raw):
    return check_events(data.table(raw), classes=AUTHOR.classes, as_of=AUTHOR.as_of)[0]


@pytest.fixture
def days(raw, tmp_path):
    """Return a folder with one file per day, CSV and Parquet in turn, as exported."""
    whole = pd.read_parquet(raw / demo.FILE)
    for k, (day, rows) in enumerate(whole.groupby(whole["TX_DATETIME"].dt.date)):
        if k % 2:
            rows.to_parquet(tmp_path / f"{day}.parquet")
        else:
            rows.to_csv(tmp_path / f"{day}.csv")
    return tmp_path


def test_both_forms_give_the_same_table(table, days):
    assert len(list(days.iterdir())) == 60
    same = check_events(data.table(days), classes=AUTHOR.classes)[0]
    pd.testing.assert_frame_equal(same, table)


class Trap:
    """What a pickle can hold: reading it runs a function of its author's choice."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (self.mark, "w")


@pytest.mark.parametrize("beside", [True, False])
def test_a_pickle_is_refused_and_never_read(days, beside):
    first = min(days.iterdir())
    trap, mark = days / "2018-04-01.pkl", days.parent / f"{days.name}_sprung"
    trap.write_bytes(pickle.dumps(Trap(str(mark))))
    if beside:  # its export lies there: that one is read
        data.table(days)
    else:
        first.unlink()
        with pytest.raises(TableError, match=r"pickle.*container without network"):
            data.table(days)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("TX_FRAUD_SCENARIO", 4, "do not fit"),
        ("TX_FRAUD", 1, "do not fit"),
        ("TX_AMOUNT", "many", "cannot be read"),
        ("TX_AMOUNT", -1.0, "amount"),
        ("TX_DATETIME", "2026-01-01", "no time after `as_of`"),
        ("TRANSACTION_ID", 1, "each id once"),
        ("CUSTOMER_ID", None, "without CUSTOMER_ID"),
    ],
)
def test_a_file_that_is_not_fit_is_refused(raw, tmp_path, column, value, says):
    rows = pd.read_parquet(raw / demo.FILE).head(100)
    rows["TX_FRAUD"] = rows["TX_FRAUD_SCENARIO"] = 0
    rows[column] = rows[column].astype(object)
    rows.loc[0, column] = value
    rows = rows.drop(columns=column) if value is None else rows
    rows.to_csv(tmp_path / "2018-04-01.csv")
    with pytest.raises(TableError, match=says):
        check_events(data.table(tmp_path), as_of=AUTHOR.as_of)


def test_slices_tell_what_their_names_say(table):
    fraud = table["label"] == "fraud"
    assert (fraud == (table["slice_scenario"] != "none")).all()
    assert (fraud | (table["slice_amount"] == "up to 220")).all()
    firsts = table[table["slice_card"] == "first fraud"]
    assert firsts["unit"].is_unique and set(firsts["unit"]) == set(table.loc[fraud, "unit"])
    names, values = features.features(table, days=[30], **KNOWN)
    risk = values[:, names.index(data.RISK)]
    assert ((risk > 0) == (table["slice_terminal"] == "fraud known")).all()
    assert (risk > 0).any()


def test_features_see_no_future(table):
    told = partial(features.features, days=[1, 7, 30], **KNOWN)
    assert_no_future(told, table, delay=DELAY * 86400)


def next_amount(frame):
    return frame["amount"].shift(-1, fill_value=0)


def share_of_all_time(frame):
    return (frame["label"] == AUTHOR.positive_class).groupby(frame["unit2"]).transform("mean")


@pytest.mark.parametrize("leak", [next_amount, share_of_all_time])
def test_a_feature_from_the_future_is_caught(table, leak):
    def leaky(frame):
        names, values = features.features(frame, days=[1], **KNOWN)
        return pd.DataFrame(values, columns=names).assign(leak=leak(frame).to_numpy())

    with pytest.raises(LeakageError, match="leak"):
        assert_no_future(leaky, table, delay=DELAY * 86400)


def test_a_label_that_is_seen_too_early_is_caught(table):
    early = partial(features.features, days=[1, 7], **KNOWN | {"delay": DELAY - 1})
    with pytest.raises(LeakageError, match="risk"):
        assert_no_future(early, table, delay=DELAY * 86400)


SMALL = PrequentialSpec(
    strategy="prequential", start="2018-04-25", train_days=14, delay_days=7, score_days=7,
    step_days=7, validation_folds=1, test_folds=1, rationale="a test",
)  # fmt: skip


def test_a_configuration_learns_from_the_last_days_of_its_window(table):
    shape = splits.make(table, SMALL, positive_class="fraud").parts
    for fold in (0, 1):
        window = shape[shape["fold"] == fold].set_index("part")
        for days in (7, 14):
            rows = events.latest(table, shape, fold, days)
            seen = table.loc[rows, "time"]
            ends = pd.Timestamp(window.loc["train", "end"])
            assert seen.min() >= ends - pd.Timedelta(days=days)
            assert seen.max() < ends <= pd.Timestamp(window.loc["score", "start"])
            assert seen.dt.date.nunique() == days
    with pytest.raises(SplitError, match="more days"):
        events.latest(table, shape, 0, 15)


def test_who_is_left_out_needs_no_label_of_the_last_seven_days(table):
    """Labels of a scored day and of the days before it change nothing; an earlier one does."""
    made = splits.make(table, SMALL, positive_class="fraud")
    score = made.parts[(made.parts["fold"] == 1) & (made.parts["part"] == "score")].iloc[0]
    first = pd.Timestamp(score["start"])
    clean = made.scored[(made.scored["time"] >= first) & (made.scored["label"] == "genuine")]
    unit = clean["unit"].mode()[0]

    def out(day):
        planted = table.copy()
        mine = table[(table["unit"] == unit) & (table["time"] < day)].index[-1]
        planted.loc[mine, "label"] = "fraud"
        left = splits.make(planted, SMALL, positive_class="fraud").removed
        own = left[(left["fold"] == 1) & (left["unit"] == unit)]
        return planted.loc[mine, "time"], [pd.Timestamp(d) for d in own["known_since"]]

    for days in range(-6, 14):
        happened, since = out(first - pd.Timedelta(days=days))
        assert all(day >= happened.normalize() + pd.Timedelta(days=DELAY + 1) for day in since)
    assert since == [first]


def test_rounding_keeps_the_order_and_the_top_whole():
    scores = np.sort(np.random.default_rng(0).beta(0.1, 3, 10_000))
    kept = events.rounded(scores)
    assert kept.dtype == np.float32 and (np.diff(kept) >= 0).all()
    assert (kept[-500:] == scores[-500:].astype(np.float32)).all()
    np.testing.assert_allclose(kept, scores, rtol=1 / 15)
    assert len(np.unique(kept[scores > 1e-6])) < 700
    same = events.rounded(np.full(5, 0.3))
    assert (same == np.float32(0.3)).all()


def test_every_rung_of_the_ladder_has_a_function():
    assert {e.rung for e in AUTHOR.ladder} == set(models.LADDER)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("handbook_logistic", {"c": 100.0}),
        ("handbook_forest", {"trees": 100, "depth": 20}),
        ("handbook_xgboost", {"trees": 50, "depth": 3, "lr": 0.3, "bins": "exact"}),
    ],
)
def test_the_handbooks_models_have_its_settings(name, settings):
    assert AUTHOR.config(name) == {"days": [1, 7, 30], "train_days": 7} | settings
    assert name in AUTHOR.fixed_comparisons


@pytest.mark.parametrize("model", ["logistic", "forest", "xgboost"])
def test_the_handbooks_models_reach_its_published_values_on_val(model):
    run = evidence.finished(Layout(ROOT), AUTHOR, f"handbook_{model}", AUTHOR.seeds[0])
    (published,) = (r.value for r in AUTHOR.references if r.id == f"handbook_{model}_val")
    assert abs(run.metrics["val"]["average_precision"].value - published) < 0.01
