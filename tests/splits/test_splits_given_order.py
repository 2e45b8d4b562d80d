"""Strategies that follow an order given from outside: a published test, time."""

import numpy as np
import pandas as pd
import pytest
from split_tables import made_table, single_rows, spec

from proofolio import splits
from proofolio.contract import SplitError
from proofolio.splits import strategies


def with_official(table: pd.DataFrame) -> pd.DataFrame:
    number = table["unit"].str[1:].astype(int)
    names = np.select([number < 30, number == 31], ["test", "excluded"], "train")
    return table.assign(official=names)


def dated(table: pd.DataFrame, day: np.ndarray) -> pd.DataFrame:
    return table.assign(time=pd.Timestamp("2021-01-01") + pd.to_timedelta(day, unit="D"))


def test_official_test_stays_as_published_and_the_rest_is_carved():
    table = with_official(made_table(units=150)).assign(cluster=lambda t: t["unit"])
    split = splits.make(table, spec("official"))
    merged = split.parts.merge(table, on="id")
    assert (merged["part"] == "test").equals(merged["official"] == "test")
    rest = merged[merged["official"] == "train"]["part"].value_counts(normalize=True)
    assert rest.to_dict() == pytest.approx({"train": 0.8, "val": 0.1, "calib": 0.1}, abs=0.01)
    assert set(merged[merged["part"] == "excluded"]["note"]) == {strategies.NOTE_PUBLISHED}


def test_official_excludes_the_train_side_of_clusters_that_cross():
    table = with_official(made_table(units=150)).assign(cluster=lambda t: t["unit"])
    of = table.groupby("unit")["id"].first()
    crossing = [of["u000"], of["u001"]]  # a row of two test patients published as train
    table.loc[table["id"].isin(crossing), "official"] = "train"
    table.loc[table["unit"] == "u040", "cluster"] = "u005"  # look-alikes of a test patient
    several = table["unit"].value_counts()
    crossing = [i for i, u in zip(crossing, ("u000", "u001"), strict=True) if several[u] > 1]
    assert crossing
    split = splits.make(table, spec("official"))
    merged = split.parts.merge(table, on="id").set_index("id")
    assert (merged["part"] == "test").equals(merged["official"] == "test")
    assert (merged.loc[crossing, "part"] == "excluded").all()
    assert set(merged.loc[crossing, "note"]) == {strategies.NOTE_UNIT}
    linked = merged[merged["unit"] == "u040"]
    assert set(linked["part"]) == {"excluded"} and set(linked["note"]) == {strategies.NOTE_LINK}
    counted = split.info.balance["rows"]
    assert counted[f"excluded: {strategies.NOTE_UNIT}"] == len(crossing)
    assert counted[f"excluded: {strategies.NOTE_LINK}"] == len(linked)


@pytest.mark.parametrize("values", [["train"], ["train", "test", "holdout"], ["test", None]])
def test_official_refuses_a_strange_membership(values):
    table = made_table()
    wanted = [values[k % len(values)] for k in range(len(table))]
    with pytest.raises(SplitError, match="not a published membership"):
        splits.make(table.assign(official=wanted), spec("official"))


def test_time_cuts_in_order_and_equal_times_stay_together():
    table = single_rows({"a": 500, "b": 500}).sample(frac=1, random_state=0, ignore_index=True)
    table = dated(table, np.arange(1000) // 7)
    split = splits.make(table, spec("temporal"))
    merged = split.parts.merge(table, on="id")
    spans = merged.groupby("part")["time"].agg(["min", "max"])
    for before, after in (("train", "val"), ("val", "calib"), ("calib", "test")):
        assert spans.loc[before, "max"] < spans.loc[after, "min"]
    assert abs(split.info.achieved["train"] - 0.6) < 0.01
    assert "excluded" not in set(merged["part"])


def test_cluster_that_straddles_a_cut_stays_in_its_latest_part():
    table = single_rows({"a": 200, "b": 200}).sample(frac=1, random_state=0, ignore_index=True)
    table = dated(table, np.arange(400))
    first, last = table.index[0], table.index[-1]
    table.loc[[first, last], ["unit", "cluster"]] = "both"
    parts = splits.make(table, spec("temporal")).parts.set_index("id")
    assert parts.loc[table["id"][last], "part"] == "test"
    assert parts.loc[table["id"][first], ["part", "note"]].tolist() == [
        "excluded",
        strategies.NOTE_LATER,
    ]


def test_time_order_that_cannot_be_kept_is_refused():
    table = single_rows({"a": 50, "b": 50})
    with pytest.raises(SplitError, match="leaves part"):
        splits.make(dated(table, np.zeros(100, dtype=int)), spec("temporal"))
    always = dated(table, np.arange(100)).assign(cluster=[f"c{k % 4}" for k in range(100)])
    with pytest.raises(SplitError, match="leaves part"):
        splits.make(always, spec("temporal"))
    gap = dated(table, np.arange(100))
    gap.loc[3, "time"] = pd.NaT
    with pytest.raises(SplitError, match="time is empty"):
        splits.make(gap, spec("temporal"))
    with pytest.raises(SplitError, match="class 'a' would be absent from part 'val'"):
        splits.make(dated(table, np.arange(100)), spec("temporal"))
