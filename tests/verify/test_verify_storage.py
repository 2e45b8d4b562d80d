import pytest
from verify.proven import edit_json, run_folder

from proofolio import verify
from proofolio.contract import Layout
from proofolio.verify import storage


def problems(root):
    return verify.run(root).problems


def test_nan_in_json(unopened):
    path = run_folder(unopened) / "run.json"
    edit_json(path, lambda run: run["runtime"].update(probe=0.123456789))
    path.write_text(path.read_text().replace("0.123456789", "NaN"))
    found = problems(unopened)
    assert {p.rule for p in found} == {"files"}
    assert "NaN" in found[0].what


def test_a_torn_run_is_named_and_hides_no_other_fault(root):
    (run_folder(root, "prior") / "run.json").write_text('{"id": ')
    edit_json(run_folder(root) / "run.json", lambda run: run.update(parent="nobody"))
    assert {p.rule for p in problems(root)} == {"files", "4", "5"}


@pytest.mark.parametrize("name", ["aux.json", "a:b.csv", "end..svg.", "what?.json", "run.pkl"])
def test_names_that_some_systems_or_the_contract_refuse(runless, name):
    path = Layout(runless).evidence / "figures" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}\n")
    assert {p.rule for p in problems(runless)} == {"files"}


def test_names_that_differ_by_case_only(runless):
    figures = Layout(runless).figures
    figures.mkdir(exist_ok=True)
    (figures / "a.svg").write_text("<svg/>\n")
    (figures / "A.svg").write_text("<svg/>\n")
    assert ["by case" in p.what for p in problems(runless)] == [True]


def test_line_ends_and_unsorted_keys(runless):
    path = Layout(runless).contract
    text = path.read_text()
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert ["LF" in p.what for p in problems(runless)] == [True]
    path.write_text('{"project": "tiny", "kind": "image", "demo_data": true}\n')
    assert ["not sorted" in p.what for p in problems(runless)] == [True]


def test_too_much_evidence(runless, monkeypatch):
    monkeypatch.setattr(storage, "LARGEST", 1000)
    assert ["the limit is" in p.what for p in problems(runless)] == [True]


def test_broken_json_and_a_missing_file_are_named(runless):
    layout = Layout(runless)
    layout.audit.write_text("{")
    assert {p.where for p in problems(runless)} == {"evidence/audit.json"}
    layout.audit.unlink()
    layout.hashes.unlink()
    assert [(p.rule, p.where) for p in problems(runless)] == [("schema", "evidence/hashes.parquet")]


def test_a_left_over_of_a_killed_writer_is_a_note(runless):
    (Layout(runless).evidence / ".run.json.abc").write_text("half")
    report = verify.run(runless)
    assert report.problems == []
    assert any("left-over" in note for note in report.notes)
