"""The house itself: imports run down, files stay small, nothing private is committed."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "proofolio"
FLOORS = (
    {"contract"},
    {"files", "memo"},
    {"project"},
    {"duplicates", "images", "metrics", "table"},
    {"decisions"},
    {"splits", "scoring"},
    {"errors"},
    {"evidence"},
    {"audit", "claims", "figures"},
    {"verify", "cards", "pages"},
    {"stages"},
    {"rubric"},
    {"cli"},
)
LEVEL = {room: level for level, floor in enumerate(FLOORS) for room in floor}
MODULES = sorted(SOURCE.rglob("*.py")) + sorted((ROOT / "src" / "proofolio_torch").rglob("*.py"))


def imported_names(text: str) -> list[str]:
    """Return the dotted names that a module imports, anywhere in it."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def rooms_imported(text: str) -> set[str]:
    """Return the rooms of `proofolio` that a module imports."""
    split = (name.split(".") for name in imported_names(text))
    return {parts[1] for parts in split if parts[0] == "proofolio" and len(parts) > 1} & set(LEVEL)


def test_every_room_has_a_floor():
    rooms = {p.stem for p in SOURCE.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert rooms - {"__init__"} == set(LEVEL)


def test_contributing_shows_the_same_floors():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = text.split("## The order of the rooms")[1].split("```")[1].strip().splitlines()
    assert [set(line.split()) for line in shown] == [set(floor) for floor in reversed(FLOORS)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_imports_run_down(path):
    inside = path.relative_to(ROOT / "src").parts
    imports = rooms_imported(path.read_text())
    if inside[0] == "proofolio_torch":
        return
    assert not any(
        n.split(".")[0] in ("torch", "proofolio_torch") for n in imported_names(path.read_text())
    )
    room = Path(inside[1]).stem
    if room == "__init__":
        assert not imports
        return
    upward = {other for other in imports - {room} if LEVEL[other] > LEVEL[room]}
    assert not upward, f"{room} imports {upward} from a floor above"


def test_an_upward_import_would_be_seen():
    assert rooms_imported("def f():\n    from proofolio import cards, claims\n") == {
        "cards",
        "claims",
    }
    assert rooms_imported("from proofolio.evidence.log import x") == {"evidence"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_modules_stay_small(path):
    assert len(path.read_text().splitlines()) <= 260, "two reasons to change? make it two files"


def test_importing_the_proof_is_light():
    code = "import sys, proofolio.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "matplotlib", "sklearn", "pandas", "huggingface_hub"} & set(loaded)


def tracked_text() -> dict[str, str]:
    """Return the text of every file git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return {
        str(p.relative_to(ROOT)): p.read_bytes().decode("utf-8", "ignore")
        for p in paths
        if p.is_file() and p.suffix not in {".parquet", ".safetensors", ".png"}
    }


PRIVATE = re.compile(r"(?<![\w.<{$-])/(?:work|root|home/[a-z]+|Users/[a-z]+)/")


def test_nothing_private_is_tracked():
    files = tracked_text()
    if not files:
        pytest.skip("not a git checkout")
    guilty = [name for name, text in files.items() if PRIVATE.search(text)]
    assert not guilty, f"paths of a machine in {guilty}"
    assert not [n for n in files if n.endswith((".pkl", ".pickle", ".joblib", ".pt", ".pth"))]


def test_a_machine_path_would_be_seen():
    assert PRIVATE.search("open('/" + "home/someone/data.csv')")
    assert not PRIVATE.search("src/network/cache and https://example.org/home")
