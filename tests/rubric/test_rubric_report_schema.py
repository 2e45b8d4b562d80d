"""The shape of a result: the schema, the made-up results of these tests, and the JSON format."""

import copy
import json
import subprocess
import sys

import jsonschema
import pytest
from rubric import made_up as graded

from proofolio.rubric import report
from proofolio.rubric.report import agreement, changes

VALIDATOR = jsonschema.Draft202012Validator(report.schema())


def whole():
    """A result with every optional field."""
    result = graded.random_cohort(3, answered=True)
    result = changes.attach(result, graded.random_cohort(3, seed=1))
    result["projects"][0] |= {"name": "One", "commit": "abc1234", "notes": ["too big: x.csv"]}
    result["projects"][0]["criteria"][3] |= {"level": 2.0, "evidence": ["Names a user."]}
    return result


def test_the_schema_is_a_schema():
    VALIDATOR.check_schema(report.schema())


def test_results_with_and_without_the_optional_fields_fit():
    VALIDATOR.validate(graded.result(graded.project("a", {})))
    VALIDATOR.validate(whole())
    assert agreement.pairs(whole()["projects"])


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (["schema"], 2),
        (["projects", 0, "grade"], "excellent"),
        (["projects", 0, "total"], 101),
        (["projects", 0, "criteria", 0, "status"], "passed"),
        (["projects", 0, "criteria", 0, "phase"], "test"),
        (["projects", 0, "criteria", 0, "points"], -1),
        (["projects", 0, "answers", 0, "levels", "PD4"], 4),
    ],
)
def test_a_wrong_value_does_not_fit(path, wrong):
    result = copy.deepcopy(whole())
    place = result
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(result)


@pytest.mark.parametrize("field", ["path", "gates", "sections", "criteria", "provisional"])
def test_a_missing_field_does_not_fit(field):
    result = graded.result(graded.project("a", {}))
    del result["projects"][0][field]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(result)


def test_json_keeps_the_result_and_escapes_what_is_not_ascii():
    result = whole()
    result["projects"][0]["path"] = "a\n\x1b[31m\udc80\u202e"
    told = report.FORMATS["json"](result)
    assert told.isascii() and "\x1b" not in told
    assert json.loads(told) == result


def test_the_formats_are_those_of_the_command_line():
    assert sorted(report.FORMATS) == ["csv", "html", "json", "markdown", "rich"]
    for write in report.FORMATS.values():
        assert write(whole()).endswith("\n") and write(graded.result()).strip()


def test_the_room_is_imported_without_what_a_format_needs():
    code = "import sys, proofolio.rubric.report; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"jinja2", "sklearn", "rich", "pandas"} & set(loaded)
