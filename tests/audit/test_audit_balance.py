import pytest
from audit_tables import audited, ids_in, moved, spec
from builders import example_frame

from proofolio import splits


@pytest.fixture(scope="module")
def table():
    return example_frame(units=300)


@pytest.fixture(scope="module")
def split(table):
    return splits.make(table, spec())


def test_balanced_split_passes(table, split):
    found = audited(table, split)
    assert found["balance_drift"].status == "pass"
    assert found["balance_drift"].statistic < 0.05
    assert found["small_class"].status == "pass"
    assert found["small_part"].status == "pass"


def test_drift_of_the_published_test_is_seen(table):
    number = table["unit"].str[1:].astype(int)
    published = (number < 150) & ((number % 2 == 1) | (number % 6 == 0))
    wanted = spec("official")
    official = table.assign(official=published.map({True: "test", False: "train"}))
    found = audited(official, wanted=wanted)["balance_drift"]
    assert found.status == "warn"
    assert found.statistic > 0.3
    assert "p = 0.0" in found.explanation


def test_a_difference_that_chance_explains_passes():
    few = example_frame(units=24)
    split = splits.make(few, spec(stratify_by=[]))
    found = audited(few, split)["balance_drift"]
    assert found.statistic > found.threshold
    assert found.status == "pass"


def test_stratify_columns_are_judged_too(table):
    found = audited(table, wanted=spec(stratify_by=["label", "slice_site"]))
    assert found["balance_drift_slice_site"].status == "pass"
    north = table["slice_site"].mask(table["id"].isin(_test_ids(table)), "north")
    moved_site = table.assign(slice_site=north)
    split = splits.make(table, spec(stratify_by=["label", "slice_site"]))
    drifted = audited(moved_site, split)["balance_drift_slice_site"]
    assert drifted.status == "warn" and "north" in drifted.explanation + "south"


def _test_ids(table):
    split = splits.make(table, spec(stratify_by=["label", "slice_site"]))
    return ids_in(split, table, "test")["id"]


def test_small_part_warns_and_empty_part_fails(table, split):
    val = ids_in(split, table, "val")
    few = val.loc[~val["unit"].isin(val["unit"].unique()[:20]), "id"]
    found = audited(table, moved(split, few, "train"))["small_part"]
    assert (found.status, found.statistic) == ("warn", 20)
    assert "val (20)" in found.explanation
    empty = audited(table, moved(split, val["id"], "train"))["small_part"]
    assert (empty.status, empty.statistic) == ("fail", 0)


def test_empty_class_fails_by_name(table, split):
    calib = ids_in(split, table, "calib")
    sick = calib.loc[calib["label"] == "sick", "id"]
    found = audited(table, moved(split, sick, "train"))["small_class"]
    assert (found.status, found.statistic) == ("fail", 0)
    assert "sick in calib (0)" in found.explanation
    absent = audited(table, split, classes=["healthy", "sick", "unknown"])["small_class"]
    assert absent.status == "fail" and "unknown in calib (0)" in absent.explanation


def test_folds_are_judged_like_parts(table):
    found = audited(table, wanted=spec("cross_validation", folds=4))
    assert found["small_part"].status == "pass"
    assert found["small_part"].n == 300
    assert found["balance_drift"].status == "pass"
