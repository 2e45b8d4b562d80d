"""The passages about performance that cards and pages share; every number is an empty claim."""

from collections.abc import Iterator

from proofolio.cards import markdown
from proofolio.cards.markdown import claim
from proofolio.contract import Result
from proofolio.figures import Facts, words

_SMALL = 0.0095  # of a difference
_TYPED = markdown.unbound("stated before training, in project.yaml")


def value(facts: Facts, subject: str, path: str, digits: int = 3) -> str:
    """Return a claim of a metric, with its interval where one is recorded."""
    bound = facts.resolve.value(subject, path)
    return claim(subject, path, f".{digits}f", *(["ci"] if bound.ci_low is not None else []))


def difference(facts: Facts, name: str, result: Result) -> str:
    """Return the claim of a recorded difference, with the digits that tell it from zero."""
    return value(facts, f"result:{name}", "value", digits_of(result))


def digits_of(result: Result) -> int:
    """Return three digits, or four where an interval would be all zeros with three."""
    ends = [abs(end) for end in (result.ci_low, result.ci_high) if end is not None]
    return 4 if ends and max(ends) < _SMALL else 3


def interval_note(facts: Facts) -> str:
    """Return how the intervals were made."""
    unit = markdown.line(facts.project.unit)
    if facts.project.kind == "events":
        return (
            "Each metric is the mean over folds. Intervals are two-way: they resample the "
            f"{unit}s and, where events name a second party, those parties too, the same in all "
            "folds; they leave the spread over seeds and folds out. Ranking metrics use the "
            "model's own scores; the Brier score, log loss, calibration error and everything at "
            "the threshold use calibrated probabilities. Choice, calibration and threshold share "
            "the validation folds, so validation is optimistic in all three."
        )
    return (
        f"Intervals resample whole clusters ({unit}s joined by shared duplicates), so images of "
        f"one {unit} never count as independent; they leave the spread over seeds out, which "
        "stands beside them. Ranking metrics use the model's own scores; the Brier score, log "
        "loss, calibration error and everything at the threshold use calibrated probabilities."
    )


def metrics(facts: Facts, part: str) -> str:
    """Return the table of a part's metrics: one run, and the mean over its seeds."""
    run = facts.chosen
    if run is None or part not in run.metrics:
        return "not measured"
    seeds = len(facts.configurations.get(run.name, []))
    which = "Best run so far" if facts.selection is None else "Chosen run"
    header = ["Metric", f"{which} (seed {run.seed})"]
    header += [f"Mean over {seeds} seeds"] if seeds > 1 else []
    names = sorted(run.metrics[part], key=lambda n: (n != facts.metric, _base(n)))
    rows = []
    for name in names:
        row = [_capital(words.metric(name)), value(facts, f"run:{run.id}", f"{part}.{name}")]
        if seeds > 1:
            row.append(value(facts, f"config:{run.name}", f"{part}.{name}"))
        rows.append(row)
    return markdown.table(header, rows)


def _base(name: str) -> tuple[str, bool]:
    return name.removesuffix("_raw"), name.endswith("_raw")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def target(facts: Facts) -> str:
    """Return the primary metric, why it was chosen, and the target stated before training."""
    metric = facts.project.metric
    aim = "No target was stated" if metric.target is None else f"The target is {metric.target:g}"
    reason = markdown.line(metric.reason)
    return f"The primary metric is {words.metric(metric.primary)}: {reason} {aim}. {_TYPED}"


def differences(facts: Facts) -> str:
    """Return the table of paired differences; one to a parent stands in the experiments log."""
    parents = {(e.name, e.parent) for e in facts.project.ladder}
    chosen = facts.chosen.name if facts.chosen else None
    cells: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for name, result in facts.results_of("paired_difference").items():
        asked = {"metric": facts.metric, "part": "val"} | result.inputs
        ours, theirs = str(asked.get("config", name)), str(asked.get("versus", "-"))
        if (ours, theirs) in parents and ours != chosen:
            continue
        row = cells.setdefault((ours, theirs, str(asked["metric"]), _rows_meant(result)), {})
        row[str(asked["part"])] = difference(facts, name, result)
    if not cells:
        return ""
    shown = [
        part for part in ("val", "calib", "test") if any(part in row for row in cells.values())
    ]
    place = {name: i for i, name in enumerate(facts.ranked)}
    ordered = sorted(cells, key=lambda k: (k[2] != facts.metric, place.get(k[1], len(place)), k))
    rows = [
        (
            f"{markdown.code(key[0])} less {markdown.code(key[1])}",
            words.metric(key[2]) + key[3],
            *(cells[key].get(part, "not measured") for part in shown),
        )
        for key in ordered
    ]
    header = ("Difference, on the same resamples", "In", *(f"On {words.part(p)}" for p in shown))
    return markdown.table(header, rows)


def _rows_meant(result: Result) -> str:
    """Return which rows a difference is about, nothing where it is about all of them."""
    name, asked = result.parameters.get("slice"), result.parameters.get("value")
    if name is None:
        return ""
    values = ", ".join(map(str, asked if isinstance(asked, list) else [asked]))
    return f", {markdown.line(str(name))} {markdown.line(values)} alone"


def references(facts: Facts) -> str:
    """Return the published figures and whether they may be compared with ours."""
    rows = [
        (
            markdown.line(r.source),
            f"{words.metric(r.metric)} {claim(f'reference:{r.id}', 'value', '.3f')}",
            markdown.line(f"{r.data}; {r.protocol}"),
            f"{r.comparable}: {markdown.line(r.why)} {markdown.unbound('the source in words')}",
        )
        for r in facts.project.references
    ]
    return markdown.table(("Source", "Published figure", "Data and protocol", "Comparable"), rows)


def calibration(facts: Facts) -> str:
    """Return how probabilities were calibrated and how the threshold was fixed."""
    run, rule = facts.chosen, facts.project.decision
    if run is None or run.calibration is None or run.decision is None:
        return "not measured"
    subject = f"run:{run.id}"
    if run.calibration.method == "none":
        told = "The scores are no probabilities or were left as they are: nothing was calibrated."
    else:
        told = (
            f"One temperature, {claim(subject, 'calibration.temperature', '.3f')}, fitted on the "
            f"part {markdown.code(run.calibration.fitted_on)}, divides the logits."
        )
    if run.decision.threshold is None:
        return f"{told} The decision is the most probable class. {markdown.line(rule.reason)}"
    return (
        f"{told} The threshold on the calibrated probability of "
        f"{markdown.code(run.positive_class)} is {claim(subject, 'decision.threshold', '.3f')}, by "
        f"the rule {markdown.code(run.decision.rule)} on the part "
        f"{markdown.code(run.decision.fitted_on or 'none')}. {markdown.line(rule.reason)}"
    )


def result_blocks(facts: Facts, kind: str) -> Iterator[str]:
    """Yield each recorded table of a kind with what it shows; long ones beside the first folded."""
    said = {
        "threshold_table": "What other thresholds would do",
        "slice_table": "By slice",
        "class_table": "By class",
        "confusion": "Right and wrong, rows the truth",
    }
    found = facts.results_of(kind)
    for name in sorted(found, key=lambda n: (n != f"{kind}_{facts.part}", _of(facts, found[n]), n)):
        part = str(found[name].inputs.get("part", "val"))
        told = f"{said.get(kind, name)}, on {words.part(part)}{_of(facts, found[name])}"
        beside = kind in ("slice_table", "class_table") and name != f"{kind}_{facts.part}"
        if kind == "threshold_table" or beside:
            yield from markdown.folded(told, [markdown.table_of(name)])
        else:
            yield f"{told}:"
            yield markdown.table_of(name)


def _of(facts: Facts, result: Result) -> str:
    """Return which run a result is about, where it is not the chosen one."""
    run = facts.run_of(result)
    chosen = facts.chosen.name if facts.chosen else None
    return "" if run is None or run.name == chosen else f", of <code>{run.name}</code>"
