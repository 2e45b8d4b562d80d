"""What ships with Proofolio: text of the template, and marks of the case studies' evidence.

`originals.json` is written from the repository by `python -m proofolio.rubric.originals ROOT`; a
test compares it with the repository, so it can't go stale.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from proofolio.rubric.parsing import without

MOST_MARKS = 10_000  # lines of a log, and predictions
SHORTEST = 40  # characters of a fragment that could hardly be written twice by chance
_BREAK = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<!--.*?-->|\n\s*\n|\n#.*\n|```", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"\bTODO\b|\bFIXME\b|\bTBD\b|lorem ipsum|cookiecutter\.|\{\{[^{}]{0,200}\}\}|<your[- ]"
    r"|insert \w+ here|a short description of the project\b|your project name",
    re.IGNORECASE,
)


def placeholders(text: str) -> list[str]:
    """Return the placeholders in a text, each once."""
    return sorted({m[0] for m in _PLACEHOLDER.finditer(text)})


def plain(text: str) -> str:
    """Return a text for comparison: lower case, letters and digits, single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def fragments(template: str) -> list[str]:
    """Return the pieces of a template between its blanks, long enough to be told apart."""
    found = (plain(piece) for piece in _BREAK.split(template))
    return sorted({piece for piece in found if len(piece) >= SHORTEST})


def kept(text: str, pieces: Iterable[str]) -> list[str]:
    """Return the pieces of the template that stand unedited in a text."""
    own = plain(without(text, "<!--", "-->"))
    return [piece for piece in pieces if piece in own]


def marks(log: str, runs: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """Return what identifies evidence: hashes of log lines and of predictions that differ.

    A log line carries its time and the hash of the line before, so two projects never share one
    by chance. Predictions of equal inputs can be equal where nothing is learnt, so several count.
    """
    lines = [
        hashlib.sha256(line.encode()).hexdigest()[:16]
        for line in log.splitlines()[:MOST_MARKS]
        if line
    ]
    predicted = {str(r.get("predictions_sha256"))[:16] for r in runs if r.get("predictions_sha256")}
    return {"log": lines, "predictions": sorted(predicted)}


def shared(a: dict[str, list[str]], b: dict[str, list[str]]) -> str:
    """Return what two projects' evidence has in common, in words; empty for nothing."""
    lines = set(a["log"]) & set(b["log"])
    if lines:
        return f"{len(lines)} line(s) of the log of runs"
    equal = set(a["predictions"]) & set(b["predictions"])
    if len(equal) >= 2 and 2 * len(equal) >= min(len(a["predictions"]), len(b["predictions"])):
        return f"the predictions of {len(equal)} runs"
    return ""


@lru_cache
def shipped() -> dict[str, Any]:
    """Return `originals.json`: template fragments by kind and file, marks by case study."""
    path = resources.files("proofolio.rubric").joinpath("originals.json")
    return json.loads(path.read_text(encoding="utf-8"))


def collect(repository: Path) -> dict[str, Any]:
    """Return what `originals.json` holds, read from a checkout of Proofolio."""
    template, found = repository / "template", {"template": {}, "cases": {}}
    readme = (template / "README.md.jinja").read_text(encoding="utf-8")
    found["template"]["README.md"] = fragments(readme.split("## Reproduce it")[0])
    for path in sorted(template.glob("*project.yaml*.jinja")):
        kind = "events" if "events" in path.name else "image"
        values = re.findall(r":\s+(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        found["template"][f"project.yaml {kind}"] = fragments("\n\n".join(values))
    for path in sorted((repository / "case_studies").glob("*/evidence/runs.jsonl")):
        runs = [json.loads(p.read_text()) for p in sorted(path.parent.glob("runs/*/run.json"))]
        found["cases"][path.parent.parent.name] = marks(path.read_text(encoding="utf-8"), runs)
    return found


def is_home(folder: Path) -> bool:
    """Whether a project is a case study inside a checkout of Proofolio, not a copy of one."""
    top = folder.parent.parent
    return folder.parent.name == "case_studies" and (top / "copier.yml").is_file()


if __name__ == "__main__":
    from proofolio import files

    files.write_json(Path(__file__).with_name("originals.json"), collect(Path(sys.argv[1])))
