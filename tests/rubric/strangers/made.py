"""What the three strangers share: text files, notebooks and a history of commits."""

import json
from collections.abc import Sequence
from pathlib import Path

from rubric import graded

Step = tuple[int, str, dict[str, str]]  # day, message, files written


def notebook(*cells: str, outputs: bool = False) -> str:
    """Return a notebook; a cell that starts with "## " is Markdown."""
    made = []
    for number, cell in enumerate(cells, 1):
        lines = cell.strip("\n").splitlines(keepends=True)
        if cell.lstrip().startswith("## "):
            made.append({"cell_type": "markdown", "metadata": {}, "source": lines})
            continue
        shown = [{"output_type": "stream", "name": "stdout", "text": ["0.9431\n"]}]
        made.append(
            {
                "cell_type": "code",
                "execution_count": number if outputs else None,
                "metadata": {},
                "outputs": shown if outputs else [],
                "source": lines,
            }
        )
    told = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(told, indent=1)


def commit(root: Path, steps: Sequence[Step]) -> Path:
    """Write and commit each step on its day; return the repository."""
    root.mkdir(parents=True)
    graded.git(root, "init", "-q", "-b", "main")
    for day, message, files in steps:
        graded.write(root, files)
        graded.git(root, "add", "-A")
        graded.git(root, "commit", "-q", "-m", message, day=day)
    return root
