import numpy as np
import pandas as pd
import pytest

from proofolio import errors
from proofolio.contract import (
    Calibration,
    Decision,
    Git,
    Metric,
    MetricError,
    ProofError,
    Run,
    RunError,
    SealError,
)

ROWS = [  # id, unit, label, site, p_sick
    ("a0", "a", "sick", "north", 0.9),
    ("a1", "a", "sick", "north", 0.2),
    ("b0", "b", "healthy", "north", 0.1),
    ("b1", "b", "healthy", "north", 0.95),
    ("c0", "c", "healthy", "south", 0.3),
    ("d0", "d", "sick", "north", 0.6),
    ("e0", "e", "healthy", "north", 0.2),
]


def frames(rows=ROWS):
    table = pd.DataFrame(rows, columns=["id", "unit", "label", "slice_site", "p_sick"])
    examples = table[["id", "unit", "label", "slice_site"]].assign(cluster=table["unit"])
    predictions = table[["id", "p_sick"]].assign(part="val")
    return predictions, examples


def run(**changes):
    known = {key: "" for key in ("config_sha256", "source_sha256", "membership_sha256")}
    known |= {"content_sha256": "", "parts_sha256": "", "started": "", "finished": ""}
    measured = Metric(value=0.5, n=1, n_units=1, method="m")
    base = {
        "id": "net-s0",
        "name": "net",
        "rung": "net",
        "split": "primary",
        "status": "finished",
        "hypothesis": "",
        "config": {},
        "seed": 0,
        "argv": [],
        "wall_seconds": 1,
        "git": Git(commit=None, dirty=None),
        "environment": {},
        "classes": ["healthy", "sick"],
        "positive_class": "sick",
        "calibration": Calibration(method="none"),
        "decision": Decision(threshold=0.5, rule="argmax"),
        "metrics": {"val": {"auroc": measured}},
    }
    return Run(**known | base | changes)


def test_confusion_counts_and_shares_in_class_order():
    rows = errors.confusion(run(), *frames(), "val")
    assert rows == [
        {"actual": "healthy", "n": 4, "healthy": 3, "sick": 1}
        | {"share_healthy": 0.75, "share_sick": 0.25},
        {"actual": "sick", "n": 3, "healthy": 1, "sick": 2}
        | {"share_healthy": pytest.approx(1 / 3), "share_sick": pytest.approx(2 / 3)},
    ]


def test_confusion_follows_the_positive_class_not_the_order():
    swapped = run(classes=["sick", "healthy"])
    assert errors.confusion_counts(swapped, *frames(), "val").tolist() == [[2, 1], [1, 3]]


def test_the_runs_threshold_and_calibration_decide():
    low = run(decision=Decision(threshold=0.15, rule="x"))
    assert errors.confusion_counts(low, *frames(), "val").tolist() == [[1, 3], [0, 3]]
    cold = run(
        calibration=Calibration(method="temperature", temperature=0.1),
        decision=Decision(threshold=0.99, rule="x"),
    )
    # p 0.6 becomes 0.983, p 0.9 and 0.95 all but 1
    assert errors.confusion_counts(cold, *frames(), "val").tolist() == [[3, 1], [2, 1]]


def test_multiclass_decides_the_most_probable_class():
    classes = ["a", "b", "c"]
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.6, 0.2, 0.2]])
    predictions = pd.DataFrame(p, columns=["p_a", "p_b", "p_c"]).assign(id=list("wxyz"), part="val")
    labels = ["a", "b", "c", "c"]
    examples = pd.DataFrame({"id": list("wxyz"), "unit": list("wxyz"), "label": labels})
    examples = examples.assign(cluster=examples["unit"])
    multi = run(classes=classes, positive_class=None, decision=None)
    counts = errors.confusion_counts(multi, predictions, examples, "val")
    assert counts.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    (worst,) = errors.surest(multi, predictions, examples, "val")
    assert (worst["id"], worst["label"], worst["decided"]) == ("z", "c", "a")


def test_surest_mistakes_come_first_and_only_mistakes():
    found = errors.surest(run(), *frames(), "val", k=5)
    assert [(f["id"], f["decided"]) for f in found] == [("b1", "sick"), ("a1", "healthy")]
    assert [f["probability"] for f in found] == pytest.approx([0.95, 0.8])
    assert [f["site"] for f in found] == ["north", "north"]
    assert len(errors.surest(run(), *frames(), "val", k=1)) == 1


def test_a_mistake_without_a_slice_says_missing():
    predictions, examples = frames()
    examples.loc[examples["id"] == "b1", "slice_site"] = None
    assert errors.surest(run(), predictions, examples, "val")[0]["site"] == "missing"


def test_slices_show_the_whole_part_first_and_say_what_they_cannot_carry():
    names = ["auroc", "sensitivity"]
    rows = errors.slice_table(run(), *frames(), "val", names, resamples=200, seed=1)
    assert [r["slice"] for r in rows] == ["all", "site=north", "site=south"]
    whole, north, south = rows
    assert (whole["n"], whole["n_units"], north["n"], north["n_units"]) == (7, 5, 6, 4)
    assert whole["sensitivity"] == pytest.approx(2 / 3)
    assert whole["auroc_ci_low"] <= whole["auroc"] <= whole["auroc_ci_high"]
    assert south["auroc"] is None and south["auroc_ci_low"] is None
    assert "both classes" in south["note"] and whole["note"] == ""


def test_an_interval_of_a_slice_resamples_units_not_rows():
    rows = [(f"a{i}", "a", "sick", "x", 0.9) for i in range(50)]
    rows += [(f"b{i}", "b", "healthy", "x", 0.1) for i in range(50)]
    whole = errors.slice_table(run(), *frames(rows), "val", ["accuracy"], resamples=50)[0]
    assert (whole["n"], whole["n_units"]) == (100, 2)


def test_sealed_test_is_refused():
    predictions, examples = frames()
    predictions = predictions.assign(part="test")
    for look in (errors.confusion, errors.surest):
        with pytest.raises(SealError, match="test was not opened"):
            look(run(), predictions, examples, "test")
    opened = run(metrics={"test": {}})
    assert errors.confusion_counts(opened, predictions, examples, "test").sum() == 7


def test_a_part_without_rows_and_a_run_without_threshold_are_refused():
    with pytest.raises(RunError, match="no predictions of part calib"):
        errors.confusion(run(), *frames(), "calib")
    with pytest.raises(RunError, match="no threshold"):
        errors.confusion(run(decision=None), *frames(), "val")
    with pytest.raises(ProofError):
        errors.slice_table(run(), *frames(), "val", ["nonsense"])
    assert issubclass(MetricError, ProofError)


def test_decided_tells_every_row_and_agrees_with_the_surest_mistakes():
    predictions, examples = frames()
    rows = errors.decided(run(), predictions, examples, "val").set_index("id")
    assert list(rows.index) == sorted(examples["id"])
    assert rows.loc["a1", ["label", "decided"]].tolist() == ["sick", "healthy"]
    assert rows.loc["a1", "probability"] == pytest.approx(0.8)
    wrong = rows[rows["label"] != rows["decided"]]
    told = errors.surest(run(), predictions, examples, "val")
    assert {row["id"]: row["probability"] for row in told} == wrong["probability"].to_dict()
    with pytest.raises(SealError):
        errors.decided(run(), predictions.assign(part="test"), examples, "test")


def test_a_class_table_gives_recall_precision_and_intervals_by_cluster():
    scipy_stats = pytest.importorskip("scipy.stats")
    rows = [(f"a{i}", f"a{i}", "a", "x", 0.9, 0.1, 0.0) for i in range(9)]
    rows += [("a9", "a8", "a", "x", 0.2, 0.7, 0.1)]  # shares its unit with a8
    rows += [(f"b{i}", f"b{i}", "b", "x", 0.1, 0.8, 0.1) for i in range(4)]
    columns = ["id", "unit", "label", "slice_site", "p_a", "p_b", "p_c"]
    table = pd.DataFrame(rows, columns=columns)
    examples = table[["id", "unit", "label", "slice_site"]].assign(cluster=table["unit"])
    predictions = table[["id", "p_a", "p_b", "p_c"]].assign(part="val")
    several = run(
        classes=["a", "b", "c"],
        positive_class=None,
        decision=Decision(threshold=None, rule="argmax"),
    )
    told = errors.class_table(several, predictions, examples, "val")
    assert [row["class"] for row in told] == ["a", "b", "c"]  # the lowest recall first, then none
    assert (told[0]["recall"], told[0]["n"], told[0]["n_units"]) == (0.9, 10, 9)
    assert (told[0]["confused_with"], told[0]["confused"]) == ("b", 1)
    assert told[0]["precision"] == 1 and told[1]["precision"] == pytest.approx(4 / 5)
    known = scipy_stats.binomtest(4, 4).proportion_ci(method="wilson")
    assert told[1]["recall_ci_low"] == pytest.approx(known.low)
    assert told[1]["recall_ci_high"] == 1.0  # all right, and yet not certain
    nine = scipy_stats.binomtest(9, 9).proportion_ci(method="wilson")
    assert told[0]["precision_ci_low"] == pytest.approx(nine.low)
    assert told[2]["recall"] is None and told[2]["recall_ci_low"] is None
