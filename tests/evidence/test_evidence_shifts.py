"""Drift and leak comparison against scikit-learn and plain bootstraps; what they refuse."""

import folded
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from proofolio import evidence, files, metrics, table
from proofolio.contract import MetricError, ProofError, RunError, SealError
from proofolio.evidence import tables

DRAWN = {"resamples": 100, "level": 0.95, "seed": 4}


@pytest.fixture(scope="module")
def built(tmp_path_factory, few_draws):
    return folded.folded(tmp_path_factory.mktemp("folded") / "project")


def ids(layout, name):
    return sorted(run.id for run in evidence.runs(layout) if run.name == name)


def between(layout, config, versus, **changes):
    known = {"config": config, "versus": versus, "part": "val", "metric": "auroc"}
    known |= {"runs": ids(layout, config), "versus_runs": ids(layout, versus)}
    return known | changes


def rows_of(layout, run_id, part):
    """The rows of a part beside their labels, sorted by id, joined by pandas alone."""
    stored = evidence.predictions(layout, evidence.run(layout, run_id))
    rows = stored[stored["part"] == part].merge(table.read_examples(layout), on="id")
    return rows.sort_values("id", ignore_index=True)


def auroc(layout, run_id, part):
    rows = rows_of(layout, run_id, part)
    return roc_auc_score(rows["label"] == "sick", rows["p_sick"])


def drift(layout, **changes):
    asked = between(layout, "good", "good", versus_part="calib") | changes
    return tables.RECOMPUTE["drift"](layout, None, asked, DRAWN)


def leak(layout, **changes):
    asked = between(layout, "on_images", "on_patients") | changes
    return tables.RECOMPUTE["leak_comparison"](layout, None, asked, DRAWN)


def test_drift_is_the_difference_of_two_means_over_seeds(built):
    layout, _ = built
    found = drift(layout)
    means = [np.mean([auroc(layout, i, p) for i in ids(layout, "good")]) for p in ("val", "calib")]
    assert found.value == pytest.approx(means[0] - means[1], abs=1e-9)
    assert [row["value"] for row in found.table] == pytest.approx(means, abs=1e-9)
    assert [(row["which"], row["part"]) for row in found.table] == [
        ("good", "val"),
        ("good", "calib"),
    ]
    assert found.n == sum(row["n"] for row in found.table)
    draws = []
    for part, seed in (("val", 4), ("calib", 5)):
        seeds = [rows_of(layout, run_id, part) for run_id in ids(layout, "good")]
        y, cluster = (seeds[0]["label"] == "sick").astype(int), seeds[0]["cluster"]
        weights = np.concatenate(list(metrics.resample_weights(cluster, 100, seed)))
        of_seeds = [metrics.value("auroc", y, rows["p_sick"], weights=weights) for rows in seeds]
        draws.append(np.mean(of_seeds, axis=0))
    ends = np.nanquantile(draws[0] - draws[1], [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(ends), abs=1e-6)


def test_drift_from_folds_to_a_part_of_another_split(built):
    layout, _ = built
    with pytest.raises(MetricError, match="not independent"):  # the folds turn val's patients too
        drift(layout, **between(layout, "good", "on_patients", versus_part="val"))


def test_drift_refuses_sealed_parts_on_either_side(built):
    layout, _ = built
    for changes in ({"part": "test"}, {"versus_part": "test"}):
        with pytest.raises(SealError, match="was not opened"):
            drift(layout, **changes)


def test_drift_refuses_a_demonstration(built):
    layout, _ = built
    for asked in (
        between(layout, "on_images", "good", versus_part="val"),
        between(layout, "good", "on_images", versus_part="val"),
    ):
        with pytest.raises(RunError, match="demonstration split"):
            drift(layout, **asked)


def test_a_leak_is_the_difference_over_the_same_rows(built):
    layout, _ = built
    found = leak(layout)
    sides = [
        [rows_of(layout, i, "val") for i in ids(layout, c)] for c in ("on_images", "on_patients")
    ]
    y, cluster = (sides[0][0]["label"] == "sick").astype(int), sides[0][0]["cluster"]
    assert all(rows["id"].equals(sides[0][0]["id"]) for side in sides for rows in side)
    weights = np.concatenate(list(metrics.resample_weights(cluster, 100, 4)))
    means = [np.mean([roc_auc_score(y, rows["p_sick"]) for rows in side]) for side in sides]
    drawn = [
        np.mean(
            [metrics.value("auroc", y, rows["p_sick"], weights=weights) for rows in side], axis=0
        )
        for side in sides
    ]
    assert found.value == pytest.approx(means[0] - means[1], abs=1e-9) and found.value > 0.05
    ends = np.nanquantile(drawn[0] - drawn[1], [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(ends), abs=1e-6)
    assert [row["which"] for row in found.table] == ["on_images", "on_patients"]
    for row, mean, values in zip(found.table, means, drawn, strict=True):
        assert row["value"] == pytest.approx(mean, abs=1e-9)
        ends = tuple(np.nanquantile(values, [0.025, 0.975]))
        assert (row["value_ci_low"], row["value_ci_high"]) == pytest.approx(ends, abs=1e-6)
    assert (found.n, found.n_units) == (len(y), cluster.nunique())


def test_a_leak_is_shown_on_folds_and_out_of_fold_rows_alone(built):
    layout, _ = built
    with pytest.raises(RunError, match="out-of-fold rows") as refusal:
        leak(layout, **between(layout, "on_images", "good"))
    assert "cross_validation split in project.yaml" in str(refusal.value)
    with pytest.raises(RunError, match="out-of-fold rows"):
        leak(layout, part="test")


def change(layout, run_id, edit):
    """Store other predictions under a run, with their hash."""
    path = layout.run(run_id) / "predictions.parquet"
    stored = edit(evidence.predictions(layout, evidence.run(layout, run_id)))
    files.write_parquet(path, stored)
    record = files.read_json(layout.run(run_id) / "run.json")
    record["predictions_sha256"] = files.sha256_file(path)
    files.write_json(layout.run(run_id) / "run.json", record)


def twice(stored):
    again = stored[stored["part"] == "val"].head(2)
    return pd.concat([stored, again.assign(fold=(again["fold"] + 1) % 3)], ignore_index=True)


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (twice, "out of fold more than once"),
        (lambda stored: stored.drop(stored.index[stored["part"] == "val"][:2]), "different rows"),
    ],
)
def test_rows_that_do_not_pair_are_refused(built, edit, what):
    layout, _ = built
    chosen = ids(layout, "on_patients")[:1]
    kept = {p: p.read_bytes() for p in layout.run(chosen[0]).iterdir()}
    try:
        change(layout, chosen[0], edit)
        with pytest.raises(RunError, match=what) as refusal:
            leak(layout, versus_runs=chosen)
        assert "remedy" in str(refusal.value)
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


def test_policies_refuse_a_demonstration_and_folds_without_calib(built):
    layout, _ = built
    kinds = {"threshold_transfer": {"targets": [0.9]}, "cost": {"ratios": [[1, 1]]}}
    for kind, parameters in kinds.items():
        for config, what in (("on_images", "demonstration split"), ("on_patients", "on calib")):
            asked = {"runs": ids(layout, config)[:1], "part": "val"}
            with pytest.raises(ProofError, match=what):
                tables.RECOMPUTE[kind](layout, None, asked, parameters | DRAWN)
