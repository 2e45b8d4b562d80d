"""Figures of a model in operation, from results made by hand."""

from types import SimpleNamespace

import pytest

from proofolio.contract import Result
from proofolio.figures import operation


def result(kind, rows, table, **parameters):
    told = {"method": "m", "how": "a command", "inputs": {"reference": "2018-06"}, "n": 5}
    return Result(kind=kind, table=table, parameters={"rows": rows, **parameters}, **told)


INPUTS = result(
    "stability",
    "inputs",
    [
        {"what": "amount", "2018-04": 0.0, "2018-07": 0.3, "by_chance": 0.001},
        {"what": "unit2_risk_30d", "2018-04": 0.05, "2018-07": None, "by_chance": 0.001},
    ],
    columns=["what", "2018-04", "2018-07", "by_chance"],
)
WEEK = {"known_at": "2018-07-11", "labels_known_at": "2018-07-18", "signs": "none", "n": 9}
SCORES = result(
    "stability",
    "scores",
    [
        WEEK | {"what": "a", "psi": None, "alerts_per_day": 100, "precision": 0.4, "found": 0.7},
        WEEK | {"what": "b", "psi": 0.3, "alerts_per_day": 70, "precision": None, "found": None},
    ],
    alerts_limits=[50, 200],
    precision_limit=0.3,
    found_limit=0.5,
)
WEEKS = result(
    "retraining",
    "weeks",
    [
        {"world": world, "policy": policy, "day": day, "average_precision": 0.5 - skill}
        for world in ("no change", "new fraud")
        for skill, policy in ((0.1, "never"), (0.0, "weekly"))
        for day in (-7, 0, 7)
    ],
)


@pytest.mark.parametrize(
    ("draw", "of", "said"),
    [
        (operation.moved, INPUTS, "amount in 2018-07 (0.30)"),
        (operation.weekly, SCORES, "b: index 0.300, 70 alerts a day, precision not measured"),
        (operation.retrained, WEEKS, "new fraud, never: 0.400"),
    ],
)
def test_the_text_says_what_is_drawn(draw, of, said):
    drawing = draw("x", of)
    assert said in drawing.description
    assert "currentColor" in drawing.svg and "nan" not in drawing.svg.casefold()
    assert "_child" not in drawing.svg and "mathdefault" not in drawing.svg
    assert draw("x", of).svg == drawing.svg


def test_what_is_sealed_is_not_drawn():
    shown = operation.moved("x", INPUTS).table
    assert not ((shown["what"] == "unit2_risk_30d") & (shown["period"] == "2018-07")).any()


def test_each_result_has_the_figure_of_its_rows():
    other = result("retraining", "recorded", [{"what": "all weeks"}])
    held = {"stability": {"i": INPUTS, "s": SCORES}, "retraining": {"w": WEEKS, "r": other}}
    facts = SimpleNamespace(results_of=lambda kind: held[kind])
    assert [drawing.name for drawing in operation.collect(facts)] == ["i", "s", "w"]
