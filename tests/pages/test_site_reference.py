"""Reference pages: the schemas of the records as they are, the command lines as they print."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from pages.test_site_nav import hook

from proofolio import contract

ROOT = Path(__file__).parents[2]
CASE = ROOT / "case_studies" / "medical_imaging" / "evidence"


@pytest.fixture(scope="module")
def made():
    return hook("reference").made()


def words(text):
    return re.sub(r"[╭─╮│╰╯\s-]+", " ", re.sub(r",\s+", ",", text)).split()


@pytest.mark.parametrize("command", ["", "split", "claims", "pages", "promote", "grade"])
def test_the_command_line_is_what_the_program_prints(made, command):
    asked = [sys.executable, "-m", "proofolio.cli", *filter(None, [command]), "--help"]
    printed = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    page = made["reference/commands.md"]
    block = page.split(f"### proofolio {command}\n" if command else "## proofolio\n")[1]
    assert words(block.split("```text\n")[1].split("\n```")[0]) == words(printed)


def test_no_line_of_the_command_line_is_wider_than_the_page(made):
    blocks = re.findall(r"```text\n(.*?)```", made["reference/commands.md"], re.DOTALL)
    assert max(len(line) for block in blocks for line in block.splitlines()) <= 88


def test_every_command_of_proofolio_and_of_both_kinds_of_project_is_there(made):
    page = made["reference/commands.md"]
    for command in ("verify", "audit", "select", "evaluate", "cards", "rollback"):
        assert f"### proofolio {command}\n" in page
    for name in ("medical_imaging", "fraud_sequences"):
        for command in ("prepare", "train", "all"):
            assert f"#### python -m {name} {command}\n" in page


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("Contract", "contract.json"),
        ("Dataset", "dataset.json"),
        ("SplitInfo", "splits/*/split.json"),
        ("Run", "runs/*/run.json"),
        ("Selection", "selection.json"),
        ("Result", "results/*.json"),
    ],
)
def test_recorded_evidence_fits_its_schema_and_a_record_without_a_field_does_not(made, name, where):
    schema = json.loads(made[f"reference/schemas/{name}.schema.json"])
    path = sorted(CASE.glob(where))[0]
    record = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(record, schema)
    del record[schema["required"][0]]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, schema)


def test_the_page_lists_every_field_of_every_record(made):
    page = made["reference/schemas.md"]
    for name in hook("reference").SCHEMAS:
        part = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert f"(schemas/{name}.schema.json)" in part
        assert all(f"| `{field}` |" in part for field in getattr(contract, name).model_fields)
