"""Folds beside a published test: the hold-out is that test, and nothing of it turns with them."""

import pandas as pd
import pytest
import strangers
from verify.proven import edit_json

from proofolio import files, project, splits, table, verify
from proofolio.contract import Layout


@pytest.fixture(params=["robustness", "demonstration"])
def folded(runless, request):
    """A project whose primary split keeps a published test, and whose folds keep it too."""
    layout = Layout(runless)
    primary = layout.split("primary")
    parts = splits.read(layout, "primary").set_index("id")["part"]
    edit_json(primary / "split.json", lambda value: value.update(strategy="official"))
    known = table.read_examples(layout)
    known["official"] = known["id"].map(parts.where(parts == "test", "train"))
    asked = {"strategy": "cross_validation", "holdout": "official", "folds": 3, "rationale": "Few."}
    spec = project.SplitSpec(name="cv", purpose=request.param, **asked)
    splits.write(layout, splits.make(known, spec))
    return runless


def plant(root, change):
    """Change the rows of the folds and give them the hash they then have: a careful forger."""
    folder = Layout(root).split("cv")
    parts = pd.read_csv(folder / "parts.csv", dtype=str, keep_default_na=False)
    files.write_text(folder / "parts.csv", change(parts).to_csv(index=False, lineterminator="\n"))
    digest = files.sha256_file(folder / "parts.csv")
    edit_json(folder / "split.json", lambda value: value.update(parts_sha256=digest))
    return verify.run(root).problems


def turned(parts, names):
    """The rows with some of those that stand apart turning with the folds."""
    moved = parts[parts["id"].isin(names)]
    turns = [
        moved.assign(fold=str(k), part="heldout" if k == 0 else "train", note="") for k in range(3)
    ]
    return pd.concat([parts.drop(index=moved.index), *turns])


def test_sound_folds_have_no_problem(folded):
    assert verify.run(folded).problems == []


def test_an_image_of_the_published_test_that_turns_with_the_folds(folded):
    def change(parts):
        return turned(parts, parts.loc[parts["part"] == "test", "id"].head(1))

    found = plant(folded, change)
    assert {p.rule for p in found} == {"1"}
    assert any("not the test of split primary" in p.what for p in found)
    assert any("hold-out stand in its folds" in p.what for p in found)


def test_a_whole_patient_of_the_published_test_that_turns_with_the_folds(folded):
    def change(parts):
        unit = parts.loc[parts["part"] == "test", "id"].iloc[0].split("_")[0]
        return turned(parts, parts.loc[parts["id"].str.startswith(f"{unit}_"), "id"])

    (problem,) = plant(folded, change)
    assert problem.rule == "1" and "not the test of split primary" in problem.what


def test_an_image_held_out_twice(folded):
    def change(parts):
        parts.loc[parts.index[parts["part"] == "train"][0], "part"] = "heldout"
        return parts

    (problem,) = plant(folded, change)
    assert problem.rule == "hashes" and "turn" in problem.what


@pytest.fixture
def of_own_classes(tmp_path):
    """Folds of three classes beside official splits of three, of all four, and without twins."""
    frame = strangers.examples()
    twins = frame.index[frame["official"] == "test"][:3].tolist()
    frame.loc[[twins[0], twins[0] + 4], "cluster"] = "look-alikes"  # one of test, one of train
    layout, _ = strangers.prepared(tmp_path / "tiny", frame)
    asked = {"seed": 0, "rationale": "Few.", "purpose": "robustness"}
    known = {"strategy": "official", "fractions": strangers.SPLIT["fractions"]}
    folds = {"strategy": "cross_validation", "holdout": "official", "folds": 3}
    for name, changes in {
        "all": known,
        "no_twins": known | {"classes": strangers.OWN, "crossing": "both"},
        "cv": folds | {"classes": strangers.OWN},
    }.items():
        spec = project.SplitSpec(name=name, **asked, **changes)
        splits.write(layout, splits.make(frame, spec))
    return layout.root


def test_a_hold_out_lacks_other_classes_and_keeps_twins(of_own_classes):
    layout = Layout(of_own_classes)
    parts = {name: splits.read(layout, name) for name in ("all", "no_twins", "cv")}
    held = {name: set(rows.loc[rows["part"] == "test", "id"]) for name, rows in parts.items()}
    assert held["all"] > held["cv"] > held["no_twins"]
    assert not [p for p in verify.run(of_own_classes).problems if "cv" in p.where]


def test_an_image_of_its_classes_that_turns_is_still_seen(of_own_classes):
    def change(parts):
        return turned(parts, parts.loc[parts["part"] == "test", "id"].tail(1))

    found = [p for p in plant(of_own_classes, change) if "cv" in p.where]
    assert any("not the test of split all" in p.what for p in found)
