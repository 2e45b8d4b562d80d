"""After the choice: open the sealed test set once, and look at mistakes.

    python -m fraud_sequences evaluate

Metrics, intervals, calibration and threshold are computed by `proofolio` from the predictions that
each run stored before anyone saw a test label. What is particular to your problem goes here.
"""

from pathlib import Path

import pandas as pd
from proofolio import errors, evidence, stages, table
from proofolio import project as projects
from proofolio.contract import Layout, Run, RunError


def open_test(root: Path, reason: str) -> None:
    """Open test for the committed selection, once, and say why; later calls open nothing."""
    stages.evaluate(root, reason=reason)


def chosen(root: Path) -> Run:
    """Return the run that was selected, or before a selection the ladder's last finished one."""
    layout, author = Layout(root), projects.load(root)
    selection = evidence.selection(layout)
    if selection is not None:
        return evidence.run(layout, selection.choice.run)
    split = author.primary_split.name
    for experiment in (e for e in reversed(author.ladder) if e.split == split):
        for seed in experiment.seeds or author.seeds:
            run = evidence.finished(layout, author, experiment.name, seed)
            if run is not None:
                return run
    raise RunError("no run is finished", remedy="run the step train first")


def mistakes(root: Path, part: str = "val", k: int = 12) -> pd.DataFrame:
    """Return the `k` mistakes of which the chosen run was surest, with the event of each."""
    layout, run = Layout(root), chosen(root)
    predictions, examples = evidence.predictions(layout, run), table.read_examples(layout)
    columns = ["id", "unit", "label", "decided", "probability"]
    rows = pd.DataFrame(errors.surest(run, predictions, examples, part, k), columns=columns)
    events = table.read(layout).drop(columns=["unit", "label", "cluster"])
    return rows.merge(events, on="id", how="left")


def slices(root: Path, part: str = "val") -> pd.DataFrame:
    """Return the primary metric of the chosen run for every slice, with its interval."""
    layout, run, author = Layout(root), chosen(root), projects.load(root)
    predictions, examples = evidence.predictions(layout, run), table.read_examples(layout)
    names = [author.metric.primary]
    by = ["fold", "day"]
    return pd.DataFrame(errors.slice_table(run, predictions, examples, part, names, by=by))
