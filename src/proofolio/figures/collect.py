"""Every figure of a project from its evidence: stored predictions, histories and metrics alone."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from proofolio import files, splits
from proofolio.contract import Layout, Run
from proofolio.figures import bars, curves, decided, operation, rungs, timeline, words
from proofolio.figures.canvas import Drawing
from proofolio.figures.decided import hit_and_confidence
from proofolio.figures.facts import Facts
from proofolio.project import Project

MANY = 12  # configurations; a figure of more is taller than a screen
_POOLED = (
    "The curve pools the events of all folds, whose models differ; the value with its interval is "
    "the mean over the folds, as in the tables."
)
_PARTS = ("train", "val", "calib", "test")


def collect(facts: Facts) -> list[Drawing]:
    """Return the project's figures, test only where it was opened; nothing is written.

    Names: ladder, ladder_best (of more than MANY configurations), class_balance, folds (of events),
    learning_curves_<configuration>, and roc_, pr_, reliability_, confusion_ with the part; besides
    those of `decided.collect` and `operation.collect`. What has no evidence yet gives no figure.
    """
    drawings = [*_ladder(facts), *_balance(facts), *_learning(facts)]
    if facts.chosen is not None and facts.chosen.predictions == "kept":
        for part in facts.parts:
            drawings += _of_run(facts, facts.chosen, part)
    return [*drawings, *decided.collect(facts), *operation.collect(facts)]


def all_figures(layout: Layout, project: Project) -> list[Drawing]:
    """Write `evidence/figures/*.svg`, drop those no longer drawn, and return what was drawn."""
    drawings = collect(Facts(layout, project))
    for drawing in drawings:
        files.write_text(layout.figures / f"{drawing.name}.svg", drawing.svg)
    for stale in {p.stem for p in layout.figures.glob("*.svg")} - {d.name for d in drawings}:
        (layout.figures / f"{stale}.svg").unlink()
    return drawings


def _ladder(facts: Facts) -> Iterator[Drawing]:
    rows = []
    for name, runs in facts.configurations.items():
        for part in facts.parts:
            bound = facts.mean(name, part)
            if bound.value is not None:
                interval = (bound.value, bound.ci_low, bound.ci_high)
                rows.append((name, runs[0].rung, part, len(runs), *interval))
    if not rows:
        return
    columns = ["name", "rung", "part", "seeds", "value", "ci_low", "ci_high"]
    numeric = dict.fromkeys(columns[4:], float)
    table = pd.DataFrame(rows, columns=columns).astype(numeric)
    title = f"Ladder: {words.metric(facts.metric)} of every configuration"
    marks = {"target": facts.project.metric.target}
    marks["chosen"] = facts.selection.choice.name if facts.selection else None
    yield rungs.ladder("ladder", title, table, facts.metric, **marks)
    if table["name"].nunique() > MANY:
        few = table[table["name"].isin(_first(facts))]
        title = f"Ladder: {words.metric(facts.metric)} of the best of each rung and its comparisons"
        yield rungs.ladder("ladder_best", title, few, facts.metric, **marks)


def _first(facts: Facts) -> set[str]:
    """Return the best of each rung on val, the chosen configuration and the fixed comparisons."""
    rungs_best = {facts.configurations[n][0].rung: n for n in reversed(facts.ranked)}
    kept = {*rungs_best.values(), *facts.project.fixed_comparisons}
    if facts.selection is not None:
        kept |= {facts.selection.choice.name, *facts.selection.fixed_comparisons}
    return kept


def _balance(facts: Facts) -> Iterator[Drawing]:
    if not (facts.layout.examples.is_file() and facts.configurations):
        return
    name = facts.project.primary_split.name
    if splits.info(facts.layout, name).by_time:
        windows = splits.windows(facts.layout, name)
        yield timeline.folds("folds", "Folds of the split, oldest first", windows)
    rows = facts.labelled_parts.drop_duplicates(["id", "part"])
    counts = pd.crosstab(rows["part"], rows["label"])
    present = [p for p in (*_PARTS, "heldout") if p in counts.index]
    counts = counts.reindex(index=present, columns=facts.classes, fill_value=0)
    yield bars.class_balance("class_balance", "Class balance of each part", counts)


def _learning(facts: Facts) -> Iterator[Drawing]:
    for name, runs in facts.configurations.items():
        histories = {}
        for run in runs:
            path = facts.layout.run(run.id) / "history.csv"
            history = pd.read_csv(path) if path.is_file() else pd.DataFrame()
            if len(history) > 1:
                histories[run.seed] = history
        if histories:
            title = f"Learning curves of {name}"
            file = f"learning_curves_{name}"
            yield curves.learning_curves(file, title, histories, facts.metric)


def _of_run(facts: Facts, run: Run, part: str) -> Iterator[Drawing]:
    from proofolio import errors, evidence, scoring

    stored = evidence.predictions(facts.layout, run)
    joined = scoring.join_run(run, stored, facts.examples, part)
    y, p = joined.y, joined.calibrated
    measured, of = run.metrics.get(part, {}), f"{run.name} on {words.part(part)}"
    threshold = run.decision.threshold if run.decision else None
    if run.positive_class is not None and 0 < y.sum() < len(y):
        at = {"threshold": threshold, "note": "" if joined.rounds is None else _POOLED}
        title = f"ROC curve of {of}"
        yield curves.roc(f"roc_{part}", title, y, p, auroc=measured.get("auroc"), **at)
        ap = measured.get("average_precision")
        title = f"Precision-recall curve of {of}"
        yield curves.precision_recall(f"pr_{part}", title, y, p, average_precision=ap, **at)
    if "ece" in measured:
        both = {"ece_raw": measured.get("ece_raw"), "ece": measured["ece"]}
        shown = (hit_and_confidence(y, joined.stored), hit_and_confidence(y, p))
        title = f"Reliability of {of}"
        yield curves.reliability(f"reliability_{part}", title, *shown, **both)
    if run.positive_class is None or threshold is not None:
        counts = errors.confusion_counts(run, stored, facts.examples, part)
        title = f"Confusion of {of}"
        yield bars.confusion(f"confusion_{part}", title, *_positive_last(run, counts))


def _positive_last(run: Run, counts: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the (k, k) counts and their classes with the positive class in the last corner."""
    order = sorted(range(len(run.classes)), key=lambda i: run.classes[i] == run.positive_class)
    return counts[np.ix_(order, order)], [run.classes[i] for i in order]
