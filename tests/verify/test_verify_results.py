"""Forged results of every kind that is recomputed: edited numbers, chosen seeds, hidden leaks."""

import shutil

import pytest
import yaml
from evidence import folded
from verify.proven import edit_json, few_resamples, table_record

from proofolio import claims, evidence, files, project, table, verify
from proofolio.contract import Layout
from proofolio.evidence import tables

DRAWN = {"resamples": 60, "level": 0.95, "seed": 0}


def said(root, rule):
    return [problem.what for problem in verify.run(root).problems if problem.rule == rule]


def better(key, change):
    def edit(result):
        result["table"][0][key] = change(result["table"][0][key])

    return edit


EDITS = (  # of each kind, and where it is seen
    {
        "decision_curve": (better("model", lambda v: v + 0.01), "table.0.model"),
        "risk_coverage": (better("risk", lambda v: v - 1e-5), "table.0.risk"),
        "conformal": (better("coverage", lambda v: v - 0.01), "table.0.coverage"),
        "cost": (better("misses", lambda v: v + 1), "table.0.misses"),
        "threshold_transfer": (
            better("sensitivity", lambda v: v - 0.01),
            "table.0.sensitivity",
        ),
        "mistakes": (better("probability", lambda _: 0.5), "table.0.probability"),
    },
    {
        "decision_curve": (better("model_ci_low", lambda v: v + 0.01), "table.0.model_ci_low"),
        "risk_coverage": (better("n_handed_over", lambda v: v + 1), "table.0.n_handed_over"),
        "conformal": (better("coverage_sick", lambda _: 1.5), "table.0.coverage_sick"),
        "cost": (better("threshold", lambda v: v + 0.01), "table.0.threshold"),
        "threshold_transfer": (
            better("calib_specificity", lambda _: None),
            "table.0.calib_specificity",
        ),
        "mistakes": (lambda result: result["table"].pop(0), "table"),
    },
)


@pytest.mark.parametrize(("edits", "part"), [(EDITS[0], "test"), (EDITS[1], "val")])
def test_an_edited_number_of_any_kind_does_not_follow(root, edits, part):
    for kind, (edit, _) in edits.items():
        edit_json(Layout(root).result(f"{kind}_{part}"), edit)
    found = {problem.where: problem.what for problem in verify.run(root).problems}
    assert found == {
        f"evidence/results/{kind}_{part}.json": f"does not follow from predictions: {where}"
        for kind, (_, where) in edits.items()
    }


def test_a_policy_of_another_run_under_the_same_name(root):
    layout = Layout(root)
    for kind in ("cost", "mistakes", "conformal"):
        result = evidence.results.read(layout, f"{kind}_val")
        result.inputs["runs"] = [r.id for r in evidence.runs(layout) if r.name == "good"][1:]
        evidence.results.write(layout, f"{kind}_val", evidence.recompute(layout, result))
    assert ["not about what its name says" in what for what in said(root, "3")] == [True] * 3


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A project with a drift and a leak comparison, on folds; never changed by a test."""
    root = tmp_path_factory.mktemp("compared") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        few_resamples(patch)
        layout, _ = folded.folded(root)
    table_record(layout)
    ids = {}
    for run in evidence.runs(layout):
        ids.setdefault(run.name, []).append(run.id)

    def write(kind, config, versus, **more):
        inputs = {"config": config, "versus": versus, "part": "val", "metric": "auroc", **more}
        inputs |= {"runs": ids[config], "versus_runs": ids[versus]}
        found = tables.RECOMPUTE[kind](layout, None, inputs, dict(DRAWN))
        evidence.results.write(layout, kind, found)

    write("drift", "good", "good", versus_part="calib")
    write("leak_comparison", "on_images", "on_patients")
    return root


@pytest.fixture
def shifted(compared, tmp_path):
    return shutil.copytree(compared, tmp_path / "tiny")


@pytest.mark.parametrize("kind", ["drift", "leak_comparison"])
def test_an_edited_comparison_does_not_follow(shifted, kind):
    assert verify.run(shifted).problems == []
    path = Layout(shifted).result(kind)
    sound = path.read_bytes()
    for edit, where in (
        (lambda result: result.update(value=0.0), "value"),
        (lambda result: result.update(ci_low=0.01), "ci_low"),
        (better("value_ci_high", lambda v: v + 1e-4), "table.0.value_ci_high"),
        (better("which", lambda v: "another"), "table.0.which"),
    ):
        path.write_bytes(sound)
        edit_json(path, edit)
        (found,) = said(shifted, "3")
        assert found == f"does not follow from predictions: {where}"


@pytest.mark.parametrize("key", ["runs", "versus_runs"])
@pytest.mark.parametrize("kind", ["drift", "leak_comparison"])
def test_a_comparison_over_chosen_seeds(shifted, kind, key):
    layout = Layout(shifted)
    result = evidence.results.read(layout, kind)
    result.inputs[key] = result.inputs[key][:1]
    evidence.results.write(layout, kind, evidence.recompute(layout, result))
    assert ["not on all its runs" in what for what in said(shifted, "3")] == [True]


def test_a_drift_of_a_demonstration_cannot_be_recomputed(shifted):
    layout = Layout(shifted)

    def leaky(result):
        leak = evidence.results.read(layout, "leak_comparison").inputs
        result["inputs"] |= {"config": leak["config"], "runs": leak["runs"]}

    edit_json(layout.result("drift"), leaky)
    assert any("demonstration split says nothing" in what for what in said(shifted, "3"))


def test_a_leak_is_cited_as_the_demonstration_it_is(shifted):
    claim = "adds <!--claim result:leak_comparison value +.3f ci-->?<!--/claim-->."
    for text, problems in (("The leak", 1), ("The leak of the demonstration", 0)):
        (shifted / "README.md").write_text(f"# Tiny demo\n\n{text} {claim}\n")
        claims.write(shifted)
        assert len(said(shifted, "1")) == problems
        assert said(shifted, "claims") == []


GROUPED = {
    "near": ("hierarchy", {"levels": ["kind"]}),
    "sets": ("conformal", {"by": "kind", "levels": [0.8]}),
    "sites": ("slice_difference", {"slice": "site", "value": "north"}),
}


@pytest.fixture(scope="module")
def by_group(compared, tmp_path_factory):
    """The same with results about groups, asked for in project.yaml; never changed by a test."""
    root = tmp_path_factory.mktemp("by_group") / "tiny"
    shutil.copytree(compared, root)
    layout = Layout(root)
    frame = table.read_examples(layout)
    files.write_parquet(layout.examples, frame.assign(slice_kind=frame["label"] + " kind"))
    told = yaml.safe_load(layout.project.read_text())
    told["results"] = [
        {"name": name, "kind": kind, "config": "good", "parameters": parameters | DRAWN}
        for name, (kind, parameters) in GROUPED.items()
    ]
    layout.project.write_text(yaml.safe_dump(told, sort_keys=False))
    planned = evidence.summary.plan(layout, project.load(root))
    for name in GROUPED:
        kind, inputs, parameters = planned[name]
        found = tables.RECOMPUTE[kind](layout, None, inputs, parameters)
        evidence.results.write(layout, name, found)
    return root


@pytest.fixture
def grouped(by_group, tmp_path):
    return shutil.copytree(by_group, tmp_path / "tiny")


@pytest.mark.parametrize(
    ("name", "key"),
    [("near", "within_by_chance"), ("sets", "n_calib_class"), ("sites", "value_ci_low")],
)
def test_an_edited_result_about_groups_does_not_follow(grouped, name, key):
    assert verify.run(grouped).problems == []
    edit_json(Layout(grouped).result(name), better(key, lambda v: v + 1))
    assert said(grouped, "3") == [f"does not follow from predictions: table.0.{key}"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("near", {"levels": ["kind", "site"]}),
        ("sets", {"by": "row"}),
        ("sites", {"value": "south"}),
    ],
)
def test_other_groups_under_the_same_name_are_seen(grouped, name, change):
    layout = Layout(grouped)
    if name == "near":  # a second level of the same values
        frame = table.read_examples(layout)
        files.write_parquet(layout.examples, frame.assign(slice_site=frame["label"]))
        layout.result("sites").unlink()
    result = evidence.results.read(layout, name)
    result.parameters.update(change)
    evidence.results.write(layout, name, evidence.recompute(layout, result))
    assert ["not about what its name says" in what for what in said(grouped, "3")] == [True]


def test_a_level_that_is_none_any_more_cannot_be_recomputed(grouped):
    layout = Layout(grouped)
    frame = table.read_examples(layout)
    files.write_parquet(layout.examples, frame.assign(slice_kind=frame["slice_site"]))
    assert any("no level of the classes" in what for what in said(grouped, "3"))


@pytest.mark.parametrize("side", ["part", "versus_part"])
def test_a_comparison_with_test_before_it_was_opened(shifted, side):
    edit_json(Layout(shifted).result("drift"), lambda v: v["inputs"].update({side: "test"}))
    assert said(shifted, "5") == ["it shows test, test was never opened"]
