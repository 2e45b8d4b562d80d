"""From predictions and examples to metrics; each broken prediction file is refused by name."""

import numpy as np
import pandas as pd
import pytest

from proofolio import decisions, metrics, scoring
from proofolio.contract import Decision, MetricError, RunError
from proofolio.project import DecisionRule

CLASSES, POSITIVE = ["healthy", "sick"], "sick"
TASK = {"classes": CLASSES, "positive_class": POSITIVE}
RULE = DecisionRule(rule="sensitivity", target=0.9, reason="test")
FAST = {"resamples": 50}


def data(rows=240, classes=CLASSES, seed=0):
    """Examples of patients with four images each, and predictions of three parts."""
    rng = np.random.default_rng(seed)
    label = rng.choice(classes, rows)
    unit = [f"p{i // 4}" for i in range(rows)]
    ids = [f"scan {i:03d}" for i in range(rows)]
    cluster = [f"p{i // 8 * 2}" for i in range(rows)]  # two patients share a duplicate
    examples = pd.DataFrame({"id": ids, "unit": unit, "cluster": cluster, "label": label})
    part = np.repeat(["val", "calib", "test"], rows // 3)
    if classes == CLASSES:
        logit = 3 * ((label == POSITIVE) - 0.5 + rng.normal(size=rows))
        stored = pd.DataFrame({"p_sick": 1 / (1 + np.exp(-logit))})
    else:
        p = rng.dirichlet(np.ones(len(classes)), rows)
        stored = pd.DataFrame(p, columns=[f"p_{c}" for c in classes])
    stored = stored.astype(np.float32)
    stored.insert(0, "part", part)
    stored.insert(0, "id", ids)
    return stored, examples


def fitted(predictions, examples, rule=RULE):
    return scoring.fit_calibration_and_decision(predictions, examples, CLASSES, POSITIVE, rule)


def test_each_metric_reads_the_scores_the_contract_names():
    predictions, examples = data()
    calibration, decision = fitted(predictions, examples)
    got = scoring.score(
        predictions, examples, "val", calibration=calibration, decision=decision, **TASK, **FAST
    )
    rows = predictions[predictions["part"] == "val"].merge(examples, on="id")
    y = (rows["label"] == POSITIVE).to_numpy().astype(int)
    stored = rows["p_sick"].to_numpy(dtype=float)
    calibrated = decisions.calibrate(stored, calibration)
    assert tuple(got) == metrics.for_task(CLASSES, POSITIVE)
    for name, found in got.items():
        scores = calibrated if metrics.uses_calibrated(name) else stored
        expected = metrics.interval(
            name, y, scores, rows["cluster"], threshold=decision.threshold, resamples=50
        )
        assert found.value == pytest.approx(expected.value, abs=1e-12), name
        assert found.ci_low == pytest.approx(expected.ci_low, abs=1e-12), name
        assert (found.n, found.n_units) == (80, 20)
    assert got["brier"].value != got["brier_raw"].value


def test_row_order_changes_nothing():
    predictions, examples = data()
    calibration, decision = fitted(predictions, examples)
    run = {"calibration": calibration, "decision": decision, **TASK, **FAST}
    expected = scoring.score(predictions, examples, "val", **run)
    shuffled = predictions.sample(frac=1, random_state=1), examples.sample(frac=1, random_state=2)
    assert scoring.score(*shuffled, "val", **run) == expected
    assert fitted(*shuffled) == (calibration, decision)


def test_calibration_and_threshold_come_from_calib_alone():
    predictions, examples = data()
    calibration, decision = fitted(predictions, examples)
    assert (calibration.method, calibration.fitted_on) == ("temperature", "calib")
    assert decision.fitted_on == "calib"
    elsewhere = predictions.copy()
    elsewhere.loc[elsewhere["part"] != "calib", "p_sick"] = 0.5
    assert fitted(elsewhere, examples) == (calibration, decision)
    calib = scoring.join(predictions, examples, "calib", calibration=calibration, **TASK)
    assert metrics.value("recall", calib.y, calib.calibrated, threshold=decision.threshold) >= 0.9


def test_labels_beside_predictions_are_never_read():
    predictions, examples = data()
    liar = predictions.assign(label=np.where(predictions["p_sick"] > 0.5, "sick", "healthy"))
    liar["cluster"] = "one"
    run = {"calibration": None, "decision": None, **TASK, **FAST}
    assert scoring.score(liar, examples, "val", **run) == scoring.score(
        predictions, examples, "val", **run
    )


def test_a_joined_row_is_what_a_merge_by_id_gives():
    predictions, examples = data()
    examples = examples.assign(slice_site=["north", None] * 120, amount=np.arange(240.0))
    examples = examples.sample(frac=1, random_state=0)
    joined = scoring.join(predictions.sample(frac=1, random_state=1), examples, "val", **TASK)
    own = predictions[predictions["part"] == "val"].sort_values("id")
    pd.testing.assert_frame_equal(joined.rows, own.merge(examples, on="id", validate="one_to_one"))


def test_multiclass_run():
    classes = list("abcdefg")
    predictions, examples = data(classes=classes)
    calibration, decision = scoring.fit_calibration_and_decision(
        predictions, examples, classes, None, DecisionRule(rule="argmax", reason="test")
    )
    assert (decision.threshold, decision.rule) == (None, "argmax")
    assert calibration.method == "temperature"
    got = scoring.score(
        predictions,
        examples,
        "val",
        classes=classes,
        positive_class=None,
        calibration=calibration,
        decision=decision,
        **FAST,
    )
    assert tuple(got) == metrics.for_task(classes, None)
    assert got["top5"].value > got["top1"].value == got["accuracy"].value
    reordered = predictions[["id", "part", *[f"p_{c}" for c in reversed(classes)]]]
    assert (
        scoring.scores_of(reordered, classes, None) == scoring.scores_of(predictions, classes, None)
    ).all()


def scorer():
    predictions, examples = data()
    logit = np.log(predictions["p_sick"] / (1 - predictions["p_sick"]))
    return predictions.drop(columns="p_sick").assign(score=logit), examples


@pytest.mark.parametrize("name", ["sensitivity", "cost", "argmax"])
def test_a_scorer_has_no_probability_metrics_and_a_threshold_on_its_score(name):
    predictions, examples = scorer()
    rule = DecisionRule(rule=name, target=0.9, reason="test")
    calibration, decision = fitted(predictions, examples, rule)
    assert calibration.method == "none" and calibration.temperature is None
    assert decision.fitted_on == "calib"
    got = scoring.score(
        predictions, examples, "val", calibration=calibration, decision=decision, **TASK, **FAST
    )
    assert not any(metrics.is_probabilistic(n) for n in got)
    rows = predictions[predictions["part"] == "val"].merge(examples, on="id")
    flagged = rows["score"] >= decision.threshold
    assert got["sensitivity"].value == pytest.approx(flagged[rows["label"] == POSITIVE].mean())
    assert got["auroc"].value == pytest.approx(
        scoring.score(*data(), "val", calibration=None, decision=None, **TASK, **FAST)[
            "auroc"
        ].value,
        abs=1e-4,
    )


def test_without_calib_nothing_is_fitted_and_the_record_says_so():
    predictions, examples = data()
    predictions = predictions[predictions["part"] != "calib"]
    calibration, decision = fitted(predictions, examples)
    assert calibration.method == "none"
    assert (decision.threshold, decision.fitted_on) == (0.5, None)
    assert "no calib part" in decision.rule
    scores, examples = scorer()
    _, decision = fitted(scores[scores["part"] != "calib"], examples)
    assert decision.threshold is None
    got = scoring.score(
        scores, examples, "val", calibration=None, decision=decision, **TASK, **FAST
    )
    assert set(got) == {"auroc", "average_precision"}


def test_calib_without_positives_is_refused():
    predictions, examples = data()
    calib = set(predictions.loc[predictions["part"] == "calib", "id"])
    examples.loc[examples["id"].isin(calib), "label"] = "healthy"
    with pytest.raises(MetricError, match="positive class"):
        fitted(predictions, examples)


def test_one_class_in_a_part_is_reported_not_raised():
    predictions, examples = data()
    got = scoring.score(
        predictions,
        examples.assign(label="healthy"),
        "val",
        calibration=None,
        decision=Decision(threshold=0.5, rule="argmax"),
        **TASK,
        **FAST,
    )
    assert got["auroc"].value is None and "both classes" in got["auroc"].method
    assert got["specificity"].value is not None


def test_a_second_unit_makes_intervals_two_way():
    predictions, examples = data()
    examples["unit2"] = [f"t{i % 13}" for i in range(len(examples))]
    got = scoring.score(
        predictions, examples, "val", calibration=None, decision=None, **TASK, **FAST
    )
    assert got["auroc"].method == "two_way_cluster_bootstrap_percentile"


def parts_of(predictions):
    return predictions[["id", "part"]].copy()


def broken(change):
    predictions, examples = data()
    parts = parts_of(predictions)
    predictions, examples = change(predictions, examples)
    scoring.score(
        predictions,
        examples,
        "val",
        calibration=None,
        decision=None,
        parts=parts,
        **TASK,
        **FAST,
    )


def set_value(frame, row, column, value):
    frame = frame.copy()
    frame.loc[row, column] = value
    return frame


def test_a_whole_file_passes_the_check_that_the_broken_ones_fail():
    broken(lambda p, e: (p, e))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p, e: (p.drop(index=[3, 5]), e), "not scored\n.*\n.*2 in all: scan 003, scan 005"),
        (lambda p, e: (pd.concat([p, p.head(2)]), e), "more than once\n.*\n.*2 in all: scan 000"),
        (lambda p, e: (set_value(p, 100, "part", "val"), e), "do not belong to it\n.*\n.*scan 100"),
        (
            lambda p, e: (set_value(p, 4, "part", "calib"), e),
            "not scored\n.*\n.*1 in all: scan 004",
        ),
        (
            lambda p, e: (p, e.drop(index=range(9))),
            "not among the examples\n.*\n.*9 in all: .*\\.\\.\\.",
        ),
        (lambda p, e: (p, pd.concat([e, e.head(2)])), "stand twice\n.*\n.*2 in all: scan 000"),
        (lambda p, e: (p, set_value(e, 7, "label", "odd")), "labels are not among .*\n.*\n.*odd"),
        (lambda p, e: (set_value(p, 7, "p_sick", np.nan), e), "no probabilities\n.*\n.*scan 007"),
        (lambda p, e: (set_value(p, 7, "p_sick", 1.5), e), "no probabilities\n.*\n.*scan 007"),
        (lambda p, e: (p.assign(p_healthy=1 - p["p_sick"]), e), "wrong columns"),
        (lambda p, e: (p.assign(score=1.0), e), "wrong columns"),
        (lambda p, e: (p.drop(columns="p_sick"), e), "neither p_<class> nor score"),
    ],
)
def test_broken_predictions_are_refused_with_the_first_offenders(change, said):
    with pytest.raises(RunError, match=said) as refusal:
        broken(change)
    assert "remedy:" in str(refusal.value)


def test_a_part_that_was_not_predicted_is_refused():
    predictions, examples = data()
    with pytest.raises(RunError, match="no predictions of part delay"):
        scoring.score(
            predictions, examples, "delay", calibration=None, decision=None, **TASK, **FAST
        )


def test_multiclass_rows_must_sum_to_one():
    predictions, _ = data(classes=list("abc"))
    with pytest.raises(RunError, match="summing to 1"):
        scoring.scores_of(set_value(predictions, 2, "p_a", 0.0), list("abc"), None)
    with pytest.raises(RunError, match="wrong columns"):
        scoring.scores_of(predictions.drop(columns="p_b"), list("abc"), None)


def folds(rows=60):
    """Five folds hold out every row once; the hold-out is scored in fold -1."""
    predictions, examples = data(rows)
    predictions = predictions[predictions["part"] != "calib"].reset_index(drop=True)
    fold = np.where(predictions["part"] == "val", np.arange(len(predictions)) % 5, -1)
    predictions.insert(2, "fold", fold)
    held_out = predictions["part"].replace("val", "heldout")
    parts = pd.DataFrame({"id": predictions["id"], "fold": fold, "part": held_out})
    trained = parts[parts["part"] == "heldout"].assign(part="train")
    return predictions, examples, pd.concat([parts, trained], ignore_index=True)


def test_folds_score_each_row_once_each():
    predictions, examples, parts = folds()
    got = scoring.score(
        predictions, examples, "val", calibration=None, decision=None, parts=parts, **TASK, **FAST
    )
    assert got["auroc"].n == 20
    scoring.check_ids(predictions, parts, "test")
    moved = set_value(predictions, 3, "fold", 4)
    with pytest.raises(RunError, match=r"as \(fold, id\) are not scored\n.*\n.*\(3, 'scan 003'\)"):
        scoring.check_ids(moved, parts, "val")
    doubled = pd.concat([predictions, predictions.head(1)])
    with pytest.raises(RunError, match="each id once per fold"):
        scoring.score(doubled, examples, "val", calibration=None, decision=None, **TASK)
    twice = pd.concat([predictions, predictions.head(1).assign(fold=9)])
    joined = scoring.join(twice, examples, "val", **TASK)
    assert len(joined.y) == 21


def test_test_rows_missing_from_one_fold_are_seen():
    predictions, _, parts = folds()
    with pytest.raises(RunError, match="part test, fold -1 are not scored"):
        scoring.check_ids(predictions.iloc[:-1], parts, "test")
    with pytest.raises(RunError, match="are not scored"):
        scoring.check_ids(predictions[predictions["part"] != "test"], parts, "test")
