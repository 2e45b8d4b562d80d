"""What is computed for every project: the standing results, their names and settings.

Of every configuration its mean over seeds, of every experiment its difference to its parent, and
of the chosen configuration (before the choice: of the best on val so far) what it is compared with,
what its decision does and where it errs. Nothing is computed here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from proofolio import metrics, scoring, splits
from proofolio.contract import OOD, Layout, Run
from proofolio.evidence import choice, store, tables
from proofolio.project import Project

Planned = tuple[str, dict[str, Any], dict[str, Any]]  # kind, inputs, parameters

DRAWN = {"resamples": tables.RESAMPLES, "level": tables.LEVEL, "seed": tables.SEED}
THRESHOLDS = [round(0.05 * step, 2) for step in range(1, 20)]
SETTINGS: dict[str, dict[str, Any]] = {
    "threshold_table": {"thresholds": THRESHOLDS},
    "mistakes": {"k": 20},
    "class_table": {},
    "threshold_transfer": {"targets": [0.9, 0.95, 0.975, 0.99]},
    "decision_curve": {"grid": [round(0.01 * step, 2) for step in range(1, 100)]},
    "risk_coverage": {"targets": [1.0, 0.95, 0.9, 0.8, 0.7, 0.5]},
    "conformal": {"levels": [0.8, 0.9, 0.95, 0.99]},
    "ood": {"keep": 0.95},
    "label_noise": {"rows": "candidates"},
    "confused_pairs": {"k": 12},
    "budget": {"budgets": [20, 50, 100, 200]},
    "ceiling": {},
    "detection_delay": {"budgets": [100]},
    "cost": {"ratios": [[1, 1], [2, 1], [5, 1], [10, 1], [20, 1], [50, 1]]},
}
OF_EVENTS = ("average_precision", "auroc", "card_precision_at_100", "precision", "recall")
UNDRAWN = (
    "threshold_table",
    "mistakes",
    "confusion",
    "label_noise",
    "confused_pairs",
)  # kinds without intervals
NAMES = {
    "seed_mean": "seed_mean_{config}_{part}",
    "paired_difference": "difference_{config}_vs_{versus}_{part}",
} | {kind: f"{kind}_{{part}}" for kind in (*SETTINGS, "confusion", "slice_table")}
METRIC_OF = {"ceiling": metrics.CEILING_OF}  # kinds about one metric
TWO_SIDED = ("paired_difference", "difference_by_slice", "drift", "leak_comparison")
ABOUT_SEEDS = ("seed_mean", "slice_difference", "ceiling", *TWO_SIDED)  # others: about one run


def name(kind: str, inputs: dict[str, Any]) -> str | None:
    """Return the name of a standing result, None for inputs that no standing result has."""
    try:
        return NAMES[kind].format(**inputs)
    except KeyError:
        return None


def drawn(project: Project) -> dict[str, Any]:
    """Return what intervals of a project are drawn with: events hold more rows, and draw less."""
    if project.kind != "events":
        return DRAWN
    return DRAWN | {"resamples": min(DRAWN["resamples"], scoring.RESAMPLES_OF_EVENTS)}


def settings(kind: str, run: Run, part: str, project: Project) -> dict[str, Any]:
    """Return the parameters of a kind for a run and part."""
    usual = SETTINGS.get(kind, {}) | ({} if kind in UNDRAWN else drawn(project))
    events, rule = project.kind == "events", project.decision
    if kind == "threshold_table" and events:
        usual |= {"cost_miss": rule.cost_miss, "investigation": rule.cost_false_alarm}
    if kind == "detection_delay":
        usual |= {"budgets": [round(rule.target)]} if rule.rule == "budget" else {}
    if kind == "slice_table":
        usual |= {"positives": True} if events else {}  # absent from older results
        usual |= {"by": ["fold"]} if events else {}
        others = OF_EVENTS if events else ("sensitivity", "specificity", "accuracy")
        wanted = (project.metric.primary, *others)
        usual["metrics"] = [m for m in dict.fromkeys(wanted) if m in run.metrics[part]]
    if kind == "class_table":
        usual = {"level": DRAWN["level"]}
    if kind == "conformal":
        usual["by"] = "row" if run.positive_class is None else "unit"
    if kind == "mistakes":
        usual["readings"] = project.readings.get(part, {})
    return usual


def planned(layout: Layout, project: Project) -> Iterator[Planned]:
    """Yield every standing result that the present evidence allows."""
    counted = {}
    for spec in project.splits:
        if (layout.split(spec.name) / "split.json").is_file():
            counted |= store.configurations(layout, spec.name)
    metric, draws = {"metric": project.metric.primary}, drawn(project)
    for config, runs in counted.items():
        for part in parts(runs):
            inputs = {"config": config, "part": part, "runs": ids(runs)}
            yield "seed_mean", inputs | metric, dict(draws)
    for experiment in project.ladder:
        if experiment.name in counted and experiment.parent in counted:
            pair = (experiment.name, counted[experiment.name])
            parent = (experiment.parent, counted[experiment.parent])
            yield from _differences(pair, parent, metric, draws)
    led = leader(layout, project)
    if led is not None:
        run, ours, *others = led
        for other in others:
            yield from _differences(ours, other, metric, draws)
        yield from _of_run(run, parts(ours[1]), project)
        if project.kind == "events":
            for part in parts(ours[1]):
                inputs = {"config": ours[0], "part": part, "runs": ids(ours[1])}
                inputs |= {"metric": metrics.CEILING_OF}
                yield "ceiling", inputs, settings("ceiling", run, part, project)
        if splits.info(layout, run.split).achieved.get(OOD) and "test" in run.metrics:
            for part in parts(ours[1]):
                yield "ood", {"part": part, "runs": [run.id]}, settings("ood", run, part, project)


def leader(layout: Layout, project: Project) -> list[Any] | None:
    """Return [run to deploy, (name, runs) of the leader, (name, runs) of each comparison]."""
    selection = choice.recorded(layout)
    if selection is not None:
        by_name = {c.name: c for c in selection.candidates}
        names = [selection.choice.name, *selection.fixed_comparisons]
        names = [name for name in names if by_name[name].split is None]  # the same rows
        run_id, chosen = selection.choice.run, [by_name[name] for name in names]
    else:
        led = choice.leading(layout, project) if layout.dataset.is_file() else None
        if led is None:
            return None
        beside = [c for c in led[2] if c.split is None]
        run_id, chosen = choice.deployed(layout, project, led[0]), [led[0], *beside]
    named = [(c.name, [store.run(layout, i) for i in c.runs]) for c in chosen]
    return [store.run(layout, run_id), *named]


def parts(runs: Sequence[Run]) -> list[str]:
    """Return the parts that all runs carry metrics of: val, and test once it is opened."""
    return [part for part in ("val", "test") if all(part in run.metrics for run in runs)]


def ids(runs: Sequence[Run]) -> list[str]:
    """Return the runs' ids."""
    return [run.id for run in runs]


def _differences(
    ours: Any, theirs: Any, metric: dict[str, str], draws: dict[str, Any]
) -> Iterator[Planned]:
    (config, runs), (versus, beside) = ours, theirs
    for part in parts([*runs, *beside]):
        pair = {"config": config, "versus": versus, "part": part}
        pair |= {"runs": ids(runs), "versus_runs": ids(beside)}
        yield "paired_difference", pair | metric, dict(draws)


def _of_run(run: Run, on: Sequence[str], project: Project) -> Iterator[Planned]:
    events = project.kind == "events"
    fitting = "val" if events else "calib"
    binary, fitted = run.positive_class is not None, fitting in run.metrics
    decided = not binary or (run.decision is not None and run.decision.threshold is not None)
    if binary and decided and fitted:
        usual = settings("threshold_table", run, fitting, project)
        yield "threshold_table", {"part": fitting, "runs": [run.id]}, usual
    for part in on:
        kinds = ["slice_table", *(["confusion", "mistakes"] if decided else [])]
        kinds += [] if binary else ["class_table"]
        kinds += ["budget", "detection_delay"] if events else []
        probabilities = "log_loss" in run.metrics[part]
        if events and probabilities and part != fitting:
            kinds += ["cost", "threshold_transfer"]
        elif fitted and probabilities and not events:
            kinds += ["risk_coverage", "conformal"]
            if binary:
                kinds += ["decision_curve", "cost", "threshold_transfer"]
        for kind in kinds:
            inputs = {"part": part, "runs": [run.id]}
            if kind == "slice_table":
                inputs["metric"] = project.metric.primary
            yield kind, inputs, settings(kind, run, part, project)
