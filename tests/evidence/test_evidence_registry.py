"""Which model is deployed: promoted by a person, with its weights in place, and the way back."""

import pytest
import recorded

from proofolio import evidence, files
from proofolio.contract import RunError, SealError


@pytest.fixture
def registered(ready):
    layout, author = ready
    evidence.select(layout, author)
    weights = layout.work / "weights.safetensors"
    weights.write_bytes(b"weights of good")
    evidence.register(layout, author, weights=weights)
    return layout, author


def entry(layout):
    return files.read_json(layout.registry)["models"]["champion"]


def replace_choice(layout, author):
    """Make seed 1 the seed to deploy, as another selection would."""
    selection = files.read_json(layout.selection)
    selection["choice"]["run"] = evidence.finished(layout, author, "good", 1).id
    files.write_json(layout.selection, selection)
    weights = layout.work / "other.safetensors"
    weights.write_bytes(b"weights of seed 1")
    evidence.register(layout, author, weights=weights)


def test_the_chosen_run_is_registered_as_candidate(registered):
    layout, author = registered
    found = entry(layout)
    assert found["run"] == evidence.finished(layout, author, "good", 0).id
    assert found["weights"] == "work/weights.safetensors" and found["tags"] == ["candidate"]
    assert found["weights_sha256"] == files.sha256_bytes(b"weights of good")
    assert [step["action"] for step in found["history"]] == ["register"]


def test_weights_are_found_by_the_hash_that_the_run_recorded(tmp_path, few_draws):
    layout, author = recorded.prepared(tmp_path / "p")
    for name, seed in (("prior", 0), ("good", 0), ("good", 1), ("good_slow", 0), ("good_slow", 1)):
        with evidence.Recorder(layout, author, name, seed, []) as recorder:
            path = recorder.work / "best.safetensors"
            path.write_bytes(f"{name} {seed}".encode())
            model = recorded.ModelInfo(name=name, weights_sha256=files.sha256_file(path))
            recorder.finish(recorded.predicted(layout, recorder, recorded.SKILL[name]), model)
    run = evidence.run(layout, evidence.select(layout, author).choice.run)
    evidence.register(layout, author)
    assert entry(layout)["weights"] == f"work/runs/{run.id}/best.safetensors"
    evidence.promote(layout, "champion", "A. Tester")
    (layout.run_work(run.id) / "best.safetensors").unlink()  # as in a fresh clone
    evidence.register(layout, author)
    assert entry(layout)["tags"] == ["deploy-ready"]


def test_an_export_keeps_the_command_that_makes_it_again(registered):
    layout, author = registered
    exported = layout.root / "champion.onnx"
    exported.write_bytes(b"exported")
    evidence.register(layout, author, weights=exported, remade_by="python -m tiny export")
    evidence.promote(layout, "champion", "A. Tester")
    found = entry(layout)
    assert found["remade_by"] == found["history"][-1]["remade_by"] == "python -m tiny export"
    assert "remade_by" not in found["history"][0]


def test_promotion_names_a_person_and_is_kept_over_a_repeated_step(registered):
    layout, author = registered
    with pytest.raises(RunError, match="needs a person"):
        evidence.promote(layout, "champion", " ")
    evidence.promote(layout, "champion", "A. Tester")
    before = layout.registry.read_bytes()
    assert entry(layout)["tags"] == ["deploy-ready"]
    assert entry(layout)["approved_by"] == "A. Tester"
    evidence.promote(layout, "champion", "A. Tester")
    evidence.register(layout, author, weights=layout.work / "weights.safetensors")
    assert layout.registry.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"), [(None, "file is missing"), (b"other", "another one")]
)
def test_missing_or_other_weights_are_not_promoted(registered, content, said):
    layout, _ = registered
    path = layout.work / "weights.safetensors"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(RunError, match=said):
        evidence.promote(layout, "champion", "A. Tester")


def test_a_run_without_weights_is_not_promoted(ready, tmp_path):
    layout, author = ready
    with pytest.raises(SealError, match="no selection"):
        evidence.register(layout, author)
    evidence.select(layout, author)
    evidence.register(layout, author)
    with pytest.raises(RunError, match="weights file is missing"):
        evidence.promote(layout, "champion", "A. Tester")
    with pytest.raises(RunError, match="no model is registered as 'other'"):
        evidence.promote(layout, "other", "A. Tester")
    with pytest.raises(RunError, match="outside the project"):
        (tmp_path / "w").write_bytes(b"w")
        evidence.register(layout, author, weights=tmp_path / "w")


def test_another_run_or_no_selection_is_not_promoted(registered):
    layout, author = registered
    registry = files.read_json(layout.registry)
    registry["models"]["champion"]["run"] = evidence.finished(layout, author, "prior", 0).id
    files.write_json(layout.registry, registry)
    with pytest.raises(RunError, match="not the run that was selected"):
        evidence.promote(layout, "champion", "A. Tester")
    layout.selection.unlink()
    with pytest.raises(SealError, match="before a selection"):
        evidence.promote(layout, "champion", "A. Tester")


def test_a_demonstration_run_is_neither_registered_nor_promoted(registered):
    layout, author = registered
    path = layout.split("primary") / "split.json"
    files.write_json(path, files.read_json(path) | {"purpose": "demonstration"})
    with pytest.raises(RunError, match="demonstration split"):
        evidence.promote(layout, "champion", "A. Tester")
    with pytest.raises(RunError, match="demonstration split"):
        evidence.register(layout, author)


def test_rollback_goes_back_one_promotion_at_a_time(registered):
    layout, author = registered
    with pytest.raises(RunError, match="never promoted"):
        evidence.rollback(layout, "champion")
    first = evidence.promote(layout, "champion", "A. Tester")
    replace_choice(layout, author)
    assert entry(layout)["tags"] == ["candidate"]
    second = evidence.promote(layout, "champion", "B. Tester")
    assert second["run"] != first["run"]
    back = evidence.rollback(layout, "champion")
    assert (back["run"], back["approved_by"]) == (first["run"], "A. Tester")
    assert back["tags"] == ["deploy-ready"]
    assert evidence.rollback(layout, "champion")["tags"] == ["retired"]
    with pytest.raises(RunError, match="never promoted"):
        evidence.rollback(layout, "champion")
    actions = [step["action"] for step in entry(layout)["history"]]
    assert actions == ["register", "promote", "register", "promote", "rollback", "rollback"]
    assert all(step["time"].endswith("Z") for step in entry(layout)["history"])


def test_rollback_from_a_new_candidate_restores_the_promoted_model(registered):
    layout, author = registered
    first = evidence.promote(layout, "champion", "A. Tester")
    replace_choice(layout, author)
    assert evidence.rollback(layout, "champion")["run"] == first["run"]
    (layout.work / "weights.safetensors").unlink()
    replace_choice(layout, author)
    with pytest.raises(RunError, match="weights file is missing"):
        evidence.rollback(layout, "champion")


def test_newer_weights_of_the_same_run_are_a_candidate_and_the_older_ones_stay(registered):
    layout, author = registered
    first = evidence.promote(layout, "champion", "A. Tester")
    newer = layout.work / "newer.safetensors"
    newer.write_bytes(b"weights of a newer fold")
    candidate = evidence.register(layout, author, weights=newer)
    assert candidate["run"] == first["run"] and candidate["tags"] == ["candidate"]
    assert evidence.promote(layout, "champion", "B. Tester")["weights"] == "work/newer.safetensors"
    back = evidence.rollback(layout, "champion", "C. Tester")
    assert (back["weights"], back["approved_by"]) == (first["weights"], "A. Tester")
    assert [step["by"] for step in back["history"]] == [
        *(None, "A. Tester", None, "B. Tester", "C. Tester"),
    ]


def test_weights_written_over_promoted_ones_are_refused(registered):
    layout, author = registered
    path = layout.work / "weights.safetensors"
    evidence.promote(layout, "champion", "A. Tester")
    before = layout.registry.read_bytes()
    path.write_bytes(b"weights of a newer fold")
    with pytest.raises(RunError, match=r"written over .* promoted"):
        evidence.register(layout, author, weights=path)
    assert layout.registry.read_bytes() == before
    path.write_bytes(b"weights of good")
    evidence.register(layout, author, weights=path)
    evidence.rollback(layout, "champion")  # retired: nothing stands, so the file may change
    path.write_bytes(b"weights of a newer fold")
    assert evidence.register(layout, author, weights=path)["tags"] == ["candidate"]
