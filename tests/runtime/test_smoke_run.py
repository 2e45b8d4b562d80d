"""The smoke run: small, the same everywhere, and never with a unit of the real test part."""

import builders
import event_project
import pandas as pd
import yaml

from proofolio import project, splits, table
from proofolio.contract import Layout
from proofolio_torch import smoke


def frame_of(units=40):
    rows = builders.example_frame(units=units, per_unit=2)
    return rows[["id", "unit", "label"]].assign(path=rows["id"] + ".png")


def test_published_test_units_stay_out_and_a_made_up_test_takes_their_place(tmp_path):
    author = project.load(builders.write_project(tmp_path, quick={"units": 20}))
    frame = frame_of()
    published = frame["unit"].isin(sorted(frame["unit"].unique())[:10])
    frame["official"] = published.map({True: "test", False: "train"})
    few = smoke.some_units(frame, author, tmp_path)
    assert few["unit"].nunique() == 20
    assert not set(few["unit"]) & set(frame.loc[published, "unit"])
    assert few.groupby("official")["label"].nunique().to_dict() == {"test": 2, "train": 2}
    assert (few.groupby("unit")["official"].nunique() == 1).all()


def test_units_of_the_recorded_test_part_stay_out(tmp_path):
    author = project.load(builders.write_project(tmp_path))
    frame = builders.image_frame(tmp_path / "data" / "raw", units=30, per_unit=1)
    layout = Layout(tmp_path)
    splits.write(layout, splits.make(table.prepare(frame, layout, author), author.primary_split))
    parts = splits.read(layout, "primary")
    sealed = set(frame.loc[frame["id"].isin(parts.loc[parts["part"] == "test", "id"]), "unit"])
    few = smoke.some_units(frame, author, tmp_path)
    assert sealed and not sealed & set(few["unit"])


def test_row_order_does_not_matter(tmp_path):
    author = project.load(builders.write_project(tmp_path))
    frame = frame_of()
    shuffled = frame.sample(frac=1, random_state=1)
    few = [smoke.some_units(f, author, tmp_path).sort_values("id") for f in (frame, shuffled)]
    pd.testing.assert_frame_equal(few[0].reset_index(drop=True), few[1].reset_index(drop=True))


def test_overrides_shorten_and_drop_what_no_longer_differs(tmp_path):
    root = builders.write_project(tmp_path, quick={"units": 8, "overrides": {"optim.lr": 0.5}})
    quick = project.load(smoke.project_root(root))
    assert [e.name for e in quick.ladder] == ["prior", "good"]
    assert quick.config("good")["optim"]["lr"] == 0.5 and quick.seeds == [0]
    assert project.load(root).config("good")["optim"]["lr"] == 0.1


def test_a_smoke_run_can_begin_anew_and_touches_nothing_else(tmp_path):
    root = builders.write_project(tmp_path)
    quick = smoke.project_root(root)
    (quick / "evidence").mkdir()
    (quick / "evidence" / "old.json").write_text("{}")
    (root / "work" / "kept").mkdir()
    assert smoke.project_root(root) == quick and (quick / "evidence" / "old.json").is_file()
    assert smoke.project_root(root, anew=True) == quick
    assert sorted(p.name for p in (root / "work").iterdir()) == ["kept", "quick"]
    assert [p.name for p in quick.iterdir()] == ["project.yaml"]


def test_a_split_that_names_no_fractions_keeps_those_of_its_strategy(tmp_path):
    split = {"name": "primary", "strategy": "cross_validation", "folds": 3, "rationale": "Few."}
    quick = project.load(smoke.project_root(builders.write_project(tmp_path, splits=[split])))
    made = splits.make(builders.example_frame(), quick.primary_split)
    assert set(made.info.fractions) == {"train", "test"}


def test_what_descends_from_a_dropped_configuration_is_dropped_everywhere(tmp_path):
    ladder = builders.project_dict()["ladder"]
    change = {"rung": "network", "hypothesis": "More.", "parent": "good_slow"}
    ladder += [change | {"name": "good_slow_long", "change": {"optim.epochs": 9}}]
    asked = {"name": "gain", "kind": "paired_difference", "config": "good_slow_long"}
    root = builders.write_project(
        tmp_path,
        ladder=ladder,
        fixed_comparisons=["good", "good_slow_long"],
        results=[asked | {"versus": "good"}],
        quick={"units": 8, "overrides": {"optim.lr": 0.5}},
    )
    quick = project.load(smoke.project_root(root))
    assert [e.name for e in quick.ladder] == ["prior", "good"]
    assert quick.fixed_comparisons == ["good"] and quick.results == []


def test_a_cross_validation_has_two_folds(tmp_path):
    folds = {"strategy": "cross_validation", "purpose": "robustness", "rationale": "Few rows."}
    primary = {"name": "primary", "strategy": "patient", "rationale": "Images correlate."}
    root = builders.write_project(tmp_path, splits=[primary, {"name": "cv", **folds}])
    author = project.load(smoke.project_root(root))
    assert author.splits[1].folds == smoke.FOLDS == 2


def events_root(folder):
    told = event_project.project_dict(quick={"units": 40})
    (folder / "project.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    return folder


def test_folds_of_events_end_before_the_first_tested_day(tmp_path):
    root = events_root(tmp_path)
    real = splits.make(table_of(), project.load(root).primary_split, positive_class="fraud")
    quick = project.load(smoke.project_root(root)).primary_split
    assert (quick.validation_folds, quick.test_folds) == (1, 1)
    made = splits.make(table_of(), quick, positive_class="fraud").parts
    tested = real.parts.loc[
        (real.parts["role"] == "test") & (real.parts["part"] == "score"), "start"
    ].min()
    assert made["end"].max() == tested and made["fold"].nunique() == 2


def test_events_of_tested_days_stay_out_and_both_kinds_of_units_come_along(tmp_path):
    root = events_root(tmp_path)
    frame = event_project.events_frame()
    quick = project.load(smoke.project_root(root))
    few = smoke.some_units(frame, quick, root)
    assert few["time"].max() < pd.Timestamp("2018-04-15") <= frame["time"].max()
    hit = set(few.loc[few["label"] == "fraud", "unit"])
    assert few["unit"].nunique() == 40 and len(hit) == 20
    text = frame.assign(time=frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert smoke.some_units(text, quick, root)["id"].tolist() == few["id"].tolist()


def table_of():
    return table.check_events(event_project.events_frame())[0]
