"""The steps from table to published page, in order, for the command line and generated projects.

Each step reads what the steps before it wrote, prints one line about what it did, and changes no
file when nothing changed. Heavy rooms are imported where they are used: a light step stays fast.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from proofolio import files, project
from proofolio.contract import Layout

if TYPE_CHECKING:
    import pandas as pd

    from proofolio.contract import Finding
    from proofolio.verify import Report


def prepare(root: Path, frame: pd.DataFrame) -> None:
    """Check the author's table, scan its files, find duplicates and record the data set."""
    from proofolio import table

    prepared = table.prepare(frame, Layout(root), project.load(root))
    print(
        f"prepare: {len(prepared):,} examples of {prepared['unit'].nunique():,} units "
        f"in {prepared['cluster'].nunique():,} clusters"
    )


def split(root: Path) -> None:
    """Make every split named in `project.yaml`; an existing equal split is left alone."""
    from proofolio import splits, table

    layout = Layout(root)
    prepared, author = table.read(layout), project.load(root)
    for spec in author.splits:
        made = splits.make(prepared, spec, positive_class=author.positive_class)
        splits.write(layout, made)
        shares = ", ".join(f"{part} {share:.3f}" for part, share in made.info.achieved.items())
        print(f"split {spec.name} ({spec.strategy}): {shares}")


def audit(root: Path, *, test: bool = False) -> list[Finding]:
    """Look for leaks and shortcuts and record the findings; on test only after its opening.

    Returns the findings that failed.
    """
    from proofolio import audit as room

    findings = room.run(Layout(root), project.load(root), test=test)
    for finding in findings:
        if finding.status in ("warn", "fail"):
            print(f"audit {finding.status}: {finding.check}: {finding.explanation}")
    counts = {s: sum(f.status == s for f in findings) for s in ("pass", "warn", "fail")}
    print("audit: " + ", ".join(f"{n} {status}" for status, n in counts.items()))
    return [finding for finding in findings if finding.status == "fail"]


def select(
    root: Path,
    *,
    export: Callable[[Layout, str], Path | None] | None = None,
    remade_by: str | None = None,
) -> None:
    """Choose on val, write the choice down, commit it, and register the chosen run as candidate.

    `export(layout, run id)` returns the weights file to register, for projects that have one;
    `remade_by` is the command that makes it again, where it is no file that the run recorded.
    """
    from proofolio import evidence

    layout, author = Layout(root), project.load(root)
    selection = evidence.select(layout, author)
    weights = export(layout, selection.choice.run) if export else None
    evidence.register(layout, author, weights=weights, remade_by=remade_by)
    ties = f" (tied with {', '.join(selection.choice.ties)})" if selection.choice.ties else ""
    print(f"select: {selection.choice.name}{ties} by {selection.criterion}")


def evaluate(root: Path, *, reason: str = "final evaluation of the committed selection") -> None:
    """Open the sealed test set for the committed selection, and audit its shortcuts."""
    from proofolio import evidence

    layout, author = Layout(root), project.load(root)
    opened = evidence.open_test(layout, author, reason)
    audit(root, test=True)
    for run in opened:
        metric = run.metrics["test"].get(author.metric.primary)
        if metric is not None and metric.value is not None:
            low, high = metric.ci_low, metric.ci_high
            interval = "" if low is None else f" ({metric.level:.0%} CI {low:.3f}-{high:.3f})"
            print(f"evaluate: {run.id}: {author.metric.primary} {metric.value:.3f}{interval}")


def cards(root: Path) -> None:
    """Summarise runs into results, draw figures, write both cards and every claim's text."""
    from proofolio import cards as room
    from proofolio import claims, evidence, figures

    layout, author = Layout(root), project.load(root)
    evidence.conclude(layout, author)
    files.write_json(layout.references, [r.model_dump() for r in author.references])
    evidence.summarise(layout, author)
    figures.all_figures(layout, author)
    room.write(layout, author)
    changed = claims.write(layout.root)
    print(f"cards: MODEL_CARD.md, DATA_CARD.md; {changed} file(s) with refreshed claims")


def pages(root: Path, into: Path | None = None, *, notebooks: bool = False) -> None:
    """Write the project's result page, by default into its own `docs/result/`."""
    from proofolio import pages as room

    index = room.write(Layout(root), project.load(root), into, run_notebooks=notebooks)
    print(f"pages: {index}")


def verify(root: Path) -> Report:
    """Check every rule of the evidence contract from the committed evidence alone."""
    from proofolio import verify as room

    report = room.run(root)
    for note in report.notes:
        print(f"note: {note}")
    for problem in report.problems:
        print(f"broken: {problem}")
    print(f"verify: {len(report.problems)} problem(s), {len(report.notes)} note(s)")
    return report
