"""Results about policies of one run: joined by hand, and what they refuse."""

import numpy as np
import pytest
import recorded

from proofolio import decisions, evidence, table
from proofolio.contract import RunError, SealError
from proofolio.evidence import tables

DRAWN = {"resamples": 100, "level": 0.95, "seed": 4}
PARAMETERS = {
    "decision_curve": {"grid": [0.1, 0.5]} | DRAWN,
    "risk_coverage": {"targets": [1.0, 0.8, 0.5]} | DRAWN,
    "conformal": {"levels": [0.7, 0.8], "by": "unit"} | DRAWN,
    "cost": {"ratios": [[1, 1], [10, 1]]} | DRAWN,
    "threshold_transfer": {"targets": [0.8, 0.9]} | DRAWN,
    "mistakes": {"k": 4, "readings": {}},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory, few_draws):
    return recorded.trained(tmp_path_factory.mktemp("policies") / "project")


def good(layout):
    return next(run for run in evidence.runs(layout) if run.name == "good")


def write(layout, kind, part="val", **parameters):
    asked = {"runs": [good(layout).id], "part": part}
    return tables.RECOMPUTE[kind](layout, None, asked, PARAMETERS[kind] | parameters)


def joined(layout, part):
    """Rows of a part by pandas alone: y, calibrated p, and the frame."""
    run = good(layout)
    stored = evidence.predictions(layout, run)
    rows = stored[stored["part"] == part].merge(table.read_examples(layout), on="id")
    p = rows["p_sick"].to_numpy(np.float64)
    p = 1 / (1 + ((1 - p) / p) ** (1 / run.calibration.temperature))
    return (rows["label"] == "sick").to_numpy(int), p, rows


def test_net_benefit_of_the_calibrated_probability(built):
    layout, _ = built
    found = write(layout, "decision_curve")
    y, p, rows = joined(layout, "val")
    for row in found.table:
        odds = row["threshold"] / (1 - row["threshold"])
        flagged = p >= row["threshold"]
        benefit = (flagged & (y == 1)).mean() - odds * (flagged & (y == 0)).mean()
        assert row["model"] == pytest.approx(benefit, abs=1e-9)
        assert row["model_ci_low"] <= row["model"] <= row["model_ci_high"]
    assert (found.n, found.n_units, found.level) == (len(rows), rows["unit"].nunique(), 0.95)
    assert found.seed == 4 and found.value is None


def test_the_run_s_decisions_are_answered_surest_first(built):
    layout, _ = built
    run = good(layout)
    (y, p, _), (_, calib_p, _) = (joined(layout, part) for part in ("val", "calib"))
    t = run.decision.threshold
    far = np.abs(np.log(p / (1 - p)) - np.log(t / (1 - t)))
    calib_far = np.abs(np.log(calib_p / (1 - calib_p)) - np.log(t / (1 - t)))
    every, most, half = write(layout, "risk_coverage").table
    accuracy = run.metrics["val"]["accuracy"].value
    assert every["coverage"] == 1 and every["risk"] == pytest.approx(1 - accuracy)
    assert every["sensitivity"] == pytest.approx(run.metrics["val"]["sensitivity"].value)
    for row in (most, half):
        assert (calib_far >= row["cut"]).mean() >= row["target"]
        assert (calib_far > row["cut"] * (1 + 1e-8)).mean() < row["target"]
        answered = far >= row["cut"]
        wrong = (p >= t) != (y == 1)
        assert row["n_answered"] == answered.sum() and row["coverage"] == answered.mean()
        assert row["risk"] == pytest.approx(wrong[answered].mean())


def test_conformal_sets_by_unit_rest_on_each_unit_s_largest(built):
    layout, _ = built
    found = write(layout, "conformal")
    scores = {}
    for part in ("calib", "val"):
        y, p, rows = joined(layout, part)
        units = rows.assign(y=y, p=p).groupby("unit").agg(y=("y", "max"), p=("p", "max"))
        scores[part] = np.sort(np.where(units["y"] == 1, 1 - units["p"], units["p"]))
    n = len(scores["calib"])
    for row, tenths in zip(found.table, (7, 8), strict=True):
        quantile = scores["calib"][-(-(n + 1) * tenths // 10) - 1]
        assert row["quantile"] == pytest.approx(quantile, abs=1e-9)
        assert row["coverage"] == pytest.approx((scores["val"] <= quantile + 1e-8).mean())
        assert row["n_units"] == len(scores["val"]) == found.n_units
        assert {"coverage_healthy", "coverage_sick", "both"} < set(row)
    by_row = write(layout, "conformal", by="row")
    assert by_row.table[0]["n_units"] == found.n_units and by_row.n == found.n > found.n_units
    assert by_row.table != found.table
    with pytest.raises(RunError, match="by what"):
        write(layout, "conformal", by="patient")


def test_costs_and_transferred_thresholds_read_calib_and_part(built):
    layout, _ = built
    (calib_y, calib_p, _), (y, p, rows) = (joined(layout, part) for part in ("calib", "val"))
    drawn = {"clusters": rows["cluster"].to_numpy(), **DRAWN}
    costs = decisions.cost_table(calib_y, calib_p, y, p, [(1, 1), (10, 1)], **drawn)
    transfer = decisions.transfer_table(calib_y, calib_p, y, p, [0.8, 0.9], **drawn)
    for kind, expected in (("cost", costs), ("threshold_transfer", transfer)):
        for row, by_hand in zip(write(layout, kind).table, expected, strict=True):
            assert row == pytest.approx(by_hand, abs=1e-9)
    (row,) = write(layout, "threshold_transfer", targets=[0.9]).table
    assert row["threshold"] == pytest.approx(good(layout).decision.threshold)
    sensitivity = good(layout).metrics["val"]["sensitivity"]
    assert row["sensitivity"] == pytest.approx(sensitivity.value)


def test_mistakes_carry_slices_and_the_readings_of_the_shown_alone(built):
    layout, _ = built
    plain = write(layout, "mistakes")
    assert plain.table and {row["reading"] for row in plain.table} == {""}
    accuracy = good(layout).metrics["val"]["accuracy"].value
    assert plain.value == pytest.approx((1 - accuracy) * plain.n)
    sites = table.read_examples(layout).set_index("id")["slice_site"]
    assert all(row["site"] == sites[row["id"]] for row in plain.table)
    first, unshown = plain.table[0]["id"], joined(layout, "calib")[2]["id"].iloc[0]
    found = write(layout, "mistakes", readings={first: "Blurred.", unshown: "Not shown."})
    assert found.table[0]["reading"] == "Blurred."
    assert found.parameters["readings"] == {first: "Blurred."}
    assert evidence.differences(found, evidence.recompute(layout, found)) == []
    with pytest.raises(RunError, match="not among the examples"):
        write(layout, "mistakes", readings={"p999_9": "Nobody."})


@pytest.mark.parametrize("kind", PARAMETERS)
def test_every_policy_is_sealed_on_test_and_about_one_run(built, kind):
    layout, _ = built
    with pytest.raises(SealError, match="was not opened"):
        write(layout, kind, "test")
    asked = {"runs": [run.id for run in evidence.runs(layout)][:2], "part": "val"}
    with pytest.raises(RunError, match="about one run"):
        tables.RECOMPUTE[kind](layout, None, asked, PARAMETERS[kind])


@pytest.mark.parametrize("kind", ["risk_coverage", "conformal", "cost", "threshold_transfer"])
def test_what_is_fitted_on_calib_is_not_judged_there(built, kind):
    layout, _ = built
    with pytest.raises(RunError, match="fitted on calib and looked at elsewhere"):
        write(layout, kind, "calib")


def train_other(layout, author, edit):
    with evidence.Recorder(layout, author, "prior", 0, []) as recorder:
        stored = edit(recorded.predicted(layout, recorder, 2.0))
        return recorder.finish(stored, recorded.ModelInfo(name="m"))


def test_a_score_has_costs_and_risks_but_no_net_benefit_and_no_sets(tmp_path, few_draws):
    layout, author = recorded.prepared(tmp_path / "p")
    run = train_other(
        layout, author, lambda s: s.assign(score=10 * s["p_sick"]).drop(columns="p_sick")
    )
    asked = {"runs": [run.id], "part": "val"}
    for kind in ("cost", "threshold_transfer", "mistakes"):
        assert tables.RECOMPUTE[kind](layout, None, asked, PARAMETERS[kind]).table
    risk = tables.RECOMPUTE["risk_coverage"](layout, None, asked, PARAMETERS["risk_coverage"])
    accuracy = run.metrics["val"]["accuracy"].value
    assert risk.table[0]["risk"] == pytest.approx(1 - accuracy)
    for kind in ("decision_curve", "conformal"):
        with pytest.raises(RunError, match="needs probabilities"):
            tables.RECOMPUTE[kind](layout, None, asked, PARAMETERS[kind])


def test_more_classes_have_risks_and_sets_but_nothing_that_needs_a_positive_one(
    tmp_path, few_draws
):
    layout, author = recorded.prepared(
        tmp_path / "p",
        classes=["healthy", "sick", "odd"],
        positive_class=None,
        decision={"rule": "argmax", "reason": "One of three."},
        metric={"primary": "accuracy", "reason": "Plain."},
    )

    def three(stored):
        p = stored.pop("p_sick").to_numpy(dtype=float) * 0.9
        return stored.assign(p_healthy=0.9 - p, p_sick=p, p_odd=0.1)

    run = train_other(layout, author, three)
    asked = {"runs": [run.id], "part": "val"}
    risk = tables.RECOMPUTE["risk_coverage"](layout, None, asked, PARAMETERS["risk_coverage"])
    accuracy = run.metrics["val"]["accuracy"].value
    assert risk.table[0]["risk"] == pytest.approx(1 - accuracy)
    assert "sensitivity" not in risk.table[0]
    by_row = PARAMETERS["conformal"] | {"by": "row"}
    (row, _) = tables.RECOMPUTE["conformal"](layout, None, asked, by_row).table
    assert row["coverage_odd"] is None and "several" in row
    for kind in ("decision_curve", "cost", "threshold_transfer", "conformal"):
        with pytest.raises(RunError, match="needs a positive class"):
            tables.RECOMPUTE[kind](layout, None, asked, PARAMETERS[kind])
