import json
import shutil

import pytest
from verify.proven import edit_json, run_folder

from proofolio import evidence, files, verify
from proofolio.contract import Layout, Result
from proofolio.verify import load, selection


def problems(root):
    return verify.run(root).problems


def rules(root):
    return {problem.rule for problem in problems(root)}


def hashes(root):
    return [problem.what for problem in problems(root) if problem.rule == "hashes"]


def edit_access(root, **changes):
    path = Layout(root).test_access
    entry = json.loads(path.read_text()) | changes
    path.write_text(files.json_line(entry))


def test_a_whole_project_is_in_order_and_says_how_often_test_was_opened(root):
    report = verify.run(root)
    assert report.problems == []
    assert any("opened 1 time" in note and "prior exposure: none" in note for note in report.notes)
    assert any("DEMO DATA" in note for note in report.notes)


def test_test_metrics_without_access(root):
    Layout(root).test_access.unlink()
    found = problems(root)
    assert {p.rule for p in found} == {"5", "claims"}  # the ladder stops showing test as well
    assert any("test was never opened" in p.what for p in found)


def test_test_metrics_of_a_run_that_was_not_selected(root):
    layout = Layout(root)
    names = {c["name"] for c in files.read_json(layout.selection)["candidates"]}
    opened = {r.name for r in evidence.runs(layout) if "test" in r.metrics}
    (name,) = names - opened
    source = files.read_json(run_folder(root) / "run.json")["metrics"]["test"]
    edit_json(run_folder(root, name) / "run.json", lambda run: run["metrics"].update(test=source))
    found = [p for p in problems(root) if p.rule == "5"]
    assert len(found) == 1 and "which the selection does not name" in found[0].what


def test_a_selection_edited_after_the_opening(root):
    edit_json(Layout(root).selection, lambda s: s.update(prior_exposure="none at all"))
    found = problems(root)
    assert [p.rule for p in found] == ["5"]
    assert "not the selection that test was opened for" in found[0].what


def test_a_selection_edited_and_its_hash_forged_contradicts_git(root):
    layout = Layout(root)
    edit_json(layout.selection, lambda s: s.update(prior_exposure="none at all"))
    edit_access(root, selection_sha256=files.sha256_file(layout.selection))
    found = problems(root)
    assert {p.rule for p in found} == {"5"}
    assert any("does not hold the selection" in p.what for p in found)


def test_a_selection_that_is_not_the_best_on_val(root):
    def change(selection):
        worst = next(c for c in selection["candidates"] if c["name"] == "prior")
        selection["choice"].update(name="prior", run=worst["runs"][0])

    edit_json(Layout(root).selection, change)
    assert any("the best on val is" in p.what for p in problems(root))


@pytest.mark.parametrize(("behind", "broken"), [(1e-7, True), (1e-12, False)])
def test_only_values_that_the_choice_would_tie_count_as_ties(root, behind, broken):
    report = verify.Report()
    e = load.load(Layout(root), report)
    listed = {c.name: c for c in e.selection.candidates}
    best, second = listed["good"], listed["good_slow"]
    second.value = best.value - behind
    for mine, other in zip(best.runs, second.runs, strict=True):
        value = e.runs[mine].metrics["val"]["auroc"].value
        e.runs[other].metrics["val"]["auroc"].value = value - behind
    e.selection.choice.name, e.selection.choice.run = second.name, second.runs[0]
    e.selection.choice.ties = [best.name]
    selection.check(e, report)
    assert any("the best on val is good" in p.what for p in report.problems) == broken


def test_a_selection_that_leaves_a_configuration_out(root):
    def change(selection):
        chosen = {selection["choice"]["name"], *selection["fixed_comparisons"]}
        selection["candidates"] = [c for c in selection["candidates"] if c["name"] in chosen]

    edit_json(Layout(root).selection, change)
    assert any("left out" in p.what for p in problems(root))


def test_an_edited_candidate_value(root):
    edit_json(Layout(root).selection, lambda s: s["candidates"][0].update(value=0.7))
    assert any("its runs give" in p.what for p in problems(root))


def test_an_opening_before_the_commit(root):
    edit_access(root, time="2001-01-01T00:00:00Z")
    found = problems(root)
    assert {p.rule for p in found} == {"5"}
    assert any("committed after the opening" in p.what for p in found)


def test_without_git_history_the_order_is_noted_as_not_checkable(root):
    shutil.rmtree(root / ".git")
    report = verify.run(root)
    assert report.problems == []
    assert any("not checkable" in note for note in report.notes)


def test_a_registered_model_must_be_a_recorded_selected_run(root):
    path = Layout(root).registry

    def promote_prior(registry):
        run = run_folder(root, "prior").name
        registry["models"]["champion"].update(run=run, tags=["deploy-ready"], approved_by="me")

    edit_json(path, promote_prior)
    assert "5" in rules(root)
    edit_json(path, lambda registry: registry["models"]["champion"].update(run="nobody"))
    assert "6" in rules(root)


def test_weights_that_differ_from_the_registered(root):
    (root / "weights.bin").write_bytes(b"weights")

    def point(registry):
        registry["models"]["champion"].update(weights="weights.bin", weights_sha256="0" * 64)

    edit_json(Layout(root).registry, point)
    assert rules(root) == {"hashes"}


def test_an_edited_number_in_the_readme(root):
    readme = root / "README.md"
    text = readme.read_text()
    first = text.index("(95% CI ") + len("(95% CI ")
    readme.write_text(text[:first] + "0.999" + text[first + 5 :])
    found = problems(root)
    assert [p.rule for p in found] == ["claims"]
    assert found[0].where == "README.md:3"


def test_a_demo_that_is_not_called_so(root):
    (root / "MODEL_CARD.md").write_text("# A fine model\n")
    assert rules(root) == {"7"}
    (root / "MODEL_CARD.md").write_text("# Demo\n")
    edit_json(Layout(root).contract, lambda contract: contract.update(demo_data=False))
    assert rules(root) == {"7"}


def test_an_export_is_tied_to_its_run_by_a_parity_result(root):
    layout, exported = Layout(root), root / "champion.onnx"
    exported.write_bytes(b"exported")
    sha256 = files.sha256_file(exported)
    known = {"weights": "champion.onnx", "weights_sha256": sha256, "remade_by": "export again"}

    def point(registry):
        champion = registry["models"]["champion"]
        champion.update(known)
        champion["history"][-1].update(known)

    edit_json(layout.registry, point)
    assert any("no parity result compares this file" in line for line in hashes(root))
    run = files.read_json(layout.registry)["models"]["champion"]["run"]
    about = {"runs": [run], "part": "val", "weights_sha256": sha256}
    measured = Result(kind="parity", value=1e-6, method="largest difference", inputs=about,
                      how="export again", hardware="a processor")  # fmt: skip
    evidence.results.write(layout, "export_parity", measured)
    assert not hashes(root)
    edit_json(layout.registry, lambda r: r["models"]["champion"].update(remade_by="another"))
    assert any("last step of its history" in line for line in hashes(root))
