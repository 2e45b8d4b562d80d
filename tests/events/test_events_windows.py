"""Window features against a slow reference, at their edges, and with a planted look ahead."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from event_tables import slow, table

from proofolio.contract import LeakageError, ProjectError, TableError
from proofolio_torch.events import windows as windows_module
from proofolio_torch.events.leaks import assert_no_future
from proofolio_torch.events.windows import DAY, Windows, features

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
HOUR = 3600
SPECS = [
    Windows(),
    Windows((HOUR, 400 * DAY), (60, 9 * DAY), delay=0, night=(22, 5)),
    Windows((1,), (1, DAY), delay=3 * DAY, flags=False),
]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("windows", SPECS, ids=["handbook", "no delay", "one second"])
def test_features_are_their_definition(windows, late):
    events = table(late=late)
    names, values = features(events, windows)
    expected = slow(events, windows)
    assert names == windows.names and values.shape == expected.shape
    exact = [i for i, name in enumerate(names) if "mean" not in name]
    assert np.array_equal(values[:, exact], expected[:, exact])
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-9)
    assert (values.std(axis=0) > 0).sum() >= len(names) - 4  # the cases do exercise the features


@pytest.mark.parametrize("block", [1, 50, 390])
def test_blocks_change_nothing(monkeypatch, block):
    events = table(late=True, units=9)
    expected = features(events)[1]
    monkeypatch.setattr(windows_module, "_BLOCK", block)
    assert np.array_equal(features(events)[1], expected)


def test_names_are_the_handbooks_fourteen():
    assert Windows().names == [
        *("weekend", "night"),
        *(f"unit_{kind}_{w}" for w in ("1d", "7d", "30d") for kind in ("count", "mean")),
        *(f"unit2_{kind}_{w}" for w in ("1d", "7d", "30d") for kind in ("count", "risk")),
    ]
    assert Windows(entity=(5400, 61), second=()).names[2:] == [
        *("unit_count_90m", "unit_mean_90m", "unit_count_61s", "unit_mean_61s")
    ]


def pair(gap: int, **columns) -> pd.DataFrame:
    start = np.datetime64("2018-04-02", "s")
    frame = {
        "id": ["a", "b"],
        "unit": "c",
        "unit2": "m",
        "time": [start, start + gap],
        "amount": [1.0, 3.0],
        "label": ["fraud", "genuine"],
    }
    return pd.DataFrame(frame | columns)


@pytest.mark.parametrize(("gap", "count"), [(DAY - 1, 2), (DAY, 1)])
def test_a_window_is_open_at_its_start(gap, count):
    names, values = features(pair(gap), Windows((DAY,), (DAY,)))
    assert values[1, names.index("unit_count_1d")] == count


@pytest.mark.parametrize(("gap", "seen"), [(-1, 0), (0, 1), (DAY - 1, 1), (DAY, 0)])
def test_the_second_entity_sees_an_event_when_the_delay_is_up(gap, seen):
    names, values = features(pair(7 * DAY + gap), Windows((DAY,), (DAY,)))
    assert values[1, names.index("unit2_count_1d")] == seen
    assert values[1, names.index("unit2_risk_1d")] == seen


def test_of_a_tie_the_smaller_id_does_not_see_the_other():
    names, values = features(pair(0), Windows((DAY,), (DAY,), delay=0))
    assert values[:, names.index("unit_count_1d")].tolist() == [1, 2]
    assert values[:, names.index("unit2_count_1d")].tolist() == [0, 0]


def test_a_late_label_enters_late_and_an_early_one_waits():
    windows, start = Windows((DAY,), (30 * DAY,)), np.datetime64("2018-04-02", "s")
    for days, risk in ((1, 1.0), (8, 1.0), (9, 0.0), (None, 0.0)):
        known = np.datetime64("NaT", "s") if days is None else start + days * DAY
        events = pair(8 * DAY, known_at=np.array([known, start + 99 * DAY]))
        assert features(events, windows)[1][1, -2:].tolist() == [1, risk], days
    events = pair(6 * DAY, known_at=np.array([start, start + 99 * DAY]))
    assert features(events, windows)[1][1, -2:].tolist() == [0, 0]


def test_means_stay_exact_behind_large_sums():
    rng = np.random.default_rng(0)
    amount = np.where(np.arange(200_000) < 199_990, rng.uniform(1e6, 1e9, 200_000), 0.01)
    events = pd.DataFrame(
        {
            "id": [f"{i:06d}" for i in range(200_000)],
            "unit": "c",
            "time": np.datetime64("2018-01-01", "s") + np.arange(200_000) * 60,
            "amount": amount,
        }
    )
    names, values = features(events, Windows((300,), ()))
    assert abs(values[-1, names.index("unit_mean_5m")] - 0.01) < 1e-11
    assert abs(values[1000, -1] - amount[996:1001].mean()) < 1e-6  # one part in 1e15


def test_an_empty_table_has_no_rows():
    names, values = features(table(10).iloc[:0])
    assert values.shape == (0, len(names)) == (0, 14)


def test_features_that_need_no_column_do_without_it():
    events = table(50)[["id", "unit", "time"]]
    names, values = features(events, Windows((DAY,), (), amounts=False))
    assert names == ["weekend", "night", "unit_count_1d"] and values[:, 2].min() >= 1


def broken(column: str, row: int, value: object) -> pd.DataFrame:
    events = table(20)
    if isinstance(value, str) or value is None:
        events[column] = events[column].astype(object)
    events.loc[row, column] = value
    return events


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (table(20).drop(columns="amount"), "lacks amount"),
        (table(20).iloc[::-1], "not in order"),
        (pair(0, id=["b", "a"]), "not in order"),
        (pair(0, id=["a", "a"]), "not in order"),
        (broken("time", 3, pd.NaT), "`time` is missing"),
        (broken("time", 3, "soon"), "cannot be put in order"),
        (table(20).assign(time=table(20)["time"].dt.tz_localize("UTC")), "cannot be put in order"),
        (table(20).assign(time=table(20)["time"] + pd.Timedelta("1ms")), "fractions of a second"),
        (broken("amount", 3, np.nan), "cannot be averaged"),
        (broken("amount", 3, -0.01), "cannot be averaged"),
        (broken("amount", 3, np.inf), "cannot be averaged"),
        (table(20).assign(amount="much"), "not a number"),
        (broken("unit", 3, None), "`unit` is missing"),
        (broken("unit2", 3, None), "`unit2` is missing"),
        (pair(9, known_at=np.datetime64("2018-04-01", "s")), "known before its event"),
    ],
)
def test_a_wrong_table_is_refused(events, words):
    with pytest.raises(TableError, match=words) as refusal:
        features(events)
    assert all(f"{part}:" in str(refusal.value) for part in ("expected", "received", "remedy"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"delay": -1}, "delay"),
        ({"delay": 1.5}, "delay"),
        ({"entity": (0,)}, "entity"),
        ({"second": (-DAY,)}, "second"),
        ({"second": (DAY, DAY)}, "second"),
        ({"night": (0, 25)}, "night"),
    ],
)
def test_wrong_windows_are_refused(arguments, words):
    with pytest.raises(ProjectError, match=words):
        Windows(**arguments)


def test_windows_survive_json():
    import json

    windows = Windows((HOUR,), (), delay=5, night=(23, 4))
    assert Windows(**json.loads(json.dumps(windows.to_dict()))) == windows


@pytest.mark.parametrize("late", [False, True])
def test_no_future_is_seen(late):
    for windows in SPECS:
        events = table(300, late=late)
        assert_no_future(lambda e, w=windows: features(e, w), events, delay=windows.delay)


def early_label(events: pd.DataFrame):
    return features(events, Windows(delay=6 * DAY))


def early_known(events: pd.DataFrame):
    return features(events.drop(columns="known_at"))


def later_amount(events: pd.DataFrame) -> np.ndarray:
    return events.groupby("unit")["amount"].transform("mean").to_numpy()


def sees_the_tie(events: pd.DataFrame) -> np.ndarray:
    return events.groupby(["unit", "time"])["id"].transform("count").to_numpy()


@pytest.mark.parametrize("leak", [early_label, early_known, later_amount, sees_the_tie])
def test_a_planted_look_ahead_is_caught(leak):
    events = table(600, units=3, late=leak is early_known)
    if leak is sees_the_tie:
        events["time"] = events["time"].dt.floor("D")
    with pytest.raises(LeakageError, match="sees the future"):
        assert_no_future(leak, events, delay=7 * DAY, cuts=10)


def test_the_check_refuses_a_table_without_a_future():
    with pytest.raises(TableError, match="no future"):
        assert_no_future(features, table(20).assign(label="genuine"), delay=DAY)


def published(until: str) -> pd.DataFrame:
    """Return the Handbook's transactions before a day, in the names of the table of events."""
    path = SHARED / "fraud_handbook" / "transactions.parquet"
    before = [("TX_DATETIME", "<", pd.Timestamp(until))]
    raw = pd.read_parquet(path, filters=before)
    return pd.DataFrame(
        {
            "id": raw["TRANSACTION_ID"].map("t{:07d}".format),
            "unit": raw["CUSTOMER_ID"].map("c{:04d}".format),
            "unit2": raw["TERMINAL_ID"].map("m{:05d}".format),
            "time": raw["TX_DATETIME"].astype("datetime64[s]"),
            "amount": raw["TX_AMOUNT"],
            "label": np.where(raw["TX_FRAUD"] == 1, "fraud", "genuine"),
        }
    )


@pytest.mark.data
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside the repository")
def test_published_events_have_the_handbooks_features():
    events = published("2018-05-20")  # 49 days: the longest window and delay are filled
    values = features(events)[1]
    rng = np.random.default_rng(0)
    last_days = np.flatnonzero(events["time"] >= pd.Timestamp("2018-05-16"))
    tied = np.flatnonzero(events.duplicated(["unit", "time"], keep=False))
    fraud = last_days[events["label"].iloc[last_days] == "fraud"]
    for row in [*rng.choice(last_days, 60), *rng.choice(fraud, 40), *tied]:
        now = events["time"].iloc[row]
        seen = events.iloc[: row + 1]
        card = seen[seen["unit"] == events["unit"].iloc[row]]
        shop = seen[seen["unit2"] == events["unit2"].iloc[row]]
        expected = [now.weekday() >= 5, now.hour <= 6]
        for days in (1, 7, 30):
            inside = card[card["time"] > now - pd.Timedelta(days=days)]["amount"]
            expected += [len(inside), inside.mean()]
        for days in (1, 7, 30):
            end = now - pd.Timedelta(days=7)
            inside = shop[(shop["time"] > end - pd.Timedelta(days=days)) & (shop["time"] <= end)]
            expected += [len(inside), (inside["label"] == "fraud").mean() if len(inside) else 0]
        np.testing.assert_allclose(values[row], np.array(expected, float), rtol=0, atol=1e-9)
