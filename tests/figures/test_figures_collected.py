"""The figures of a whole project: from stored predictions, test only once it was opened."""

import shutil
from functools import lru_cache

import finished_project
import numpy as np
import pandas as pd
import pytest

from proofolio import figures, project
from proofolio.contract import Layout, StaleError
from proofolio.figures import decided

KINDS = ("", "_other")


def names(drawings):
    return {d.name for d in drawings}


@lru_cache
def by_name(opened):
    return {
        d.name: d for d in figures.collect(figures.Facts(*finished_project.shared(opened=opened)))
    }


@pytest.fixture(scope="module")
def opened():
    return by_name(True)


def test_test_is_drawn_only_after_its_opening(opened):
    sealed = by_name(False)
    kinds = ("roc", "pr", "reliability", "confusion", "decision_curve", "risk_coverage")
    assert {f"{k}_test" for k in kinds} <= set(opened)
    assert not any(name.endswith("_test") for name in sealed)
    assert {f"{k}_val" for k in kinds} <= set(sealed)
    assert set(sealed["ladder"].table["part"]) == {"val"}
    assert set(opened["ladder"].table["part"]) == {"val", "test"}


def test_what_carries_over_is_drawn_of_the_choice_and_of_its_best_rival_once_test_is_open(opened):
    names = {f"{kind}{end}" for kind in ("calibration_transfer", "score_shift") for end in KINDS}
    assert names <= set(opened)
    assert not names & set(by_name(False))
    assert "of prior" in opened["calibration_transfer_other"].title
    assert set(opened["score_shift"].table["part"]) == {"calib", "test"}


def test_the_risk_curve_passes_through_the_recorded_policies(opened):
    table = opened["risk_coverage_test"].table
    own = table[table["configuration"] == "good"]
    curve, points = own[~own["interval"]], own[own["interval"]]
    assert len(points)
    for row in points.itertuples():
        near = curve.loc[(curve["coverage"] - row.coverage).abs().idxmin()]
        assert near["coverage"] == pytest.approx(row.coverage)
        assert near["risk"] == pytest.approx(row.risk)
    assert set(table["configuration"]) == {"good", "prior"}


def test_slices_that_do_not_fit_leave_the_figure_and_never_all_of_it():
    def rows(name, n):
        values = [f"{name}{i}" for i in range(n)]
        return pd.DataFrame({"slice": name, "group": values, "probability": 0.5})

    many = pd.concat([rows("", 2), rows("slice_a", 12), rows("slice_b", 6), rows("slice_c", 2)])
    assert set(decided._fitting(many)["slice"]) == {"slice_a", "slice_c"}
    assert set(decided._fitting(pd.concat([rows("", 2), rows("a", 20)]))["slice"]) == {""}


def test_the_confusion_is_the_recorded_one(opened):
    layout, author = finished_project.shared(opened=True)
    recorded = figures.Facts(layout, author).results["confusion_test"].table
    expected = [[row[c] for c in author.classes] for row in recorded]
    drawn = opened["confusion_test"].table.set_index("true").loc[author.classes, author.classes]
    np.testing.assert_array_equal(drawn, expected)


def test_reliability_agrees_with_the_recorded_error(opened):
    layout, author = finished_project.shared(opened=True)
    measured = figures.Facts(layout, author).chosen.metrics["test"]
    table = opened["reliability_test"].table
    for when, name in (("after", "ece"), ("before", "ece_raw")):
        bins = table[table["when"] == when]
        gap = (bins["observed"] - bins["predicted"]).abs()
        error = float((gap * bins["n"]).sum() / bins["n"].sum())
        assert error == pytest.approx(measured[name].value, abs=1e-6)


def test_the_ladder_shows_seed_means_with_their_intervals(opened):
    table = opened["ladder"].table.set_index(["name", "part"])
    facts = figures.Facts(*finished_project.shared(opened=True))
    bound = facts.mean("good", "test")
    row = table.loc[("good", "test")]
    assert (row["value"], row["ci_low"], row["ci_high"]) == (
        bound.value,
        bound.ci_low,
        bound.ci_high,
    )
    assert ("good_slow", "test") not in table.index


@pytest.mark.parametrize("is_open", [False, True])
def test_of_many_configurations_the_best_of_each_rung_have_a_figure_of_their_own(
    is_open, monkeypatch
):
    layout, author = finished_project.shared(opened=is_open)
    assert "ladder_best" not in by_name(is_open)  # three are not many
    monkeypatch.setitem(figures.collect.__globals__, "MANY", 2)
    facts = figures.Facts(layout, author)
    drawn = {d.name: d for d in figures.collect(facts)}
    assert set(drawn["ladder"].table["name"]) == {"prior", "good", "good_slow"}
    assert set(drawn["ladder_best"].table["name"]) == {"prior", "good"}
    assert set(drawn["ladder_best"].table["part"]) == ({"val", "test"} if is_open else {"val"})
    assert "good on" in drawn["ladder_best"].description
    if not is_open:
        compared = author.model_copy(update={"fixed_comparisons": ["good_slow"]})
        again = {d.name: d for d in figures.collect(figures.Facts(layout, compared))}
        assert "good_slow" in set(again["ladder_best"].table["name"])


def test_files_are_written_once_and_stale_ones_go(tmp_path):
    layout, _ = finished_project.shared(opened=False)
    shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    layout = Layout(tmp_path / "copy")
    layout.figures.mkdir(parents=True, exist_ok=True)
    (layout.figures / "roc_test.svg").write_text("old")
    drawn = figures.all_figures(layout, project.load(layout.root))
    written = {p.stem: p.stat().st_mtime_ns for p in layout.figures.glob("*.svg")}
    assert set(written) == names(drawn)
    figures.all_figures(layout, project.load(layout.root))
    assert written == {p.stem: p.stat().st_mtime_ns for p in layout.figures.glob("*.svg")}


def test_edited_predictions_are_not_drawn(tmp_path):
    layout, _ = finished_project.shared(opened=False)
    shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    layout, author = Layout(tmp_path / "copy"), project.load(tmp_path / "copy")
    run = figures.Facts(layout, author).chosen
    path = layout.run(run.id) / "predictions.parquet"
    frame = pd.read_parquet(path)
    frame.loc[0, "p_sick"] = 0.5
    frame.to_parquet(path)
    with pytest.raises(StaleError):
        figures.all_figures(layout, author)
