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
        why = self.proof.why if self.proof else ""
        return why.split(" (")[0] if self.bare else why

    @property
    def bare(self) -> bool:
        """Whether the project records nothing by the contract: its statements are all there is."""
        return "evidence/contract.json" not in self.tree

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
        """Return place and words of a pattern's first match in the prose, any case, or None."""
        for name, page in self.pages.items():
            if found := re.search(pattern, page, re.IGNORECASE):
                text = page[max(0, found.start() - 60) : found.end() + 60]
                line = page.count("\n", 0, found.start()) + 1
                return f"{name}:{line}: ...{' '.join(text.split())}..."
        return None

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
            if _in_data(name) or any(f"/{folder}" in f"/{name}" for folder in _CODE_FOLDERS[2:]):
                continue
            inside = any(f"/{folder}" in f"/{name}" for folder in _CODE_FOLDERS[:2])
            if is_test if tests else not (is_test or inside):
                yield name, self.tree.text(name)

    @cached_property
    def sources(self) -> dict[str, str]:
        """Code of modules, then of notebooks, by path."""
        return {**self.code, **self.notebook_code}

    def in_code(self, pattern: str) -> str | None:
        """Return the place of a pattern's first match in code, comments aside, or None."""
        for name, text in self.sources.items():
            for found in re.finditer(pattern, text):
                if not text[text.rfind("\n", 0, found.start()) + 1 :].lstrip().startswith("#"):
                    return self.place(name, text.count("\n", 0, found.start()) + 1)
        return None

    def place(self, name: str, line: int) -> str:
        """Return `file:line`; in a notebook the code cell and the line in it."""
        for number, cell in enumerate(self._code_cells(name), 1):
            length = source(cell).count("\n") + 1
            if line <= length:
                return f"{name}: code cell {number}, line {line}"
            line -= length
        return f"{name}:{line}"

    @cached_property
    def settings(self) -> dict[str, str]:
        """YAML, TOML and shell files outside data and CI by path, at most 100."""
        found = self.tree.match("*.yaml", "*.yml", "*.toml", "*.sh", "makefile")
        own = [n for n in found if not n.startswith((".", "evidence/")) and not _in_data(n)]
        return {n: self.tree.text(n) for n in own[:100] if self.tree.sizes[n] < MOST_PAGE}

    def in_settings(self, pattern: str) -> str | None:
        """Return `file:line` of a pattern's first match in settings, or None."""
        for name, text in self.settings.items():
            if found := re.search(pattern, text):
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
            name: "\n".join(source(c) for c in self._code_cells(name)) for name in self.notebooks
        }

    def _code_cells(self, name: str) -> list[dict[str, Any]]:
        return [c for c in self.notebooks.get(name, ()) if c.get("cell_type") == "code"]

    @cached_property
    def primary_runs(self) -> list["Run"]:
        """Finished runs on the primary split, trials of tuning left out."""
        if self.e is None or self.e.primary is None:
            return []
        name = self.e.primary.name
        done = [r for r in self.e.runs.values() if r.status == "finished" and not r.is_trial]
        return [r for r in done if r.split == name]

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


def _in_data(name: str) -> bool:
    return name.split("/")[0] in DATA


def source(cell: dict[str, Any]) -> str:
    """Return a notebook cell's source as text."""
    text = cell.get("source", "")
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
