"""What is generated: these files and no others, all of it parses, lints and says what was asked."""

import ast

import checked
import pytest
import yaml
from answers import NASTY, PLAIN, of_events
from copier import run_copy
from mkdocs.utils import yaml_load
from rendering import ROOT, render, source

from proofolio import claims, project

OTHERS = [
    {"split_strategy": "grouped", "license": "BSD-3-Clause"},
    {"split_strategy": "stratified", "description": "yes", "project_name": "1.0"},
]


CASES = [{}, NASTY, PLAIN, *OTHERS, *map(of_events, ({}, NASTY, PLAIN))]


def named(answers):
    return f"{answers.get('kind', 'image')}-{len(answers)}"


@pytest.fixture(scope="module", params=CASES, ids=named)
def rendered(request, tmp_path_factory):
    return render(tmp_path_factory.mktemp("rendered"), **request.param), request.param


def test_these_files_and_no_others(rendered):
    checked.these_files_and_no_others(rendered[0])


def test_no_braces_are_left(of_kind):
    for name in checked.files_of(of_kind):
        text = (of_kind / name).read_text(encoding="utf-8").replace("${{", "")
        if name != "docs/_overrides/main.html":  # mkdocs' own Jinja
            assert "{{" not in text and "{%" not in text, name


def test_everything_parses(rendered):
    checked.everything_parses(rendered[0])


def test_the_site_names_the_result_and_has_the_hook_that_lists_its_pages(of_kind):
    site = yaml_load((of_kind / "mkdocs.yml").read_text(encoding="utf-8"))
    assert {"Result": "result/index.md"} in site["nav"]
    assert "docs/_overrides/nav.py" in site["hooks"]


def test_answers_arrive_unchanged(rendered):
    checked.answers_arrive_unchanged(*rendered)


def test_project_answers_every_card_question_or_says_todo(of_kind):
    author = project.load(of_kind)
    for card, answers in (("model", author.model_card), ("data", author.data_card)):
        asked = yaml.safe_load(
            (ROOT / f"src/proofolio/cards/{card}_questions.yaml").read_text(encoding="utf-8")
        )
        assert {entry["key"] for entry in asked} == set(answers)


def test_lint_is_clean(rendered):
    checked.lint_is_clean(rendered[0])


def test_text_survives_markdown(rendered):
    folder, _ = rendered
    checked.title_survives_markdown(folder)
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert next(c.subject for c in claims.parse(text).claims) == "model:champion"


def test_printed_numbers_say_not_measured(rendered):
    folder, _ = rendered
    assert [str(p) for p in claims.check(folder, strict=True)] == []


def test_modules_stay_short(of_kind):
    for path in (of_kind / "src").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 150, path.name


def test_every_module_says_what_it_is_for_and_how_to_run_it(of_kind):
    for path in (of_kind / "src").rglob("*.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert said, path.name
        assert "python " in said or path.name == "__init__.py", path.name


def test_hooks_are_local(generated):
    hooks = yaml.safe_load((generated / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]


def test_an_update_leaves_what_is_yours(tmp_path):
    render(tmp_path)
    (tmp_path / "README.md").write_text("mine\n")
    (tmp_path / "src/my_project/data.py").write_text("mine = 1\n")
    (tmp_path / "tests/test_contract.py").write_text("broken\n")
    run_copy(source(), tmp_path, defaults=True, quiet=True, overwrite=True)
    assert (tmp_path / "README.md").read_text() == "mine\n"
    assert (tmp_path / "src/my_project/data.py").read_text() == "mine = 1\n"
    assert "def test_" in (tmp_path / "tests/test_contract.py").read_text()
