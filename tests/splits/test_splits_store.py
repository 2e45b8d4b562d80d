import pandas as pd
import pytest
from split_tables import made_table, record_dataset, spec

from proofolio import files, splits
from proofolio.contract import Layout, LeakageError, SplitError, StaleError


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path)
    record_dataset(layout, made_table())
    splits.write(layout, splits.make(made_table(), spec()))
    return layout


def add_run(layout, split="primary"):
    files.write_json(layout.run("good-s0-00000000") / "run.json", {"split": split})


def test_written_and_read_back_alike(layout):
    split = splits.make(made_table(), spec())
    read = splits.read(layout, "primary")
    assert read.astype(object).equals(split.parts.astype(object))
    assert splits.info(layout, "primary") == split.info
    data = (layout.split("primary") / "parts.csv").read_bytes()
    assert b"\r" not in data and data.startswith(b"id,part,note\n")
    assert files.sha256_bytes(data) == split.info.parts_sha256
    assert splits.write(layout, split) is False


def test_ids_that_look_like_other_things_survive(tmp_path):
    table = made_table()
    odd = ["NA", "007", "1e3", 'say "hi", twice', "å b", "null"]
    table.loc[: len(odd) - 1, "id"] = odd
    layout = Layout(tmp_path)
    record_dataset(layout, table)
    splits.write(layout, splits.make(table, spec()))
    assert set(splits.read(layout, "primary")["id"]) == set(table["id"])


def test_folds_are_read_as_numbers(layout):
    splits.write(layout, splits.make(made_table(), spec("cross_validation", name="cv", folds=3)))
    assert set(splits.read(layout, "cv")["fold"]) == {-1, 0, 1, 2}


def test_edited_parts_are_refused(layout):
    path = layout.split("primary") / "parts.csv"
    path.write_text(path.read_text().replace(",test,", ",train,", 1))
    with pytest.raises(StaleError, match=r"parts\.csv was changed") as caught:
        splits.read(layout, "primary")
    assert "git checkout" in str(caught.value)
    path.unlink()
    with pytest.raises(StaleError, match="missing"):
        splits.read(layout, "primary")


def test_changed_table_is_refused(layout):
    changed = made_table()
    changed.loc[0, "label"] = "class 9"
    record_dataset(layout, changed)
    with pytest.raises(StaleError, match="table changed") as caught:
        splits.read(layout, "primary")
    assert "start anew" in str(caught.value)
    with pytest.raises(StaleError, match="table changed"):
        splits.write(layout, splits.make(made_table(), spec(seed=5)))


def test_unmade_split_names_the_command(layout):
    with pytest.raises(SplitError, match="proofolio split"):
        splits.read(layout, "other")


def test_split_with_runs_is_not_replaced(layout):
    other = splits.make(made_table(), spec(seed=5))
    before = splits.read(layout, "primary")
    add_run(layout, split="another")
    files.write_json(layout.run("good-s0-00000001") / "run.json", {"split": "primary"})
    with pytest.raises(SplitError, match="runs: good-s0-00000001") as caught:
        splits.write(layout, other)
    assert "its own name" in str(caught.value)
    assert splits.read(layout, "primary").equals(before)
    reworded = splits.make(made_table(), spec()).info.model_copy(update={"rationale": "clearer"})
    assert splits.write(layout, splits.Split(splits.make(made_table(), spec()).parts, reworded))


def test_split_without_runs_may_be_replaced(layout):
    add_run(layout, split="another")
    assert splits.write(layout, splits.make(made_table(), spec(seed=5)))
    assert splits.info(layout, "primary").seed == 5


def test_parts_that_do_not_match_their_hash_are_not_written(layout):
    split = splits.make(made_table(), spec())
    with pytest.raises(StaleError, match="recorded hash"):
        splits.write(layout, splits.Split(split.parts.assign(part="train"), split.info))


def test_patient_in_two_parts_is_caught():
    table = made_table(units=40, most=4)
    split = splits.make(table, spec())
    unit = table["unit"].value_counts().index[0]
    moved = table.loc[table["unit"] == unit, "id"].iloc[0]
    parts = split.parts.copy()
    now = parts.loc[parts["id"] == moved, "part"].iloc[0]
    parts.loc[parts["id"] == moved, "part"] = "val" if now != "val" else "test"
    with pytest.raises(LeakageError, match="1 unit") as caught:
        splits.assert_disjoint(parts, table, split.info)
    assert unit in str(caught.value)
    shown = split.info.model_copy(update={"purpose": "demonstration"})
    splits.assert_disjoint(parts, table, shown)
    parts.loc[parts["id"] == moved, "part"] = "excluded"  # excluded rows stand nowhere
    splits.assert_disjoint(parts, table, split.info)


def test_linked_units_in_two_parts_are_caught():
    table = made_table(units=40).assign(cluster=lambda t: t["unit"])
    split = splits.make(table, spec())
    side = split.parts.merge(table, on="id").groupby("part")["unit"].first()
    linked = table.assign(
        cluster=table["cluster"].replace({side["test"]: side["train"]}),
    )
    with pytest.raises(LeakageError, match="1 cluster"):
        splits.assert_disjoint(split.parts, linked, split.info)


def test_folds_and_hold_out_that_share_a_unit_are_caught():
    table = made_table(units=40, most=3)
    split = splits.make(table, spec("cross_validation", folds=3))
    test = split.parts[split.parts["part"] == "test"].merge(table, on="id")
    rotating = split.parts[split.parts["fold"] == 0].merge(table, on="id")
    shared = table.replace({"unit": {rotating["unit"].iloc[0]: test["unit"].iloc[0]}})
    with pytest.raises(LeakageError, match="1 unit"):
        splits.assert_disjoint(split.parts, shared, split.info)


def test_missing_and_repeated_ids_are_caught():
    table = made_table()
    split = splits.make(table, spec())
    with pytest.raises(SplitError, match="every example once"):
        splits.assert_disjoint(split.parts.iloc[1:], table, split.info)
    with pytest.raises(SplitError, match="every example once"):
        splits.assert_disjoint(split.parts, table.iloc[1:], split.info)
    twice = split.parts.loc[[0, *split.parts.index]]
    with pytest.raises(SplitError, match="every example once"):
        splits.assert_disjoint(twice, table, split.info)


def test_crossings_name_the_offender_its_parts_and_its_fold():
    examples = pd.DataFrame({"id": ["a", "b", "c", "d"], "unit": ["u", "u", "v", "w"]})
    parts = pd.DataFrame(
        {"id": ["a", "b", "c", "stranger"], "part": ["val", "train", "val", "test"]}
    )
    found = splits.crossings(parts, examples, "unit")
    assert found.to_dict("records") == [{"fold": 0, "unit": "u", "parts": "train+val"}]
    folds = pd.DataFrame(
        {
            "id": ["a", "a", "b", "b", "c"],
            "fold": [0, 1, 0, 1, -1],
            "part": ["train", "train", "train", "heldout", "test"],
        }
    )
    found = splits.crossings(folds, examples, "unit")
    assert found.to_dict("records") == [{"fold": 1, "unit": "u", "parts": "heldout+train"}]
