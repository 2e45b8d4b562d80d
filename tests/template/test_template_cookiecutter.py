"""The second door: the same questions, and a project that Copier can update later."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from answers import NASTY
from checked import answers_arrive_unchanged, files_of, these_files_and_no_others
from rendering import ROOT, render

SCRIPT = "cookiecutter/questions.py"
IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c"}
IDENTITY |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c"}


def copied(into):
    """The template and its two doors, as they are in the working tree, without git."""
    for name in ("template", "cookiecutter"):
        shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "copier.yml", into)
    return into


def git(folder, *words):
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def committed(folder, *, tag=""):
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    if tag:
        git(folder, "tag", tag)
    return folder


@pytest.fixture(scope="module", autouse=True)
def at_home(tmp_path_factory):
    """Neither door writes into the caches of whoever runs the tests."""
    home = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (IDENTITY | {"HOME": home, "XDG_CACHE_HOME": home}).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return committed(copied(tmp_path_factory.mktemp("proofolio")), tag="v0.1.0")


def bake(source, into, *words, said="", paths=()):
    """Run the command a user types; return its exit status and all it printed."""
    command = [sys.executable, "-m", "cookiecutter", str(source), "--directory", "cookiecutter"]
    known = os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")])
    into.mkdir(exist_ok=True)
    done = subprocess.run(
        [*command, "-o", str(into), *words],
        input=said,
        capture_output=True,
        text=True,
        cwd=source if Path(source).is_dir() else into,
        env=os.environ | {"PYTHONPATH": known, "COLUMNS": "1000"},
    )
    return done.returncode, done.stdout + done.stderr


def check(root):
    return subprocess.run(
        [sys.executable, root / SCRIPT, "--check"], capture_output=True, text=True
    )


def test_both_doors_ask_the_same():
    assert check(ROOT).returncode == 0, "run python cookiecutter/questions.py"
    first = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    second = json.loads((ROOT / "cookiecutter/cookiecutter.json").read_text(encoding="utf-8"))
    questions = [name for name in first if not name.startswith("_")]
    assert [name for name in second if not name.startswith("_")] == questions
    assert list(second["__prompts__"]) == questions


def test_a_question_that_one_door_asks_otherwise_would_be_seen(tmp_path):
    root = copied(tmp_path)
    questions = (root / "copier.yml").read_text(encoding="utf-8")
    (root / "copier.yml").write_text(questions.replace("- MIT", "").replace("[MIT, ", "["))
    done = check(root)
    assert done.returncode == 1 and "differs: cookiecutter/cookiecutter.json" in done.stdout


@pytest.mark.parametrize("kind", ["image", "events"])
def test_defaults_give_what_copier_gives(kind, template, tmp_path):
    status, said = bake(template, tmp_path, "--no-input", f"kind={kind}")
    assert status == 0, said
    project, direct = tmp_path / "my-project", render(tmp_path / "direct", kind=kind)
    assert files_of(project) == files_of(direct)
    for name in files_of(direct):
        if name != ".copier-answers.yml":
            assert (project / name).read_bytes() == (direct / name).read_bytes(), name
    stored, plain = (
        yaml.safe_load((root / ".copier-answers.yml").read_text()) for root in (project, direct)
    )
    assert (stored.pop("_commit"), stored.pop("_src_path")) == ("v0.1.0", str(template))
    plain.pop("_src_path")
    assert stored == plain
    assert ("split_strategy: not a question of this kind" in said) is (kind == "events")


def test_hostile_answers_typed_in_arrive(template, tmp_path):
    questions = json.loads((template / "cookiecutter/cookiecutter.json").read_text())
    lines = []
    for name, default in questions.items():
        if name.startswith("_"):
            continue
        answer = NASTY.get(name, "")
        chosen = isinstance(default, list) and answer
        lines.append(str(default.index(answer) + 1) if chosen else answer)
    status, said = bake(template, tmp_path, said="\n".join(lines) + "\n")
    assert status == 0, said
    (project,) = tmp_path.iterdir()
    these_files_and_no_others(project)
    answers_arrive_unchanged(project, NASTY)


def test_an_update_follows_from_the_second_door(template, tmp_path):
    source = tmp_path / "source"
    git(tmp_path, "clone", "-q", str(template), str(source))
    status, said = bake(source, tmp_path / "made", "--no-input", "package_name=chest")
    assert status == 0, said
    project = tmp_path / "made" / "chest"
    (project / "README.md").write_text("mine\n")
    committed(project)
    with (source / "template/.gitattributes").open("a") as file:
        file.write("*.new text\n")
    committed(source, tag="v0.2.0")
    subprocess.run(
        [sys.executable, "-m", "copier", "update", "--defaults", "--quiet"], cwd=project, check=True
    )
    stored = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert stored["_commit"] == "v0.2.0" and stored["package_name"] == "chest"
    assert (project / ".gitattributes").read_text().endswith("*.new text\n")
    assert (project / "README.md").read_text() == "mine\n"


def test_a_project_from_an_address_names_the_address(template, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(template), "proofolio.git")
    address = (tmp_path / "proofolio.git").as_uri()
    status, said = bake(address, tmp_path / "made", "--no-input", "--checkout", "v0.1.0")
    assert status == 0, said
    stored = yaml.safe_load((tmp_path / "made/my-project/.copier-answers.yml").read_text())
    assert (stored["_commit"], stored["_src_path"]) == ("v0.1.0", address)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("unit=Patient", "Use small ASCII letters, for example patient or photographer"),
        ("package_name=../json", "beginning with a letter and at most 40"),
        ("package_name=con", "Windows reserves the name con for a device"),
        ("split_strategy=prequential", "prequential windows are for events"),
    ],
)
def test_a_refused_answer_is_explained_and_nothing_is_left(answer, sentence, template, tmp_path):
    status, said = bake(template, tmp_path / "made", "--no-input", answer)
    assert status == 1 and sentence in said and "Traceback" not in said
    assert not list((tmp_path / "made").iterdir())


def test_a_missing_copier_is_said_before_any_question(template, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['copier'] = None\n")
    status, said = bake(template, tmp_path / "made", said="", paths=[tmp_path])
    assert status == 1 and 'pip install "copier>=9.17.2"' in said and "Traceback" not in said
    assert "Name of the project" not in said and not list((tmp_path / "made").iterdir())


def test_a_template_without_git_is_refused(tmp_path):
    (tmp_path / "source").mkdir()
    status, said = bake(copied(tmp_path / "source"), tmp_path / "made", "--no-input")
    assert status == 1 and "could never be updated" in said and "Traceback" not in said


def test_what_is_there_already_is_not_overwritten(template, tmp_path):
    there = tmp_path / "my-project" / "README.md"
    there.parent.mkdir()
    there.write_text("mine\n")
    for more in ([], ["--overwrite-if-exists"]):
        assert bake(template, tmp_path, "--no-input", *more)[0] == 1
        assert files_of(there.parent) == ["README.md"] and there.read_text() == "mine\n"
