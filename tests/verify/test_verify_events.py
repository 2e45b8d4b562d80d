"""Verification of events: a sound project passes, and each planted fault is found and named."""

import shutil

import event_project
import pandas as pd
import pytest

from proofolio import evidence, files, stages, table, verify
from proofolio.contract import Layout, RunError
from proofolio.splits import prequential
from proofolio.splits.text import parts_text


@pytest.fixture
def sound(tmp_path):
    """A copy of a finished project of events whose test set was opened."""
    return Layout(shutil.copytree(event_project.shared(opened=True), tmp_path / "project"))


def problems(layout, rule):
    return [p.what for p in verify.run(layout.root).problems if p.rule == rule]


def resealed(layout, *, parts=None, removed=None, examples=None):
    """Write changed tables of the split and put their hashes where they belong."""
    info = files.read_json(layout.split("primary") / "split.json")
    for name, frame in (("parts", parts), ("removed", removed)):
        if frame is not None:
            path = layout.split("primary") / f"{name}.csv"
            files.write_text(path, parts_text(frame))
            info[f"{name}_sha256"] = files.sha256_file(path)
    if examples is not None:
        kept = prequential.examples_of(examples)
        files.write_parquet(layout.examples, kept)
        info["scored_sha256"] = table.content_sha256(kept)
    files.write_json(layout.split("primary") / "split.json", info)


def windows(layout):
    return pd.read_csv(layout.split("primary") / "parts.csv")


def test_a_sound_project_passes(sound):
    report = verify.run(sound.root)
    assert not report.problems
    assert any("not checkable without the data" in note for note in report.notes)
    results = {p.stem for p in sound.results.glob("*.json")}
    assert {"budget_val", "budget_test", "cost_test", "slice_table_test"} <= results
    assert {
        f"{kind}_{part}" for kind in ("ceiling", "detection_delay") for part in ("val", "test")
    } <= results


def test_a_test_window_before_training_is_found(sound):
    parts = windows(sound)
    last = parts.index[(parts["fold"] == 3) & (parts["part"] == "score")]
    parts.loc[last, ["start", "end"]] = ["2018-04-13", "2018-04-16"]
    resealed(sound, parts=parts)
    found = problems(sound, "1")
    assert any("fold 3 scores or waits before its training is over" in what for what in found)
    assert any("do not follow from the settings" in what for what in found)


def test_a_shorter_delay_and_a_validation_after_the_test_are_found(sound):
    info = files.read_json(sound.split("primary") / "split.json")
    info["windows"]["delay_days"] = 3
    files.write_json(sound.split("primary") / "split.json", info)
    assert any("waits less than the delay of 3" in what for what in problems(sound, "1"))
    parts = windows(sound)
    parts["role"] = ["test"] * 6 + ["validation"] * 6
    resealed(sound, parts=parts)
    assert any("scored after the first tested day" in what for what in problems(sound, "1"))


def test_the_order_of_folds_is_checked(sound):
    parts = windows(sound)
    parts["fold"] = parts["fold"].map({0: 1, 1: 0, 2: 2, 3: 3})
    resealed(sound, parts=parts.sort_values("fold", kind="stable"))
    assert any("not in the order of time" in what for what in problems(sound, "1"))


def test_a_unit_left_out_by_a_label_of_later_is_found(sound):
    removed = pd.read_csv(sound.removed("primary"))
    unit = removed.loc[removed["fold"] == 3, "unit"].iloc[0]
    extra = pd.DataFrame({"fold": [2], "unit": [unit], "known_since": ["2018-04-25"]})
    resealed(sound, removed=pd.concat([removed, extra]))
    assert any("from a day it never scores" in what for what in problems(sound, "1"))


def test_a_known_unit_that_is_scored_is_found(sound):
    """A card with a scored fraud of an earlier fold has to be left out of the next one."""
    removed = pd.read_csv(sound.removed("primary"))
    examples = table.read_examples(sound)
    fraud = examples[(examples["label"] == "fraud") & (examples["day"] == "2018-04-15")]
    gone = removed["unit"].isin(fraud["unit"]) & (removed["fold"] == 3)
    assert gone.any()
    resealed(sound, removed=removed[~gone])
    assert any("known as compromised are scored: fold 3" in w for w in problems(sound, "1"))


def test_a_scored_row_of_a_unit_that_is_left_out_is_found(sound):
    removed = pd.read_csv(sound.removed("primary"))
    examples = table.read_examples(sound)
    unit = removed.loc[removed["fold"] == 3, "unit"].iloc[0]
    row = examples.iloc[-1:].assign(id="t99999", unit=unit, cluster=unit)
    resealed(sound, examples=pd.concat([examples, row]))
    assert any(
        "stand in no scored window, or are left out: t99999" in w for w in problems(sound, "1")
    )


def test_an_event_of_the_future_is_found(sound):
    examples = table.read_examples(sound)
    examples.loc[examples.index[-1], "time"] = pd.Timestamp("2190-01-01")
    resealed(sound, examples=examples)
    assert any("events happen after" in what for what in problems(sound, "1"))


def test_a_changed_event_and_a_changed_count_are_found(sound):
    examples = table.read_examples(sound)
    examples.loc[3, "amount"] += 1
    files.write_parquet(sound.examples, prequential.examples_of(examples))
    assert any("scored_sha256" in what for what in problems(sound, "hashes"))
    parts = windows(sound)
    parts.loc[2, "n_positive"] += 1
    resealed(sound, parts=parts)
    assert any("n_positive of fold 0" in what for what in problems(sound, "hashes"))


def forged(layout, change):
    """Change the predictions of the chosen run, and the hash that vouches for them."""
    run = next(r for r in evidence.runs(layout) if r.name == "boosting" and r.seed == 0)
    path = layout.run(run.id) / "predictions.parquet"
    files.write_parquet(path, change(pd.read_parquet(path)))
    run.predictions_sha256 = files.sha256_file(path)
    files.write_json(layout.run(run.id) / "run.json", run.model_dump())


def test_a_changed_prediction_and_a_swapped_fold_are_found(sound):
    def better(stored):
        stored.loc[stored.index[0], "p_fraud"] = 0.999
        return stored

    forged(sound, better)
    assert any("is recorded as" in what for what in problems(sound, "3"))

    def swapped(stored):
        return stored.assign(fold=stored["fold"].map({0: 1, 1: 0, 2: 2, 3: 3}))

    forged(sound, swapped)
    assert any("are not scored" in what for what in problems(sound, "2"))


def test_events_fit_on_val_and_nothing_on_test(tmp_path):
    layout, author = event_project.prepared(tmp_path / "project")
    recorder = evidence.Recorder(layout, author, "rules", 0, ["x"])
    with pytest.raises(RunError, match="threshold may not be fitted on test"), recorder as run:
        run.fit("threshold", "test")
    examples = table.read_examples(layout)
    with evidence.Recorder(layout, author, "rules", 0, ["x"]) as run:
        made = event_project.predictions(run.parts, examples, skill=0.5, seed=0)
        with pytest.raises(RunError, match="are not scored"):
            run.finish(made.iloc[1:], None)
        record = run.finish(made, None)
    assert record.calibration.fitted_on == record.decision.fitted_on == "val"
    assert record.decision.rule == "budget 8" and set(record.metrics) == {"val"}
    flagged = made[(made["part"] == "val")]["p_fraud"].nlargest(8 * 6)
    assert len(flagged) == 48 and {"card_precision_at_100", "ece"} <= set(record.metrics["val"])


def test_a_difference_on_some_rows_says_where_a_configuration_is_ahead(sound):
    by_name = {}
    for run in evidence.runs(sound):
        by_name.setdefault(run.name, []).append(run.id)
    inputs = {"config": "boosting", "runs": by_name["boosting"], "part": "val"}
    inputs |= {"versus": "rules", "versus_runs": by_name["rules"], "metric": "auroc"}
    drawn = {"resamples": 50, "level": 0.95, "seed": 0}
    asked = drawn | {"slice": "scenario", "value": ["0", "2"]}
    compute = evidence.RECOMPUTE["paired_difference"]
    found, whole = (compute(sound, None, inputs, p) for p in (asked, drawn))
    assert found.n < whole.n and found.value > 0
    with pytest.raises(RunError, match="no scored row has scenario 9"):
        compute(sound, None, inputs, asked | {"value": "9"})


def compared(layout, kind, **parameters):
    """Compute a result that sets boosting beside the rules on val."""
    by_name = {}
    for run in evidence.runs(layout):
        by_name.setdefault(run.name, []).append(run.id)
    inputs = {"config": "boosting", "runs": by_name["boosting"], "part": "val"}
    inputs |= {"versus": "rules", "versus_runs": by_name["rules"], "metric": "average_precision"}
    parameters = {"resamples": 50, "level": 0.95, "seed": 0} | parameters
    return evidence.RECOMPUTE[kind](layout, None, inputs, parameters)


def test_differences_by_slice_are_the_paired_differences_of_their_rows(sound):
    found = compared(sound, "difference_by_slice")
    assert [row["slice"] for row in found.table] == ["all", "scenario=1", "scenario=2"]
    assert [row["against"] for row in found.table] == ["rows of the slice"] + [
        "all negative rows"
    ] * 2
    whole = compared(sound, "paired_difference")
    some = compared(sound, "paired_difference", slice="scenario", value=["0", "2"])
    for row, alone in ((found.table[0], whole), (found.table[2], some)):
        assert (row["difference"], row["n"], row["n_units"]) == (
            alone.value,
            alone.n,
            alone.n_units,
        )
        assert (row["difference_ci_low"], row["difference_ci_high"]) == (
            alone.ci_low,
            alone.ci_high,
        )
        assert row["config"] - row["versus"] == pytest.approx(row["difference"])
    assert (found.value, found.ci_low) == (whole.value, whole.ci_low)
    assert sum(row["share_of_positives"] for row in found.table[1:]) == pytest.approx(1)
    with pytest.raises(RunError, match="no slice 'colour'"):
        compared(sound, "difference_by_slice", slices=["colour"])


def standing(layout, name):
    return files.read_json(layout.results / f"{name}.json")


def test_a_ceiling_holds_the_value_of_the_configuration_and_of_its_folds(sound):
    ceiling, mean = standing(sound, "ceiling_val"), standing(sound, "seed_mean_boosting_val")
    whole, *folds = ceiling["table"]
    row = next(r for r in mean["table"] if r["metric"] == "card_precision_at_100")
    assert (whole["value"], whole["value_ci_low"]) == (row["value"], row["ci_low"])
    assert [fold["slice"] for fold in folds] == ["fold=0", "fold=1"]
    assert sum(fold["ceiling"] for fold in folds) / 2 == pytest.approx(whole["ceiling"])
    examples = table.read_examples(sound)
    own = folds[1]
    begins, ends = own["days"].split(" to ")
    scored = examples[examples["day"].between(begins, ends) & (examples["label"] == "fraud")]
    cards = scored["unit"].nunique()
    assert own["n_positive_units"] == cards and own["ceiling"] == pytest.approx(cards / 3 / 100)
    assert ceiling["value"] == pytest.approx(whole["value"] / whole["ceiling"])


def test_delays_are_told_by_entity_and_by_the_frauds_asked_for(sound):
    found = standing(sound, "detection_delay_val")
    assert [(r["entity"], r["budget"]) for r in found["table"]] == [("unit", 8), ("unit2", 8)]
    assert found["value"] == found["table"][0]["alerted"] and "entities" not in found["parameters"]
    entities = {"terminal": {"column": "unit2", "slice": "scenario", "value": 2}}
    asked = found["parameters"] | {"entities": entities, "budgets": [8, 10_000]}
    compute = evidence.RECOMPUTE["detection_delay"]
    few, all_alerted = compute(sound, None, found["inputs"], asked).table
    assert few["n"] < found["table"][1]["n"] and 0 < few["alerted"] < 1
    assert (all_alerted["alerted"], all_alerted["hours_p90"]) == (1, 0)
    for wrong in ({"x": {"column": "amount"}}, {"x": {"column": "unit", "slice": "scenario"}}):
        with pytest.raises(RunError, match="delay of detection cannot be computed"):
            compute(sound, None, found["inputs"], asked | {"entities": wrong})
    both = {"b": {"column": "unit"}, "a": {"column": "unit2"}}  # as stored, keys are sorted
    rows = compute(sound, None, found["inputs"], asked | {"entities": both, "budgets": [8]}).table
    assert [row["entity"] for row in rows] == ["a", "b"]
    entities["terminal"]["value"] = "9"
    with pytest.raises(RunError, match="none of terminal"):
        compute(sound, None, found["inputs"], asked)


@pytest.mark.parametrize("name", ["ceiling_val", "ceiling_test", "detection_delay_test", "where"])
def test_a_changed_number_of_events_is_found(sound, name):
    path = sound.results / f"{name}.json"
    if name == "where":
        files.write_json(path, compared(sound, "difference_by_slice").model_dump())
        assert not verify.run(sound.root).problems
    recorded = files.read_json(path)
    column = {"where": "versus", "detection_delay_test": "missed_before"}.get(name, "ceiling")
    recorded["table"][1][column] += 0.001
    files.write_json(path, recorded)
    assert any(f"table.1.{column}" in what for what in problems(sound, "3"))


def test_slices_of_older_results_still_follow(sound):
    recorded = standing(sound, "slice_table_val")
    positives = [row["n_positive"] for row in recorded["table"] if "scenario" in row["slice"]]
    assert positives[0] == 0 and sum(positives) == recorded["table"][0]["n_positive"]
    del recorded["parameters"]["positives"]
    for row in recorded["table"]:
        del row["n_positive"], row["share_of_positives"]
    files.write_json(sound.results / "slice_table_val.json", recorded)
    assert not verify.run(sound.root).problems


@pytest.mark.parametrize("opened", [False, True])
def test_cards_pages_and_figures_are_written(tmp_path, opened):
    layout = Layout(shutil.copytree(event_project.shared(opened=opened), tmp_path / "project"))
    stages.cards(layout.root)
    stages.pages(layout.root, tmp_path / "result")
    assert {"folds", "ladder", "pr_val", "reliability_val"} <= {
        p.stem for p in layout.figures.glob("*.svg")
    }
    card = layout.model_card.read_text()
    assert "folds chose and 2 later ones test" in card
    assert "What is there to reach" in card and "How soon is fraud met" in card
    page = "".join(path.read_text() for path in (tmp_path / "result").rglob("*.md"))
    assert "share of the ceiling" in page and "share alerted at the first fraud" in page
    assert "pools the events of all folds" in page
    report = verify.run(layout.root)
    assert not report.problems and not any("not bound" in note for note in report.notes)


def test_a_project_mixes_no_kinds(tmp_path):
    from proofolio.project import Project

    with pytest.raises(ValueError, match="needs strategy prequential"):
        split = {"strategy": "patient", "rationale": "x"}
        Project.model_validate(event_project.project_dict(splits=[split]))
    with pytest.raises(ValueError, match="has no strategy prequential"):
        Project.model_validate(event_project.project_dict(kind="image"))
