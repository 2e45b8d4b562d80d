"""Presets: answers as files for `copier copy --data-file`, each rendered, linted and run."""

import subprocess
import sys

import checked
import pytest
import yaml
from rendering import ROOT, preset, render, run, source

from proofolio import verify

NAMES = ["card_fraud", "fine_grained", "minimal", "patient_imaging"]
RUN_ELSEWHERE = {"card_fraud", "patient_imaging"}  # by the tests of events and of runs
QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_answers_questions_and_leaves_the_names_to_you(name):
    answers = preset(name)
    assert set(answers) <= {question for question in QUESTIONS if not question.startswith("_")}
    assert {"kind", "unit", "description"} <= set(answers)
    assert not {"project_name", "package_name", "author_name", "repository_url"} & set(answers)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_renders_as_a_user_types_it(name, tmp_path):
    file, project = ROOT / "presets" / f"{name}.yml", tmp_path / "project"
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", "--data-file"]
    subprocess.run([*command, file, source(), project], check=True)
    checked.these_files_and_no_others(project)
    checked.everything_parses(project)
    checked.answers_arrive_unchanged(project, preset(name))
    checked.lint_is_clean(project)


def test_every_preset_is_tested_and_on_the_page():
    assert sorted(path.stem for path in (ROOT / "presets").iterdir()) == NAMES
    page = (ROOT / "docs/start/answers.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES) - RUN_ELSEWHERE))
def test_a_preset_runs(name, tmp_path):
    root = render(tmp_path, **preset(name))
    said = run(root, "all", "--quick")
    assert f"split primary ({preset(name)['split_strategy']})" in said
    assert not verify.run(root / "work" / "quick").problems
