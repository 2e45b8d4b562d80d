"""Pairs of classes taken for each other: counted both ways, noted in either order."""

import many_classes
import pytest

from proofolio import errors, evidence, table
from proofolio.contract import RunError, SealError
from proofolio.evidence import confused, tables

NOTES = {"bee / ant": "A bee has wings.", "ant / wasp": "A wasp has a waist."}


@pytest.fixture(scope="module")
def built(tmp_path_factory, few_draws):
    return many_classes.finish(tmp_path_factory.mktemp("pairs") / "project", opened=False)[0]


def pairs(layout, part="val", **parameters):
    run = next(run for run in evidence.runs(layout) if run.name == "good")
    inputs = {"runs": [run.id], "part": part}
    return tables.RECOMPUTE[confused.KIND](layout, None, inputs, {"k": 12} | parameters)


def test_pairs_are_counted_both_ways(built):
    found = pairs(built, notes=NOTES)
    run = evidence.run(built, found.inputs["runs"][0])
    told = evidence.predictions(built, run), table.read_examples(built)
    rows = errors.decided(run, *told, "val")
    wrong = rows[rows["label"] != rows["decided"]]
    assert found.value == len(wrong) == sum(row["n"] for row in found.table)
    for row in found.table:
        first, second = row["pair"].split(" / ")
        there = ((wrong["label"] == first) & (wrong["decided"] == second)).sum()
        back = ((wrong["label"] == second) & (wrong["decided"] == first)).sum()
        assert (row["first_as_second"], row["second_as_first"]) == (there, back)
        assert row["n"] == there + back and row["share"] == pytest.approx(row["n"] / len(wrong))
    counts = [row["n"] for row in found.table]
    assert counts == sorted(counts, reverse=True)
    known = {"ant / bee": "A bee has wings.", "ant / wasp": "A wasp has a waist."}
    assert all(row["note"] == known.get(row["pair"], "") for row in found.table)
    assert any(row["note"] for row in found.table)


def test_notes_of_pairs_that_are_not_shown_are_left_out_and_all_is_recomputed(built):
    found = pairs(built, k=1, notes=NOTES)
    assert len(found.table) == 1 and set(found.parameters["notes"]) <= {found.table[0]["pair"]}
    assert evidence.differences(found, evidence.recompute(built, found)) == []


@pytest.mark.parametrize(
    "notes", [{"ant / spider": "."}, {"ant": "."}, {"ant / bee": ".", "bee / ant": "."}]
)
def test_strange_notes_are_refused(built, notes):
    with pytest.raises(RunError, match="notes about"):
        pairs(built, notes=notes)


def test_test_stays_sealed(built):
    with pytest.raises(SealError, match="not opened"):
        pairs(built, part="test")
