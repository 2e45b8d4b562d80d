import numpy as np
import pandas as pd
import pytest
from audit_tables import audited, ids_in, moved, pairs_of, spec
from builders import example_frame

from proofolio import splits

LEAKS = ("unit_overlap", "cluster_overlap", "duplicates_across_parts")


@pytest.fixture(scope="module")
def table():
    return example_frame(units=80)


@pytest.fixture(scope="module")
def split(table):
    return splits.make(table, spec())


@pytest.mark.parametrize("strategy", ["patient", "cross_validation"])
def test_clean_split_passes(table, strategy):
    found = audited(table, wanted=spec(strategy))
    assert {found[c].status for c in LEAKS} == {"pass"}
    assert {found[c].statistic for c in LEAKS} == {0}
    assert found["conflicting_labels"].status == "pass"


def test_patient_in_two_parts_fails(table, split):
    rows = ids_in(split, table, "train")
    unit = rows["unit"].iloc[0]
    one = rows.loc[rows["unit"] == unit, "id"].iloc[:1]
    found = audited(table, moved(split, one, "test"))
    for check in ("unit_overlap", "cluster_overlap"):
        assert (found[check].status, found[check].statistic) == ("fail", 1)
        assert unit in found[check].explanation and "test+train" in found[check].explanation
    assert audited(table, moved(split, one, "excluded"))["unit_overlap"].status == "pass"


def test_linked_units_in_two_parts_fail(table, split):
    a, b = (
        ids_in(split, table, "train")["unit"].iloc[0],
        ids_in(split, table, "val")["unit"].iloc[0],
    )
    found = audited(table.assign(cluster=table["cluster"].replace({b: a})), split)
    assert found["unit_overlap"].status == "pass"
    assert (found["cluster_overlap"].status, found["cluster_overlap"].statistic) == ("fail", 1)


def test_demonstration_only_warns_and_says_why(table):
    found = audited(table, wanted=spec("stratified", purpose="demonstration"))
    assert found["unit_overlap"].status == "warn"
    assert found["unit_overlap"].statistic > 10
    assert "on purpose" in found["unit_overlap"].explanation


@pytest.mark.parametrize("kind", ["exact", "near"])
def test_copied_image_on_record_across_parts_fails(table, split, kind):
    a, b = ids_in(split, table, "train")["id"].iloc[0], ids_in(split, table, "test")["id"].iloc[0]
    found = audited(table, split, pairs=pairs_of((a, b, kind, 0)))["duplicates_across_parts"]
    assert (found.status, found.statistic) == ("fail", 2)
    assert a in found.explanation and f"1 {kind}" in found.explanation
    inside = ids_in(split, table, "train")["id"].iloc[[0, 5]]
    same_part = pairs_of((*inside, kind, 0))
    assert audited(table, split, pairs=same_part)["duplicates_across_parts"].status == "pass"
    excluded = moved(split, [a], "excluded")
    gone = audited(table, excluded, pairs=pairs_of((a, b, kind, 0)))
    assert gone["duplicates_across_parts"].status == "pass"


def test_copied_image_is_seen_though_no_pair_is_on_record(table, split):
    a, b = ids_in(split, table, "train")["id"].iloc[0], ids_in(split, table, "test")["id"].iloc[0]
    content = table["content"].mask(table["id"] == b, table.set_index("id").loc[a, "content"])
    found = audited(table.assign(content=content), split)["duplicates_across_parts"]
    assert (found.status, found.statistic) == ("fail", 2)


def test_copy_between_folds_and_hold_out_fails(table):
    split = splits.make(table, spec("cross_validation", folds=3))
    held = split.parts[split.parts["part"] == "heldout"]
    first = [held.loc[held["fold"] == f, "id"].iloc[0] for f in (0, 1)]
    test = split.parts.loc[split.parts["part"] == "test", "id"].iloc[0]
    for other in (first[1], test):
        pair = pairs_of((*sorted([first[0], other]), "near", 3))
        assert audited(table, split, pairs=pair)["duplicates_across_parts"].status == "fail"


def test_label_conflicts_are_reported(table, split):
    def label_of(i):
        return table.set_index("id").loc[i, "label"]

    a, b = "p000_0", "p001_0"
    assert label_of(a) != label_of(b)
    near = audited(table, split, pairs=pairs_of((a, b, "near", 2)))["conflicting_labels"]
    assert (near.status, near.statistic) == ("warn", 1)
    assert a in near.explanation and b in near.explanation
    content = table["content"].mask(table["id"] == b, table.set_index("id").loc[a, "content"])
    exact = audited(table.assign(content=content), split, pairs=pairs_of((a, b, "exact", 0)))
    assert (exact["conflicting_labels"].status, exact["conflicting_labels"].statistic) == (
        "warn",
        1,
    )
    agreeing = audited(table, split, pairs=pairs_of((a, "p002_0", "near", 2)))
    assert agreeing["conflicting_labels"].status == "pass"


def test_unit_with_several_labels_is_no_conflict(table, split):
    label = table["label"].mask(table["id"] == "p000_0", "sick")
    pair = pairs_of(("p000_0", "p000_1", "near", 2))
    found = audited(table.assign(label=label), split, pairs=pair)["conflicting_labels"]
    assert found.status == "pass"
    assert "1 unit(s) carry several labels" in found.explanation


def test_time_inversion_fails_in_a_temporal_split(table):
    dated = table.assign(
        time=pd.Timestamp("2022-01-01")
        + pd.to_timedelta(table["unit"].str[1:].astype(int) * 7, unit="D")
    )
    split = splits.make(dated, spec("temporal"))
    assert audited(dated, split)["time_order"].status == "pass"
    late = ids_in(split, dated, "train")["id"].iloc[0]
    time = dated["time"].mask(dated["id"] == late, pd.Timestamp("2030-01-01"))
    found = audited(dated.assign(time=time), split)["time_order"]
    assert (found.status, found.statistic) == ("fail", 1)
    assert late in found.explanation
    by_patient = audited(dated)["time_order"]
    assert by_patient.status == "not_applicable" and by_patient.statistic > 0


def test_without_times_order_is_not_applicable(table, split):
    found = audited(table, split)["time_order"]
    assert found.status == "not_applicable" and found.statistic is None
    assert audited(table.assign(time=np.datetime64("NaT")), split)["time_order"].statistic is None
