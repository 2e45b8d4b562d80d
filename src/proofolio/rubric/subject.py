"""One project as the checks see it: files, history, evidence, pages, what the author states."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from proofolio.project.sections import answered
from proofolio.rubric.history import History
from proofolio.rubric.proof import MOST_PAGE, MOST_PAGES, Proof
from proofolio.rubric.tree import DATA, Tree

if TYPE_CHECKING:
    from proofolio.contract import Run
    from proofolio.verify.load import Evidence

_CODE_FOLDERS = ("tests/", "test/", "notebooks/", "docs/")


@dataclass
class Subject:
    """A graded project. `proof` is None for static checks, which read files alone."""

    tree: Tree
    history: History
    proof: Proof | None = None
    shipped: bool = True  # compare with the case studies that ship with Proofolio

    @property
    def e(self) -> "Evidence | None":
        """The verified evidence, or None."""
        return self.proof.e if self.proof else None

    def broken(self, code: str) -> list[str]:
        """What verification found against a criterion, as lines."""
        return self.proof.broken(code) if self.proof else []

    @property
    def without(self) -> str:
        """Why there is no evidence, for a message."""
        return self.proof.why if self.proof and self.proof.why else "there is no evidence folder"

    @cached_property
    def project(self) -> dict[str, Any]:
        """`project.yaml` as plain data; empty where there is none."""
        found = self.tree.yaml("project.yaml")
        return found if isinstance(found, dict) else {}

    def stated(self, *path: str) -> str:
        """Return an answer of project.yaml at a path of keys; empty for placeholders."""
        found: Any = self.project
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        text = "" if found is None or isinstance(found, dict | list) else str(found).strip()
        return text if answered(text) else ""

    @cached_property
    def readme_name(self) -> str | None:
        """Path of the README at the root."""
        return self.tree.first("readme.md", "readme.rst", "readme.txt", "readme")

    @cached_property
    def readme(self) -> str:
        """The README's text, at most as long as a page may be; empty where there is none."""
        return self.tree.text(self.readme_name)[:MOST_PAGE] if self.readme_name else ""

    @cached_property
    def pages(self) -> dict[str, str]:
        """Markdown of the root and docs/ by path, README first."""
        names = [self.readme_name] if self.readme_name else []
        at_root = [n for n in self.tree.match("*.md") if "/" not in n or n.startswith("docs/")]
        names += [n for n in at_root if n not in names and not n.startswith("docs/result/")]
        found, left = {}, MOST_PAGES
        for name in names[:60]:
            found[name] = self.tree.text(name)[: min(left, MOST_PAGE)]
            left -= len(found[name])
        return found

    @cached_property
    def prose(self) -> str:
        """README and docs in lower case: where a stranger states what no file proves."""
        return "\n".join(self.pages.values()).lower()

    def says(self, pattern: str) -> str | None:
        """Return the sentence around the first match of a pattern in the prose, or None."""
        found = re.search(pattern, self.prose)
        if found is None:
            return None
        text = self.prose[max(0, found.start() - 60) : found.end() + 60]
        return "prose: ..." + " ".join(text.split()) + "..."

    @cached_property
    def code(self) -> dict[str, str]:
        """Python modules outside tests, notebooks and data, by path, at most 300."""
        return dict(self._python(tests=False))

    @cached_property
    def tests(self) -> dict[str, str]:
        """Test modules by path."""
        return dict(self._python(tests=True))

    def _python(self, *, tests: bool) -> Iterator[tuple[str, str]]:
        for name in self.tree.match("*.py")[:600]:
            parts = name.split("/")
            is_test = parts[-1].startswith("test_") or parts[-1].endswith("_test.py")
            if parts[0] in DATA or any(f"/{folder}" in f"/{name}" for folder in _CODE_FOLDERS[2:]):
                continue
            inside = any(f"/{folder}" in f"/{name}" for folder in _CODE_FOLDERS[:2])
            if is_test if tests else not (is_test or inside):
                yield name, self.tree.text(name)

    def in_code(self, pattern: str) -> str | None:
        """Return `file:line` of the first match of a pattern in code or notebooks, or None."""
        for name, text in {**self.code, **self.notebook_code}.items():
            found = re.search(pattern, text)
            if found:
                return f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
        return None

    @cached_property
    def notebooks(self) -> dict[str, list[dict[str, Any]]]:
        """Cells of each .ipynb by path; unreadable ones have none."""
        found = {}
        for name in self.tree.match("*.ipynb")[:200]:
            value = self.tree.json(name)
            cells = value.get("cells") if isinstance(value, dict) else None
            found[name] = [c for c in cells or [] if isinstance(c, dict)]
        return found

    @cached_property
    def notebook_code(self) -> dict[str, str]:
        """Code of each notebook by path, cells one after another."""
        return {
            name: "\n".join(source(c) for c in cells if c.get("cell_type") == "code")
            for name, cells in self.notebooks.items()
        }

    @cached_property
    def primary_runs(self) -> list["Run"]:
        """Finished runs on the primary split."""
        if self.e is None or self.e.primary is None:
            return []
        name = self.e.primary.name
        return [r for r in self.e.runs.values() if r.status == "finished" and r.split == name]

    @cached_property
    def metric(self) -> str | None:
        """The primary metric: declared, or the one that the selection's criterion names."""
        told = self.stated("metric", "primary")
        if told or self.e is None or self.e.selection is None:
            return told or None
        return next(iter(re.findall(r"val (\w+)", self.e.selection.criterion)), None)

    @cached_property
    def chosen(self) -> str | None:
        """The chosen configuration, or, before a selection, the one with the best value on val."""
        if self.e is None:
            return None
        if self.e.selection is not None:
            return self.e.selection.choice.name
        from proofolio.evidence import choice

        values: dict[str, list[float]] = {}
        for run in self.primary_runs:
            found = run.metrics.get("val", {}).get(self.metric or "")
            if found is not None and found.value is not None:
                values.setdefault(run.name, []).append(found.value)
        if not values:
            return None
        sign = 1 if choice.criterion(self.metric).startswith("highest") else -1
        return max(values, key=lambda name: sign * sum(values[name]) / len(values[name]))


def source(cell: dict[str, Any]) -> str:
    """Return a notebook cell's source as text."""
    text = cell.get("source", "")
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
