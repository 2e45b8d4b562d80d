import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from split_tables import made_table, single_rows, spec

from proofolio import splits
from proofolio.contract import SplitError

THIRDS = {"train": 0.4, "val": 0.2, "calib": 0.2, "test": 0.2}


def parts_of(table, wanted):
    return splits.make(table, wanted).parts.merge(table, on="id")


@pytest.mark.parametrize("strategy", ["patient", "grouped", "stratified"])
def test_unit_splits_keep_clusters_whole_and_reach_the_fractions(strategy):
    table = made_table(units=200)
    split = splits.make(table, spec(strategy))
    merged = split.parts.merge(table, on="id")
    assert merged.groupby("cluster")["part"].nunique().max() == 1
    assert list(split.parts["id"]) == sorted(table["id"])
    for part, share in split.info.fractions.items():
        assert abs(split.info.achieved[part] - share) < 0.01
        assert (
            abs(split.info.balance["label=class 1"][part] - (table.label == "class 1").mean())
            < 0.03
        )
    assert split.info.balance["rows"]["test"] == (merged["part"] == "test").sum()


def test_one_row_per_unit_gives_the_plain_stratified_split():
    table = single_rows({"a": 700, "b": 250, "c": 50})
    merged = parts_of(table, spec("stratified"))
    counts = pd.crosstab(merged["label"], merged["part"])
    assert counts.loc["a"].to_dict() == {"train": 420, "val": 70, "calib": 70, "test": 140}
    assert counts.loc["b"].to_dict() == {"train": 150, "val": 25, "calib": 25, "test": 50}
    assert counts.loc["c"].to_dict() == {"train": 30, "val": 5, "calib": 5, "test": 10}


def test_several_columns_are_balanced_each_and_jointly():
    table = made_table(units=600, most=3)
    rare = (table["unit"].str[-2:].astype(int) % 20 == 0).map({True: "yes", False: "no"})
    wanted = spec(stratify_by=["label", "slice_site", "slice_rare"])
    split = splits.make(table.assign(slice_rare=rare), wanted)
    for key, row in split.info.balance.items():
        if "=" in key:
            assert max(row.values()) - min(row.values()) < 0.03, key


def test_seeds_differ_and_a_seed_repeats():
    table = made_table()
    one, again, other = (splits.make(table, spec(seed=s)) for s in (1, 1, 2))
    assert one.info == again.info
    assert one.info.parts_sha256 != other.info.parts_sha256


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    units=st.integers(12, 80),
    most=st.integers(1, 8),
    labels=st.integers(1, 3),
    strategy=st.sampled_from(["patient", "stratified", "cross_validation", "official", "temporal"]),
)
def test_any_table_in_any_order_gives_one_split_with_whole_clusters(
    seed, units, most, labels, strategy
):
    rng = np.random.default_rng(seed)
    table = made_table(seed, units=units, most=most, labels=labels)
    in_test = table["unit"].isin(rng.choice(table["unit"].unique(), units // 3, replace=False))
    in_test |= rng.random(len(table)) < 0.05  # some patients cross the published boundary
    days = table["unit"].str[1:].astype(int) * 3 + rng.integers(0, 5, len(table))
    table = table.assign(
        official=np.where(in_test, "test", "train"),
        time=pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D"),
    )
    try:
        split = splits.make(table, spec(strategy, folds=3))
    except SplitError as error:  # too few units of a class for every part: refused, not bent
        assert "absent" in str(error) or "empty" in str(error) or "cannot fill" in str(error)
        return
    shuffled = table.sample(frac=1, random_state=seed % 1000)
    assert splits.make(shuffled, spec(strategy, folds=3)).info == split.info
    for column in ("unit", "cluster"):
        assert splits.crossings(split.parts, table, column).empty
    assert set(split.parts["id"]) == set(table["id"])


def test_rare_class_reaches_every_part_when_it_can():
    table = single_rows({"common": 200, "rare": 4})
    merged = parts_of(table, spec())
    assert (pd.crosstab(merged["label"], merged["part"]).loc["rare"] == 1).all()


def test_empty_class_is_refused_by_name():
    table = single_rows({"common": 200, "rare": 3})
    with pytest.raises(
        SplitError, match=r"class 'rare' would be absent from part '(\w+)'"
    ) as caught:
        splits.make(table, spec())
    assert "3 unit(s)" in str(caught.value)
    with pytest.raises(SplitError, match=r"class 'rare' would be absent from part"):
        splits.make(table, spec("cross_validation"))


def test_one_patient_only_is_refused():
    table = made_table().assign(unit="u000", cluster="u000")
    with pytest.raises(SplitError, match="1 cluster"):
        splits.make(table, spec())
    with pytest.raises(SplitError, match="3 cluster"):
        splits.make(single_rows({"a": 3}), spec())


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({"train": 0.7, "val": 0.1, "calib": 0.1, "test": 0.2}, "sum to 1.1"),
        ({"train": 1.1, "val": -0.3, "calib": 0.1, "test": 0.1}, "not positive: val"),
        ({"train": 0.6, "val": 0.2, "calib": 0.2, "test": float("nan")}, "not positive: test"),
        ({"train": 0.6, "val": 0.1, "calib": 0.1, "holdout": 0.2}, "unknown parts: holdout"),
        ({"train": 0.7, "val": 0.1, "test": 0.2}, "leaves out parts: calib"),
    ],
)
def test_unusable_fractions_are_refused(fractions, message):
    with pytest.raises(SplitError, match=message):
        splits.make(made_table(), spec(fractions=fractions))


def test_fractions_follow_the_strategy():
    table = made_table().assign(official="train")
    asked = {"train": 0.6, "val": 0.1, "calib": 0.1, "test": 0.2}
    for strategy in ("official", "cross_validation"):
        with pytest.raises(SplitError, match="unknown parts"):
            splits.make(table, spec(strategy, fractions=asked))
    assert splits.make(table, spec("cross_validation")).info.fractions == {
        "train": 0.8,
        "test": 0.2,
    }


def test_missing_columns_and_repeated_ids_are_refused():
    table = made_table()
    with pytest.raises(SplitError, match="lacks: slice_age"):
        splits.make(table, spec(stratify_by=["label", "slice_age"]))
    with pytest.raises(SplitError, match="lacks: official"):
        splits.make(table, spec("official"))
    with pytest.raises(SplitError, match="lacks: time"):
        splits.make(table, spec("temporal"))
    with pytest.raises(SplitError, match="repeats ids"):
        splits.make(table.assign(id="same"), spec())


def test_cross_validation_holds_each_example_out_once_apart_from_the_hold_out():
    table = made_table(units=120)
    split = splits.make(table, spec("cross_validation", folds=4))
    assert list(split.parts.columns) == ["id", "fold", "part"]
    heldout = split.parts[split.parts["part"] == "heldout"]
    test = split.parts[split.parts["part"] == "test"]
    assert not heldout["id"].duplicated().any()
    assert set(heldout["id"]) | set(test["id"]) == set(table["id"])
    assert set(test["fold"]) == {-1} and set(heldout["fold"]) == {0, 1, 2, 3}
    assert (split.parts[split.parts["part"] == "train"].groupby("id").size() == 3).all()
    assert abs(split.info.achieved["test"] - 0.2) < 0.02
    assert split.info.folds == 4
    with pytest.raises(SplitError, match="1 fold"):
        splits.make(table, spec("cross_validation", folds=1))


def test_demonstration_by_example_crosses_and_says_so():
    table = made_table(units=100)
    split = splits.make(table, spec("stratified", purpose="demonstration"))
    assert len(splits.crossings(split.parts, table, "unit")) > 10
    assert split.info.unit == "id"
    assert splits.make(table, spec("stratified")).info.unit == "cluster"


def published(**changes):
    """A table with a published test that some patients and their links cross, and its folds."""
    table = made_table(units=200)
    in_test = table["unit"].str[1:].astype(int) < 40
    in_test |= np.random.default_rng(3).random(len(table)) < 0.02
    table = table.assign(official=np.where(in_test, "test", "train"))
    return table, spec("cross_validation", holdout="official", folds=4, **changes)


@pytest.mark.parametrize("purpose", ["robustness", "demonstration"])
def test_folds_keep_the_published_test_and_whatever_reaches_it_apart(purpose):
    table, wanted = published(purpose=purpose)
    split = splits.make(table, wanted)
    rows = split.parts.merge(table, on="id")
    apart, turning = rows[rows["fold"] == -1], rows[rows["fold"] >= 0]
    assert list(split.parts.columns) == ["id", "fold", "part", "note"]
    assert set(apart.loc[apart["part"] == "test", "id"]) == set(
        table.loc[table["official"] == "test", "id"]
    )
    kept_out = apart[apart["part"] == "excluded"]
    assert len(kept_out) and kept_out["note"].str.len().min() > 0
    for column in ("unit", "cluster"):
        assert not set(turning[column]) & set(apart.loc[apart["part"] == "test", column])
    assert set(split.parts["id"]) == set(table["id"])
    assert split.info.fractions == {"train": 1.0}
    sizes = turning[turning["part"] == "heldout"].groupby("fold").size()
    assert sizes.max() - sizes.min() <= 4
    same = splits.make(table, spec("official", purpose="robustness")).parts
    assert set(same.loc[same["part"] == "excluded", "id"]) == set(kept_out["id"])


def test_folds_by_single_example_cross_within_the_train_side_only():
    table, wanted = published(purpose="demonstration")
    split = splits.make(table, wanted)
    assert split.info.unit == "id"
    crossed = splits.crossings(split.parts, table, "unit")
    assert len(crossed) > 10 and set(crossed["parts"]) == {"heldout+train"}
    assert splits.make(table, published()[1]).info.unit == "cluster"


def test_unusable_hold_outs_are_refused():
    table, _ = published()
    with pytest.raises(SplitError, match="lacks: official"):
        splits.make(table.drop(columns="official"), published()[1])
    with pytest.raises(SplitError, match="not a published membership"):
        splits.make(table.assign(official="train"), published()[1])
    with pytest.raises(SplitError, match="unknown parts: test"):
        splits.make(table, published(fractions={"train": 0.8, "test": 0.2})[1])
    with pytest.raises(SplitError, match="holdout has no meaning for strategy patient"):
        splits.make(table, spec("patient", holdout="official"))


@pytest.mark.parametrize("fault", ["held out twice", "misses a fold", "also apart"])
def test_an_example_that_does_not_take_its_turn_is_caught(fault):
    table, wanted = published(purpose="demonstration")
    parts, info = splits.make(table, wanted)
    turning = parts.index[parts["part"] == "train"]
    name = parts.loc[turning[0], "id"]
    if fault == "held out twice":
        parts.loc[turning[0], "part"] = "heldout"
    elif fault == "misses a fold":
        parts = parts.drop(index=turning[0])
    else:
        parts.loc[turning[0], ["fold", "part"]] = [-1, "test"]
    with pytest.raises(SplitError, match=r"1 example.* turn") as caught:
        splits.assert_disjoint(parts, table, info)
    assert name in str(caught.value)
