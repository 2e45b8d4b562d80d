"""Levels of classes, two values of a slice, sets by group: by hand, and what they refuse."""

import many_classes
import numpy as np
import pytest

from proofolio import evidence, files, metrics, table
from proofolio.contract import RunError, SealError
from proofolio.evidence import tables
from proofolio.project import AskedResult

DRAWN = {"resamples": 100, "level": 0.95, "seed": 4}
WINGS = {"ant": "none", "bee": "four", "wasp": "four"}


@pytest.fixture(scope="module")
def built(tmp_path_factory, few_draws):
    """Three classes, one slice that is a level of them, one that is not; sealed."""
    layout, author = many_classes.finish(tmp_path_factory.mktemp("groups") / "p", opened=False)
    frame = table.read_examples(layout)
    files.write_parquet(layout.examples, frame.assign(slice_wings=frame["label"].map(WINGS)))
    return layout, author


@pytest.fixture
def edited(built):
    """Edit the examples for one test."""
    layout, _ = built
    sound = layout.examples.read_bytes()
    yield lambda edit: files.write_parquet(layout.examples, edit(table.read_examples(layout)))
    layout.examples.write_bytes(sound)


def runs(layout, config="good"):
    return sorted(r.id for r in evidence.runs(layout) if r.name == config)


def write(layout, kind, part="val", **parameters):
    inputs = {"part": part, "runs": runs(layout)[:1]}
    if kind == "slice_difference":
        inputs |= {"runs": runs(layout), "config": "good", "metric": "accuracy"}
    return tables.RECOMPUTE[kind](layout, None, inputs, parameters | DRAWN)


def joined(layout, run_id, part="val"):
    """Rows of a part by pandas alone, with the class decided and calibrated p (n, 3)."""
    run = evidence.run(layout, run_id)
    stored = evidence.predictions(layout, run)
    rows = stored[stored["part"] == part].merge(table.read_examples(layout), on="id")
    rows = rows.sort_values("id", ignore_index=True)
    p = rows[[f"p_{c}" for c in run.classes]].to_numpy(np.float64)
    p = p ** (1 / run.calibration.temperature)
    p /= p.sum(axis=1, keepdims=True)
    return rows.assign(decided=np.array(run.classes)[p.argmax(axis=1)]), p


def divided(above, below):
    """The share in each draw; NaN where a draw holds nothing to divide by."""
    return np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)


def weights(rows):
    return np.concatenate(list(metrics.resample_weights(rows["cluster"], 100, 4))).astype(float)


def test_a_hierarchy_counts_groups_and_what_chance_would_keep_near(built):
    layout, _ = built
    found = write(layout, "hierarchy", levels=["wings"])
    rows, _ = joined(layout, found.inputs["runs"][0])
    wrong = rows[rows["label"] != rows["decided"]]
    sizes = rows["label"].value_counts()
    right = rows["label"].map(WINGS) == rows["decided"].map(WINGS)
    by_class, wings = found.table
    assert (by_class["by"], by_class["values"], by_class["mistakes"]) == ("class", 3, len(wrong))
    assert by_class["accuracy"] == pytest.approx(1 - len(wrong) / len(rows))
    assert by_class["within"] == by_class["within_by_chance"] == 0
    assert (wings["by"], wings["values"], wings["n"]) == ("wings", 2, len(rows))
    assert wings["accuracy"] == pytest.approx(right.mean())
    assert wings["mistakes"] == (~right).sum()
    near = right[wrong.index].mean()
    by_hand = {  # the other class of the group, among both others
        "ant": 0.0,
        "bee": sizes["wasp"] / (sizes["wasp"] + sizes["ant"]),
        "wasp": sizes["bee"] / (sizes["bee"] + sizes["ant"]),
    }
    chance = wrong["label"].map(by_hand).mean()
    assert wings["within"] == pytest.approx(near) and 0 < near < 1
    assert wings["within_by_chance"] == pytest.approx(chance)
    assert wings["within_less_chance"] == pytest.approx(near - chance)
    excess = (right - rows["label"].map(by_hand)).where(rows["label"] != rows["decided"], 0)
    drawn = weights(rows)
    of_draws = divided(drawn @ excess, drawn @ (rows["label"] != rows["decided"]))
    ends = tuple(np.nanquantile(of_draws, [0.025, 0.975]))
    known = wings["within_less_chance_ci_low"], wings["within_less_chance_ci_high"]
    assert known == pytest.approx(ends, abs=1e-9)
    assert (found.n, found.n_units) == (len(rows), rows["unit"].nunique())


def test_a_difference_by_slice_weighs_both_sides_by_the_same_draws(built):
    layout, _ = built
    found = write(layout, "slice_difference", slice="site", value="north", versus_value="south")
    data = [joined(layout, run_id)[0] for run_id in runs(layout)]
    north = (data[0]["slice_site"] == "north").to_numpy()
    drawn, right = weights(data[0]), [r["label"] == r["decided"] for r in data]
    sides = []
    for side in (north, ~north):
        values = [divided(drawn @ (hit & side), drawn @ side) for hit in right]
        sides.append((np.mean([hit[side].mean() for hit in right]), np.mean(values, axis=0)))
    assert found.value == pytest.approx(sides[0][0] - sides[1][0])
    ends = tuple(np.nanquantile(sides[0][1] - sides[1][1], [0.025, 0.975]))
    assert (found.ci_low, found.ci_high) == pytest.approx(ends, abs=1e-9)
    assert found.method == "joint_cluster_bootstrap_percentile"
    assert [row["slice"] for row in found.table] == ["site=north", "site=south"]
    for row, (value, draws), side in zip(found.table, sides, (north, ~north), strict=True):
        assert row["value"] == pytest.approx(value) and row["n"] == side.sum()
        ends = tuple(np.nanquantile(draws, [0.025, 0.975]))
        assert (row["value_ci_low"], row["value_ci_high"]) == pytest.approx(ends, abs=1e-9)
    rest = write(layout, "slice_difference", slice="site", value="north")
    assert (rest.value, rest.ci_low) == (found.value, found.ci_low)
    assert rest.table[1]["slice"] == "all the other rows"


def test_a_cluster_on_both_sides_moves_both(edited, built):
    layout, _ = built
    edited(lambda f: f.assign(slice_site=np.where(f["id"].str.endswith("_0"), "north", "south")))
    found = write(layout, "slice_difference", slice="site", value="north")
    data = [joined(layout, run_id)[0] for run_id in runs(layout)]
    north = (data[0]["slice_site"] == "north").to_numpy()
    assert set(data[0]["cluster"][north]) == set(data[0]["cluster"][~north])
    drawn, right = weights(data[0]), [r["label"] == r["decided"] for r in data]
    draws = [
        np.mean([divided(drawn @ (hit & side), drawn @ side) for hit in right], axis=0)
        for side in (north, ~north)
    ]
    ends = tuple(np.nanquantile(draws[0] - draws[1], [0.025, 0.975]))
    assert (found.ci_low, found.ci_high) == pytest.approx(ends, abs=1e-9)


def test_a_side_of_one_cluster_gives_no_interval(edited, built):
    layout, _ = built
    alone = joined(layout, runs(layout)[0])[0]["cluster"].iloc[0]
    edited(lambda f: f.assign(slice_site=np.where(f["cluster"] == alone, "north", "south")))
    found = write(layout, "slice_difference", slice="site", value="north")
    assert found.value is not None and found.ci_low is None
    assert "one" in found.method and "cluster" in found.method
    assert found.table[0]["n_units"] == 1 and found.table[1]["value_ci_low"] is not None


def test_sets_by_slice_take_the_quantile_of_each_class_s_own_group(built):
    layout, _ = built
    found = write(layout, "conformal", by="wings", levels=[0.8])
    (calib, calib_p), (rows, p) = (
        joined(layout, found.inputs["runs"][0], x) for x in ("calib", "val")
    )
    classes = np.array(many_classes.CLASSES)
    wings = np.array([WINGS[c] for c in classes])
    passes = np.empty(p.shape, dtype=bool)
    quantiles = {}
    for group in ("four", "none"):
        own = (calib["label"].map(WINGS) == group).to_numpy()
        truth = (calib["label"].to_numpy()[:, None] == classes).argmax(axis=1)
        scores = np.sort(1 - calib_p[np.arange(len(calib)), truth][own])
        quantiles[group] = scores[-(-(own.sum() + 1) * 8 // 10) - 1]
        passes[:, wings == group] = (1 - p[:, wings == group]) <= quantiles[group] + 1e-8
    held = passes[rows["label"].to_numpy()[:, None] == classes]
    by_group = {row["group"]: row for row in found.table}
    assert list(by_group) == ["all", "four", "none"]
    assert by_group["all"]["coverage"] == pytest.approx(held.mean())
    assert by_group["all"]["quantile"] is None
    for group in ("four", "none"):
        own = (rows["label"].map(WINGS) == group).to_numpy()
        row = by_group[group]
        assert row["quantile"] == pytest.approx(quantiles[group], abs=1e-9)
        assert row["coverage"] == pytest.approx(held[own].mean())
        assert row["mean_size"] == pytest.approx(passes[own].sum(axis=1).mean())
        assert row["n"] == own.sum()
    counts = calib["label"].value_counts()
    assert by_group["four"]["n_calib"] == counts["bee"] + counts["wasp"]
    assert by_group["four"]["n_calib_class"] == min(counts["bee"], counts["wasp"])
    marginal = write(layout, "conformal", by="row", levels=[0.8]).table[0]
    for key in ("coverage", "coverage_ci_low", "coverage_ci_high"):
        assert by_group["all"][f"marginal_{key}"] == pytest.approx(marginal[key])
    assert by_group["all"]["marginal_size"] == pytest.approx(marginal["mean_size"])


def two_values(frame):
    first = frame.index[frame["label"] == "bee"][0]
    return frame.assign(slice_wings=frame["slice_wings"].mask(frame.index == first, "none"))


def no_value(frame):
    first = frame.index[frame["label"] == "bee"][0]
    return frame.assign(slice_wings=frame["slice_wings"].mask(frame.index == first, None))


@pytest.mark.parametrize(
    ("edit", "received"),
    [
        (two_values, "bee: four, none"),
        (no_value, "bee: four, missing"),
        (lambda f: f.assign(slice_wings="some"), "some for every class"),
    ],
)
@pytest.mark.parametrize("kind", ["hierarchy", "conformal"])
def test_a_slice_that_is_no_level_of_the_classes_is_refused(edited, built, kind, edit, received):
    layout, _ = built
    edited(edit)
    asked = {"hierarchy": {"levels": ["wings"]}, "conformal": {"by": "wings", "levels": [0.8]}}
    with pytest.raises(RunError, match="no level of the classes") as refusal:
        write(layout, kind, **asked[kind])
    assert received in str(refusal.value) and "remedy" in str(refusal.value)


SITE = {"slice": "site", "value": "north"}


@pytest.mark.parametrize(
    ("kind", "parameters", "what"),
    [
        ("hierarchy", {}, "levels above the class"),
        ("hierarchy", {"levels": "wings"}, "levels above the class"),
        ("hierarchy", {"levels": ["class"]}, "levels above the class"),
        ("hierarchy", {"levels": ["colour"]}, "no slice 'colour'"),
        ("hierarchy", {"levels": ["wings"], "group": "wings"}, "no such parameters"),
        ("conformal", {"by": "colour", "levels": [0.8]}, "by what"),
        ("slice_difference", {"slice": "colour", "value": "red"}, "no slice 'colour'"),
        ("slice_difference", {"slice": "site"}, "a slice and two values"),
        ("slice_difference", SITE | {"versus_value": "north"}, "a slice and two values"),
        ("slice_difference", SITE | {"versus_value": "east"}, "no row of val"),
        ("slice_difference", {"slice": "site", "value": "east"}, "no row of val"),
        ("slice_difference", SITE | {"versus": "south"}, "no such parameters"),
    ],
)
def test_what_names_no_groups_is_refused_with_a_remedy(built, kind, parameters, what):
    layout, _ = built
    with pytest.raises(RunError, match=what) as refusal:
        write(layout, kind, **parameters)
    assert all(f"{key}:" in str(refusal.value) for key in ("expected", "received", "remedy"))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("hierarchy", {"levels": ["wings"]}),
        ("slice_difference", SITE),
        ("conformal", {"by": "wings", "levels": [0.8]}),
    ],
)
def test_groups_are_sealed_on_test(built, kind, parameters):
    layout, _ = built
    with pytest.raises(SealError, match="was not opened"):
        write(layout, kind, "test", **parameters)


def test_results_about_groups_may_be_asked_for(built):
    layout, author = built
    asked = [
        {"name": "near", "kind": "hierarchy", "parameters": {"levels": ["wings"]}},
        {"name": "sites", "kind": "slice_difference", "parameters": SITE},
        {"name": "sets", "kind": "conformal", "parameters": {"by": "wings"}},
    ]
    author = author.model_copy(update={"results": [AskedResult(config="good", **a) for a in asked]})
    assert {"near", "sites", "sets"} <= set(evidence.summarise(layout, author))
    found = {name: evidence.results.read(layout, name) for name in ("near", "sites", "sets")}
    assert len(found["sites"].inputs["runs"]) == 2 and len(found["near"].inputs["runs"]) == 1
    assert len(found["sets"].table) == 4 * 3
    for result in found.values():
        assert evidence.differences(result, evidence.recompute(layout, result)) == []
