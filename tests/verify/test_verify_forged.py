"""Forgeries with every hash repaired: what the rest of the record, or git, still tells."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from verify.proven import edit_json, edit_log, rehash_split, rehash_table, relink, run_folder

from proofolio import claims, evidence, files, scoring, table, verify
from proofolio.contract import Layout
from proofolio.evidence import git


def problems(root):
    return verify.run(root).problems


def said(root, rule):
    return [problem.what for problem in problems(root) if problem.rule == rule]


def rewrite(folder, stored):
    """Store other predictions under a run and give it their hash."""
    files.write_parquet(folder / "predictions.parquet", stored)
    digest = files.sha256_file(folder / "predictions.parquet")
    edit_json(folder / "run.json", lambda run: run.update(predictions_sha256=digest))


def rescore(root, names=("prior", "good", "good_slow"), *, decide=None):
    """Recompute every number of runs and results from what now stands there, as a forger would."""
    layout = Layout(root)
    examples = table.read_examples(layout)
    for run in evidence.runs(layout):
        if run.name in names:
            stored = pd.read_parquet(layout.run(run.id) / "predictions.parquet")
            if decide is not None:
                decide(run)
            for part in run.metrics:
                run.metrics[part] = scoring.score_run(run, stored, examples, part, resamples=60)
            evidence.store.write(layout, run)
    for path in layout.results.glob("*.json"):
        result = evidence.results.read(layout, path.stem)
        evidence.results.write(layout, path.stem, evidence.recompute(layout, result))
    claims.write(root)


def commit(root):
    git.commit(Layout(root), [Layout(root).evidence], "As if nothing had happened")


def forge_selection(root, change):
    """Change the selection and the hash that its opening names; without git to contradict."""
    layout = Layout(root)
    shutil.rmtree(root / ".git")
    edit_json(layout.selection, change)
    entry = json.loads(layout.test_access.read_text())
    entry["selection_sha256"] = files.sha256_file(layout.selection)
    layout.test_access.write_text(files.json_line(entry))


def swap_labels(root):
    layout = Layout(root)
    examples = pd.read_parquet(layout.examples)
    units = examples.groupby("label")["unit"].first()
    for label, other in (("healthy", "sick"), ("sick", "healthy")):
        examples.loc[examples["unit"] == units[label], "label"] = other
    files.write_parquet(layout.examples, examples)
    rehash_table(root)


def drop_a_patient_from_test(root):
    layout = Layout(root)
    path = layout.split("primary") / "parts.csv"
    parts = pd.read_csv(path, dtype=str, keep_default_na=False)
    unit = parts.loc[parts["part"] == "test", "id"].iloc[0].split("_")[0]
    parts.loc[parts["id"].str.startswith(unit), "part"] = "excluded"
    files.write_text(path, parts.to_csv(index=False, lineterminator="\n"))
    rehash_split(root)
    for folder in layout.runs.glob("*"):
        stored = pd.read_parquet(folder / "predictions.parquet")
        rewrite(folder, stored[~stored["id"].str.startswith(unit)])


def better_on_test(root):
    labels = table.read_examples(Layout(root)).set_index("id")["label"]
    for seed in (0, 1):
        folder = run_folder(root, "good", seed)
        stored = pd.read_parquet(folder / "predictions.parquet")
        test = stored["part"] == "test"
        told = np.where(stored["id"].map(labels) == "sick", 0.95, 0.05)
        rewrite(folder, stored.assign(p_sick=stored["p_sick"].mask(test, told).astype("float32")))


@pytest.mark.parametrize(
    ("forge", "key"),
    [
        (swap_labels, "membership_sha256"),
        (drop_a_patient_from_test, "parts_sha256"),
        (better_on_test, "predictions_sha256"),
    ],
)
def test_what_test_was_opened_for_is_held_against_a_forgery_that_repairs_all(root, forge, key):
    forge(root)
    rescore(root)
    commit(root)
    assert {p.rule for p in problems(root)} == {"5"}
    assert any(key in what and "since test was opened" in what for what in said(root, "5"))


def test_a_learning_curve_or_a_demo_flag_changed_after_the_opening(root):
    run = run_folder(root)
    (run / "history.csv").write_text("epoch\n")
    assert ["history.csv was changed" in what for what in said(root, "5")] == [True]
    (run / "history.csv").unlink()
    assert ["history.csv was changed" in what for what in said(root, "5")] == [True]
    text = (root / "project.yaml").read_text().replace("demo_data: true", "demo_data: false")
    (root / "project.yaml").write_text(text)
    edit_json(Layout(root).contract, lambda contract: contract.update(demo_data=False))
    assert ["demo_data was changed" in what for what in said(root, "7")] == [True]


def test_a_conclusion_may_be_written_after_the_opening(root):
    edit_json(run_folder(root) / "run.json", lambda run: run.update(conclusion="It helped."))
    assert problems(root) == []


def fail_a_run(root):
    """Record a failed attempt beside a finished run; return its folder."""
    layout, source = Layout(root), run_folder(root, "good_slow", 1)
    folder = layout.run(source.name + "-2")
    shutil.copytree(source, folder)
    (folder / "predictions.parquet").unlink()
    outcome = {"status": "failed", "error": "out of memory", "predictions": "not kept"}
    outcome |= {"predictions_sha256": None, "metrics": {}}
    edit_json(folder / "run.json", lambda run: run.update(id=folder.name, **outcome))
    run = evidence.run(layout, folder.name)
    for status in ("started", "failed"):
        evidence.log.append(layout, evidence.store.line(run, status, run.finished))
    return folder


def test_a_failed_run_removed_and_the_removal_committed(root):
    folder = fail_a_run(root)
    commit(root)
    assert problems(root) == []
    shutil.rmtree(folder)
    edit_log(root, lambda lines: relink([x for x in lines if folder.name not in x]))
    commit(root)
    assert {p.rule for p in problems(root)} == {"6"}
    assert any("committed are gone" in what for what in said(root, "6"))


def test_a_log_begun_anew_on_another_table_is_noted(root):
    layout = Layout(root)
    folder = fail_a_run(root)
    commit(root)
    shutil.rmtree(folder)
    edit_log(root, lambda lines: relink([x for x in lines if folder.name not in x]))
    edit_json(layout.dataset, lambda dataset: dataset.update(citation="Another."))
    assert any("committed are gone" in what for what in said(root, "6"))
    edit_json(layout.dataset, lambda dataset: dataset.update(content_sha256="0" * 64))
    report = verify.run(root)
    assert "6" not in {p.rule for p in report.problems}
    assert any("begun anew on another table" in note for note in report.notes)


@pytest.mark.parametrize("left", [["first"], ["first, said otherwise", "second"], []])
def test_openings_that_were_committed_stay(root, left):
    path = Layout(root).test_access
    first = json.loads(path.read_text()) | {"reason": "first"}
    shutil.rmtree(root / ".git")
    git.init(Layout(root))
    for count in (1, 2):
        lines = [first, first | {"reason": "second"}][:count]
        path.write_text("".join(map(files.json_line, lines)))
        commit(root)
    assert not any("committed are gone" in what for what in said(root, "5"))
    path.write_text("".join(files.json_line(first | {"reason": reason}) for reason in left))
    if not left:
        path.unlink()
    assert any("committed are gone" in what for what in said(root, "5"))
    commit(root)
    assert any("committed are gone" in what for what in said(root, "5"))


def drop_a_seed(selection):
    slow = next(c for c in selection["candidates"] if c["name"] == "good_slow")
    slow["runs"] = slow["runs"][:1]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (drop_a_seed, "runs of good_slow are left out"),
        (lambda s: s.update(fixed_comparisons=[]), "best of its rung or declared: prior"),
        (lambda s: s.update(criterion="our judgement"), "project.yaml asks for"),
        (lambda s: s.update(criterion="highest mean val f1 over seeds"), "project.yaml asks for"),
        (lambda s: s.update(criterion="lowest mean val auroc over seeds"), "prefers the worse"),
    ],
)
def test_a_selection_over_less_or_by_another_criterion(root, change, what):
    forge_selection(root, change)
    assert any(what in found for found in said(root, "5"))


def test_a_selection_without_a_declared_seed(root):
    text = (root / "project.yaml").read_text()
    (root / "project.yaml").write_text(text.replace("seeds:\n- 0\n- 1", "seeds:\n- 0\n- 1\n- 2"))
    assert said(root, "4") == [
        f"{name} was chosen from without its declared seeds [2]" for name in ("good", "good_slow")
    ]


@pytest.mark.parametrize("part", ["val", "calib"])
def test_metrics_left_out(unopened, part):
    path = run_folder(unopened, "good_slow") / "run.json"
    edit_json(path, lambda run: run["metrics"][part].pop("brier"))
    assert said(unopened, "3") == [f"{part}.brier, which other runs carry, is left out"]
    edit_json(path, lambda run: run["metrics"].pop(part))
    assert said(unopened, "3") == [f"it predicted {part} and carries no metrics of it"]


def test_a_rule_that_nobody_declared_and_a_temperature_without_a_decision(unopened):
    def by_hand(run):
        run.decision.rule, run.decision.threshold = "tuned by hand", 0.31

    layout = Layout(unopened)
    layout.results.mkdir()
    rescore(unopened, ["good"], decide=by_hand)
    assert [w.split(" is none")[0] for w in said(unopened, "5")] == [
        "decision rule 'tuned by hand'"
    ] * 2
    (unopened / "project.yaml").unlink()  # a record of another make may have rules of its own
    report = verify.run(unopened)
    assert report.problems == [] and any("'tuned by hand' is not" in n for n in report.notes)

    def forget(run):
        run["decision"] = None
        run["calibration"]["temperature"] = 0.2

    edit_json(run_folder(unopened) / "run.json", forget)
    assert any("calibration.temperature" in what for what in said(unopened, "3"))


def test_a_finished_run_called_failed(unopened):
    folder = run_folder(unopened, "good_slow", 1)
    edit_json(folder / "run.json", lambda run: run.update(status="failed", error="none"))

    def fail(lines):
        return relink(
            [x.replace('"finished"', '"failed"') if folder.name in x else x for x in lines]
        )

    edit_log(unopened, fail)
    assert said(unopened, "6") == ["it is called failed and carries metrics or predictions"]


def test_predictions_dropped_from_runs_that_are_cited(unopened):
    folder = run_folder(unopened)
    (folder / "predictions.parquet").unlink()
    edit_json(folder / "run.json", lambda run: run.update(predictions="not kept"))
    assert problems(unopened) == []
    (unopened / "README.md").write_text(
        "# Tiny demo\n\nAUROC <!--claim config:good val.auroc .3f-->?<!--/claim-->\n"
    )
    claims.write(unopened)
    assert said(unopened, "3") == ["its predictions are not kept, and a page cites it"]


def test_a_result_over_chosen_seeds_or_under_another_name(root):
    layout = Layout(root)
    whole = evidence.results.read(layout, "seed_mean_good_val")
    path = layout.result("seed_mean_good_val")
    before = path.read_bytes()
    whole.inputs["runs"] = whole.inputs["runs"][:1]
    evidence.results.write(layout, path.stem, evidence.recompute(layout, whole))
    claims.write(root)
    assert ["not on all its runs" in what for what in said(root, "3")] == [True]
    path.write_bytes(before)
    layout.result("seed_mean_prior_val").write_bytes(before)
    claims.write(root)
    assert ["not about what its name says" in what for what in said(root, "3")] == [True]


def show_by_image(root):
    """Record a run and its result on a demonstration split."""
    layout, source = Layout(root), run_folder(root)
    shutil.copytree(layout.split("primary"), layout.split("by_image"))
    known = {"name": "by_image", "purpose": "demonstration"}
    edit_json(layout.split("by_image") / "split.json", lambda info: info.update(known))
    folder = layout.run("by_image-s0-00000000")
    shutil.copytree(source, folder)
    known = {"id": folder.name, "name": "by_image", "rung": "shown", "split": "by_image"}
    edit_json(folder / "run.json", lambda run: run.update(known))
    edit_json(folder / "run.json", lambda run: run["metrics"].pop("test", None))
    run = evidence.run(layout, folder.name)
    for status in ("started", "finished"):
        evidence.log.append(layout, evidence.store.line(run, status, run.finished))
    result = evidence.results.read(layout, "seed_mean_good_val")
    result.inputs |= {"config": "by_image", "runs": [folder.name]}
    evidence.results.write(layout, "seed_mean_by_image_val", evidence.recompute(layout, result))


@pytest.mark.parametrize(
    "claim",
    [
        "Here AUROC is <!--claim result:seed_mean_by_image_val value .3f-->?<!--/claim-->.",
        "How it went\n\n<!--claims seed_mean_by_image_val-->\n<!--/claims-->",
    ],
)
def test_a_result_of_a_demonstration_split_is_not_cited_as_performance(root, claim):
    show_by_image(root)
    assert problems(root) == []
    readme = root / "README.md"
    sound = readme.read_text()
    readme.write_text(f"{sound}\n{claim}\n")
    claims.write(root)
    assert ["cited as performance" in what for what in said(root, "1")] == [True]
    claim = claim.replace("Here", "In the demonstration").replace("it went", "a demonstration went")
    readme.write_text(f"{sound}\n{claim}\n")
    claims.write(root)
    assert problems(root) == []


def test_images_called_events_to_escape_the_checks(root):
    edit_json(Layout(root).contract, lambda contract: contract.update(kind="events"))
    assert any("project.yaml says image" in what for what in said(root, "schema"))
    (root / "project.yaml").unlink()
    assert any("split primary lists images" in what for what in said(root, "schema"))


def test_a_part_of_unknown_name(runless):
    path = Layout(runless).split("primary") / "parts.csv"
    path.write_text(path.read_text().replace(",train,", ",trian,"))
    rehash_split(runless)
    assert said(runless, "schema") == ["unknown parts: trian"]


def test_a_registry_whose_state_no_step_led_to(root):
    path = Layout(root).registry
    sound = files.read_json(path)

    def promote(registry):
        registry["models"]["champion"].update(tags=["deploy-ready"], approved_by="me")

    edit_json(path, promote)
    assert ["last step of its history" in what for what in said(root, "hashes")] == [True]
    other = run_folder(root, "good", 1).name
    champion = sound["models"]["champion"]
    champion["run"] = champion["history"][-1]["run"] = other
    files.write_json(path, sound)
    claims.write(root)
    assert said(root, "5") == ["it is candidate and not the run that was selected"]
