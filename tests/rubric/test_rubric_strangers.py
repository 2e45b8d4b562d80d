"""Repositories that know nothing of the contract: three shapes, each with its golden report.

A golden report holds what the grader says of a shape: without paths, times and commit names. Where
a check was changed on purpose, read the difference as a mentor would, then write them anew:

    python tests/rubric/test_rubric_strangers.py
"""

import re
import sys
import tempfile
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
from rubric import graded
from rubric.strangers import hydra, made, notebooks, science

from proofolio import files
from proofolio.rubric import grade

GOLDEN = Path(__file__).parent / "strangers" / "golden"
SHAPES = {"notebooks": notebooks, "science": science, "hydra": hydra}


def report(root):
    """Return what the grader says, without what differs from machine to machine."""
    told = grade.result(grade.examine(root))
    criteria = {
        c["code"]: {
            "status": c["status"],
            "points": c["points"],
            "message": c["message"],
            "evidence": [re.sub(r"^[0-9a-f]{8} ", "", line) for line in c["evidence"]],
        }
        for c in told["criteria"]
        if c["how"] != "human"
    }
    kept = {key: told[key] for key in ("grade", "provisional", "total", "gates", "notes")}
    return {**kept, "criteria": criteria}


@pytest.fixture(scope="module", params=SHAPES)
def shape(request, tmp_path_factory):
    root = SHAPES[request.param].write(tmp_path_factory.mktemp(request.param) / "repo")
    return request.param, report(root)


def test_the_report_is_the_golden_one(shape):
    name, told = shape
    golden = files.read_json(GOLDEN / f"{name}.json")
    for code, found in told["criteria"].items():
        assert (code, found) == (code, golden["criteria"][code])
    assert told == golden


CUT = "X_train, X_test = train_test_split(X)\n"
CODE = {
    "rows drawn singly": ("SL1", "fail", CUT),
    "units drawn": ("SL1", "partial", "a, b = train_test_split(df['patient_id'].unique())\n"),
    "a table of patients is not a list of them": ("SL1", "fail", "train_test_split(patient_df)\n"),
    "folds by group": ("SL1", "partial", "StratifiedGroupKFold(5).split(X, y, g)\n"),
    "a split in a comment": ("SL1", "fail", "# StratifiedGroupKFold(5)\n" + CUT),
    "a scaler before the split": ("SL5", "fail", "X = StandardScaler().fit_transform(X)\n" + CUT),
    "oversampling before the split": ("SL5", "fail", "X, y = SMOTE().fit_resample(X, y)\n" + CUT),
    "a scaler after the split": ("SL5", "partial", CUT + "s.fit_transform(X)\nPipeline([])\n"),
    "labels encoded before the split": (
        "SL5", "partial", "y = LabelEncoder().fit_transform(y)\n" + CUT + "make_pipeline()\n"),
    "a function that runs after the split": (
        "SL5", "partial",
        f"def fit(X):\n    return s.fit_transform(X)\n\n\n{CUT}Pipeline([fit(X_train)])\n"),
    "test as validation data": ("SL6", "fail", "m.fit(a, b, validation_data=(X_test, y_test))\n"),
    "a test loader in the loop": ("SL6", "fail", "trainer.fit(model, train_loader, test_loader)\n"),
    "a test part": ("SL6", "partial", "trainer.fit(model, a, b)\ntrainer.test(model, c)\n"),
    "one family of models": ("BU1", "fail", "m = RandomForestClassifier()\n"),
    "two families of models": ("BU1", "partial", "ExtraTreesClassifier()\nLogisticRegression()\n"),
    "a dummy": ("BU1", "partial", "m = DummyClassifier()\n"),
    "no seed": ("BU4", "fail", CUT),
    "one seed": ("BU4", "fail", "seed_everything(42)\n"),
    "three seeds": ("BU4", "partial", "SEEDS = [0, 1, 2]\n"),
    "a bootstrap": ("BU3", "partial", "low, high = np.percentile(values, [2.5, 97.5])\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CODE)
def test_what_code_shows(name, tmp_path):
    code, status, text = CODE[name]
    graded.write(tmp_path, {"src/train.py": text})
    found = grade.examine(tmp_path).outcomes[code]
    assert found.status == status, found
    cells = {"train.ipynb": made.notebook("## Read", "import x", text)}
    graded.write(tmp_path / "notebook", cells)
    found = grade.examine(tmp_path / "notebook").outcomes[code]
    assert found.status == status, found


def test_a_place_in_a_notebook_is_a_cell(tmp_path):
    cells = made.notebook("## Read", "import x\n\nimport y", f"# cut\n{CUT}")
    graded.write(tmp_path, {"train.ipynb": cells})
    found = grade.examine(tmp_path).outcomes["SL1"]
    assert found.evidence[0] == "train.ipynb: code cell 2, line 2"


def test_seeds_and_experiments_are_seen_in_settings(tmp_path):
    settings = {f"configs/experiment/{n}.yaml": "seeds: [1, 2, 3]\n" for n in "ab"}
    graded.write(tmp_path, settings)
    found = grade.examine(tmp_path).outcomes
    assert (found["BU4"].status, found["BU6"].status) == ("partial", "partial")


def test_pins_of_a_pyproject_count(tmp_path):
    pins = '[project]\ndependencies = ["torch==2.9.0", "numpy==2.4.0", "pandas==2.3.3"]\n'
    graded.write(tmp_path, {"pyproject.toml": pins})
    assert grade.examine(tmp_path).outcomes["RT1"].status == "pass"
    graded.write(tmp_path, {"pyproject.toml": pins.replace("==", ">=")})
    assert grade.examine(tmp_path).outcomes["RT1"].status == "partial"


def test_a_notebook_that_repeats_the_modules_is_told_of(tmp_path):
    files_ = {"src/m.py": "x = 1\n" * 9, "a.ipynb": made.notebook("import numpy")}
    graded.write(tmp_path, files_)
    assert grade.examine(tmp_path).outcomes["RT5"].status == "partial"
    graded.write(tmp_path, {"a.ipynb": made.notebook("from src.m import x")})
    assert grade.examine(tmp_path).outcomes["RT5"].status == "pass"


def test_the_result_may_not_stand_before_the_decision(tmp_path):
    said = ["The task is hard.", "Nurses decide by it.", "Results: 0.9."]
    graded.write(tmp_path, {"README.md": " ".join(said)})
    assert grade.examine(tmp_path).outcomes["CO1"].status == "pass"
    graded.write(tmp_path, {"README.md": " ".join([said[0], said[2], said[1]])})
    assert grade.examine(tmp_path).outcomes["CO1"].status == "partial"


if __name__ == "__main__":
    for name, of in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            files.write_json(GOLDEN / f"{name}.json", report(of.write(Path(folder) / "repo")))
