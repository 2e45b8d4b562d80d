"""Every command of the Linux path on the Start pages is run as it is shown."""

import re

import addresses
import pytest
import shown
import yaml

from proofolio import claims, evidence, project, verify
from proofolio.contract import Layout

PAGES = sorted(path.stem for path in shown.PAGES.glob("*.md"))
RUN = {
    "index",
    "answers",
    "images",
    "events",
    "updating",
    "machines",
    "tuning",
}  # tracks shows no block


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The template of the working tree, tagged, in a repository of its own."""
    return shown.repository(tmp_path_factory.mktemp("source"))


def sections(*names):
    """Return the blocks of some sections of the first page."""
    return [block for block in shown.blocks("index") if block.section in names]


def recorded(root):
    """Return the finished runs of a project whose record and printed numbers hold."""
    assert not verify.run(root).problems
    assert not claims.check(root, strict=True)
    runs = evidence.runs(Layout(root))
    assert {run.status for run in runs} == {"finished"}
    return runs


def test_every_page_with_commands_is_run():
    assert {name for name in PAGES if shown.blocks(name)} == RUN


@pytest.mark.slow
def test_the_first_page_leads_to_a_verified_result(source, tmp_path):
    shown.run(tmp_path, shown.blocks("index"), source)
    root = tmp_path / "portfolio" / "my-project"
    assert len(recorded(root)) > len(project.load(root).ladder)
    assert (root / "site/result/index.html").is_file()
    assert addresses.rooted(root / "site") == []


@pytest.mark.slow
def test_presets_and_the_second_door_give_projects_that_can_be_updated(source, tmp_path):
    shown.run(tmp_path, [*sections("Set up"), *shown.blocks("answers")], source)
    for name, kind in (("chest-images", "image"), ("card-payments", "events")):
        text = (tmp_path / "portfolio" / name / ".copier-answers.yml").read_text(encoding="utf-8")
        stored = yaml.safe_load(text)
        assert (stored["_src_path"], stored["_commit"]) == (f"{shown.ADDRESS}.git", "v0.1.0")
        assert stored["kind"] == kind


@pytest.mark.slow
@pytest.mark.parametrize(("page", "name"), [("images", "leaf-rust"), ("events", "chargebacks")])
def test_own_data_becomes_a_verified_project(page, name, source, tmp_path):
    shown.run(tmp_path, [*sections("Set up"), *shown.blocks(page)], source)
    root = tmp_path / "portfolio" / name
    runs, author = recorded(root), project.load(root)
    assert {run.name for run in runs} == {experiment.name for experiment in author.ladder}
    assert not author.demo_data and not list(root.glob("src/*/demo.py"))
    assert "demo" not in author.prior_exposure + author.unit_note + author.problem.statement
    assert (root / "site/result/index.html").is_file()
    assert shown.git(root, "status", "--porcelain") == ""


@pytest.mark.slow
def test_several_processes_and_a_cluster_train_the_same_run(source, tmp_path):
    shown.run(tmp_path, [*sections("Set up", "Generate"), *shown.blocks("machines")], source)
    quick = Layout(tmp_path / "portfolio" / "my-project" / "work" / "quick")
    runs = {run.name: run for run in evidence.runs(quick)}
    assert set(runs) == {"small_cnn", "finetuned"}
    assert all(run.status == "finished" for run in runs.values())
    assert {run.runtime["processes"] for run in runs.values()} == {2}


@pytest.mark.slow
def test_a_search_is_recorded_trial_by_trial(source, tmp_path):
    blocks = [*sections("Set up", "Generate"), *shown.blocks("tuning")]
    said = shown.run(tmp_path, blocks, source)
    root = tmp_path / "portfolio" / "my-project"
    trials = [run for run in evidence.runs(Layout(root)) if run.is_trial]
    assert {run.tuning.stage for run in trials} == {"coarse", "fine"}
    assert f"{len(trials)} trials: " in said and "tuned: true" in said
    assert {p.rule for p in verify.run(root).problems} <= {"claims"}  # none is written yet


OWN = """
echo '# Mine' > README.md
echo '# mine' >> src/my_project/data.py
sed -i 's/^version = .*/version = "0.2.0"/' pyproject.toml
sed -i '/- name: small_cnn/,/^fixed_comparisons/{/^fixed_comparisons/!d}' project.yaml
python -m my_project all && git add -A && git commit -qm Mine
cd SOURCE/template
for file in .gitattributes README.md.jinja pyproject.toml.jinja; do
  echo '# new in the template' >> $file
done
git commit -qam Next && git tag v0.2.0
cd - > /dev/null
"""


@pytest.mark.slow
def test_an_update_brings_the_new_and_keeps_your_own(tmp_path):
    (tmp_path / "source").mkdir()
    source = shown.repository(tmp_path / "source")
    own = shown.Block("sh", None, OWN.replace("SOURCE", str(source)), "Own changes")
    shown.run(tmp_path, [*sections("Set up", "Generate"), own, *shown.blocks("updating")], source)
    root = tmp_path / "portfolio" / "my-project"
    text = {name: (root / name).read_text(encoding="utf-8") for name in (
        ".copier-answers.yml", ".gitattributes", "README.md", "pyproject.toml",
        "src/my_project/data.py")}  # fmt: skip
    assert "_commit: v0.2.0" in text[".copier-answers.yml"]
    assert text["README.md"] == "# Mine\n" and "# mine\n" in text["src/my_project/data.py"]
    assert 'version = "0.2.0"' in text["pyproject.toml"]
    assert all("# new in the" in text[name] for name in (".gitattributes", "pyproject.toml"))
    assert recorded(root) and shown.git(root, "log", "-1", "--format=%s") == "Template updated\n"


def commands(language):
    """Return the commands of a project that the first page shows in a language, one a line."""
    body = "".join(block.body for block in shown.blocks("index") if block.language == language)
    joined = re.sub(r" *[\\`]\n *", " ", body).replace("&&", "\n").replace(";", "\n")
    lines = (line.strip().replace("'", '"') for line in joined.splitlines())
    return [line for line in lines if line.startswith(("python -m ", "copier", "proofolio", "git"))]


def test_windows_gets_the_commands_of_linux():
    assert commands("powershell") == commands("sh") and len(commands("sh")) > 8


def test_the_tracks_name_criteria_that_exist():
    from proofolio.rubric import criteria

    text = (shown.PAGES / "tracks.md").read_text(encoding="utf-8")
    links = re.findall(r"\[([A-Z]{2}\d)\]\(\.\./rubric/index\.md#([a-z]{2}\d)\)", text)
    known = {criterion.code: criterion.phase for criterion in criteria.rubric().criteria}
    assert links and all(code.lower() == anchor and code in known for code, anchor in links)
    for row in re.findall(r"^\| \d\. .*$", text, re.MULTILINE):
        told = row.split("|")[3]
        phases = set(re.findall(r"define|data|train|report", told.partition(":")[0]))
        assert {known[code] for code in re.findall(r"\[([A-Z]{2}\d)\]", told)} == phases, row


def test_a_command_that_fails_is_seen(source, tmp_path):
    broken = shown.Block("sh", None, "false\n", "Broken")
    with pytest.raises(AssertionError, match="Broken"):
        shown.run(tmp_path, [broken], source)
