"""The rubric as data: points, checks and gates fit together."""

import pytest
from pydantic import ValidationError

from proofolio.rubric import checks, originals
from proofolio.rubric.criteria import PHASES, Rubric, rubric
from proofolio.rubric.outcome import CHECKS
from proofolio.verify.report import RULES, Problem

assert checks
GATES = {"SL1", "SL6", "BU2", "CO2", "CO4"}


def test_points_add_up_to_the_weights_of_the_design():
    weights = [(s.code, s.weight) for s in rubric().sections]
    assert weights == [
        ("PD", 15), ("SL", 20), ("BU", 20), ("EL", 15), ("RT", 15), ("CO", 10), ("TO", 5),
    ]  # fmt: skip
    for code, weight in weights:
        assert sum(c.points for c in rubric().criteria if c.section == code) == weight
    assert {c.phase for c in rubric().criteria} == set(PHASES)


def test_every_criterion_has_one_check_or_one_question():
    human = {c.code for c in rubric().criteria if c.how == "human"}
    assert set(CHECKS) == {c.code for c in rubric().criteria} - human
    assert all(len(set(c.levels)) == 4 for c in rubric().criteria if c.levels)
    assert {c.code for c in rubric().criteria if c.gate} == GATES


def test_a_rubric_that_does_not_add_up_is_refused():
    told = rubric().model_dump()
    told["criteria"][0]["points"] += 1
    with pytest.raises(ValidationError, match="add up"):
        Rubric.model_validate(told)


@pytest.mark.parametrize(
    ("rule", "where", "what", "code"),
    [
        ("1", "evidence/splits/primary/parts.csv", "unit p001 stands in train and test", "SL1"),
        ("1", "evidence/splits/primary/parts.csv", "one content stands in train, test", "SL2"),
        ("1", "evidence/splits/primary/parts.csv", "scored windows overlap, or", "SL3"),
        ("1", "README.md:3", "run:a of a demonstration split is cited as performance", "CO2"),
        ("2", "evidence/runs/a", "an id is scored twice", "BU2"),
        ("3", "evidence/runs/a", "val.auroc.value is recorded as 1, predictions give 0", "BU2"),
        ("3", "evidence/runs/a", "val.auroc.ci_low is recorded as 1, predictions give 0", "BU3"),
        ("4", "evidence/runs/a", "it changes 2 keys against b: c, d", "BU6"),
        ("4", "evidence/runs/a", "seed 7 is not declared", "BU4"),
        ("5", "evidence/runs/a", "transforms was fitted on val, it belongs on train", "SL5"),
        ("5", "evidence/selection.json", "the choice is a, the best on val is b", "SL6"),
        ("6", "evidence/runs.jsonl", "the chain is broken", "EL3"),
        ("7", "evidence/contract.json", "demo_data is True", "CO4"),
        ("claims", "README.md:1", "claim says '1', evidence says '2'", "CO2"),
        ("files", "evidence/x.pkl", "no format of the contract", "RT7"),
        ("hashes", "evidence/runs/a", "predictions.parquet was changed: a became b", "BU2"),
        ("hashes", "evidence/dataset.json", "n_units is recorded as 1, the files give 2", "RT2"),
    ],
)
def test_each_broken_rule_speaks_to_one_criterion(rule, where, what, code):
    from proofolio.contract import Layout
    from proofolio.rubric.rules import code_of
    from proofolio.verify.load import Evidence

    assert rule in RULES
    assert code_of(Problem(rule, where, what, "x"), Evidence(Layout("."))) == code


def test_what_ships_is_what_the_repository_holds():
    from pathlib import Path

    repository = Path(__file__).parents[2]
    remedy = "run python -m proofolio.rubric.originals . in the repository"
    assert originals.collect(repository) == originals.shipped(), remedy
