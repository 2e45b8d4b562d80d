"""Examples of no class: scored, kept out of metrics, told from the others, sealed with test."""

import numpy as np
import pytest
import strangers
from sklearn.metrics import roc_auc_score

from proofolio import evidence, scoring, table
from proofolio.contract import ModelInfo, RunError, SealError
from proofolio.evidence import standing, tables

DRAWN = {"resamples": 100, "level": 0.95, "seed": 0, "keep": 0.95}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, few_draws):
    return strangers.trained(tmp_path_factory.mktemp("sealed") / "project")


@pytest.fixture(scope="module")
def opened(tmp_path_factory, few_draws):
    return strangers.opened(tmp_path_factory.mktemp("opened") / "project")


def run_of(layout):
    return next(run for run in evidence.runs(layout) if run.name == "good")


def test_a_run_carries_the_classes_of_its_split_and_no_metric_of_ood(opened):
    layout, _ = opened
    run = run_of(layout)
    assert run.classes == strangers.OWN and set(run.metrics) == {"val", "calib", "test"}
    stored = evidence.predictions(layout, run)
    assert (stored["part"] == "ood").any() and stored["energy"].dtype == np.float32


@pytest.mark.parametrize("part", ["val", "test"])
def test_auroc_equals_scikit_learn(opened, part):
    layout, _ = opened
    found = evidence.results.read(layout, f"ood_{part}")
    stored = evidence.predictions(layout, evidence.run(layout, found.inputs["runs"][0]))
    rows = stored[stored["part"].isin([part, "ood"])]
    known = rows["part"] == part
    p = rows[[c for c in rows if c.startswith("p_")]].max(axis=1)
    by_name = {row["score"]: row for row in found.table}
    assert by_name["max_softmax"]["value"] == pytest.approx(roc_auc_score(known, p), abs=1e-9)
    energy = roc_auc_score(known, -rows["energy"])
    assert by_name["energy"]["value"] == pytest.approx(energy, abs=1e-9)
    assert found.value == by_name["max_softmax"]["value"] and found.n == len(rows)
    assert by_name["energy"]["value_ci_low"] < energy < by_name["energy"]["value_ci_high"]
    cut = np.quantile(-stored.loc[stored["part"] == "calib", "energy"].astype(float), 0.05)
    shown = np.mean(-rows.loc[~known, "energy"] >= cut)
    assert by_name["energy"]["let_through"] == pytest.approx(shown)


@pytest.mark.parametrize("part", ["val", "test"])
def test_nothing_of_ood_is_computed_while_test_is_sealed(sealed, part):
    layout, author = sealed
    with pytest.raises(SealError, match="not opened"):
        tables.RECOMPUTE["ood"](layout, None, {"part": part, "runs": [run_of(layout).id]}, DRAWN)
    assert not [kind for kind, *_ in standing.planned(layout, author) if kind == "ood"]


def test_ood_is_never_joined_with_labels(sealed):
    layout, _ = sealed
    run = run_of(layout)
    with pytest.raises(RunError, match="no label"):
        scoring.join_run(run, evidence.predictions(layout, run), table.read_examples(layout), "ood")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda p: p[p["part"] != "ood"], "ood are not scored"),
        (lambda p: p.assign(energy=p["energy"].where(p["part"] != "ood")), "no finite energy"),
        (lambda p: p.assign(p_spider=0.0), "wrong columns"),
    ],
)
def test_unfit_predictions_are_refused(tmp_path, fault, message):
    layout, author = strangers.prepared(tmp_path / "project")
    with pytest.raises(RunError, match=message), evidence.Recorder(
        layout, author, "good", 0, ["python"]
    ) as run:  # fmt: skip
        made = strangers.predictions(run.parts, table.read_examples(layout))
        run.finish(fault(made), ModelInfo(name="good"), {})
