"""Rule 3 for results: each follows from predictions and is about what its name says."""

from proofolio import evidence
from proofolio.contract import ProofError, Result
from proofolio.evidence import store, summary
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report
from proofolio.verify.scores import ENOUGH, TOLERANCE

MEASURED = {"latency", "throughput", "size", "parity", "training_time"}
MEASURED |= {"saliency_check", "perturbation", "neighbours"}  # they need pictures and weights
MEASURED |= {"stability", "retraining"}  # they need the whole table, or train models of their own
MEASURED |= {"reasons"}  # it needs the table and the model
_FIRST = {"seed_mean", "paired_difference", "slice_table", "class_table", "mistakes"}
_AGAIN = "write it again: proofolio cards"
_DRAWN = ("ci_low", "ci_high", "resamples", "degenerate", "method", "ranks", "note")  # of resamples
_ABOUT = ("slice", "value", "versus_value", "levels", "by", "slices", "entities")  # about what


def check(e: Evidence, report: Report) -> None:
    """Recompute every result whose kind can be recomputed, and compare it leaf by leaf."""
    for name, recorded in e.results.items():
        where = f"evidence/results/{name}.json"
        if recorded.kind in MEASURED:
            if not recorded.how.strip() or not recorded.hardware:
                what = "a measurement says how it was taken, and on which hardware"
                report.add("schema", where, what, "fill in how and hardware")
        elif recorded.kind not in evidence.RECOMPUTE:
            report.add("schema", where, f"unknown kind {recorded.kind!r}", "see the contract")
        else:
            if e.full or _of_choice(e, recorded):
                _recomputed(e, report, name, recorded, where)
            _all_seeds(e, report, recorded, where)
    _named(e, report)


def _of_choice(e: Evidence, recorded: Result) -> bool:
    """Whether a result is one of the few about the choice that a reader looks at first."""
    if recorded.kind not in _FIRST or e.selection is None:
        return recorded.kind in _FIRST
    named = {recorded.inputs.get("config"), recorded.inputs.get("versus")}
    runs = recorded.inputs.get("runs") or []
    return e.selection.choice.name in named or runs == [e.selection.choice.run]


def _recomputed(e: Evidence, report: Report, name: str, recorded: Result, where: str) -> None:
    if recorded.parameters.get("resamples", ENOUGH) < ENOUGH:
        drawn = recorded.parameters["resamples"]
        report.note(f"result {name}: its intervals rest on {drawn} resamples only")
    asked = recorded
    if not e.full and "resamples" in recorded.parameters:
        asked = recorded.model_copy(update={"parameters": recorded.parameters | {"resamples": 0}})
    try:
        received = evidence.recompute(e.layout, asked)
    except (ProofError, KeyError, TypeError, ValueError) as error:
        # What its runs lack is already reported; a second problem would only hide the first.
        if not report.problems:
            what = f"cannot be recomputed: {type(error).__name__}: {error}"
            report.add("3", where, what, RESTORE)
        return
    wrong = evidence.differences(recorded, received, TOLERANCE)
    if not e.full:
        wrong = [key for key in wrong if not key.endswith(_DRAWN)]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        what = f"does not follow from predictions: {', '.join(wrong[:5])}{more}"
        report.add("3", where, what, _AGAIN)


def _all_seeds(e: Evidence, report: Report, recorded: Result, where: str) -> None:
    """What is said of a configuration rests on its own runs, on every seed of them."""
    for subject, key in (("config", "runs"), ("versus", "versus_runs")):
        config, ids = recorded.inputs.get(subject), recorded.inputs.get(key)
        if config is None or not ids or e.unreadable or not set(ids) <= set(e.runs):
            continue
        split = e.runs[ids[0]].split
        counted = store.configurations(e.layout, split).get(config, [])
        chosen_from = e.selection.candidates if e.selection else []
        chosen_from = [c for c in chosen_from if (c.split or e.selection.split) == split]
        whole = [[run.id for run in counted], *(c.runs for c in chosen_from if c.name == config)]
        if sorted(ids) not in map(sorted, whole):
            what = f"it says {config} and rests on {', '.join(ids)}, not on all its runs"
            report.add("3", where, what, _AGAIN)


def _named(e: Evidence, report: Report) -> None:
    """A standing result is about the runs that its name stands for, an asked one as asked."""
    if e.project is None or report.problems:
        return
    try:
        planned = summary.plan(e.layout, e.project)
    except ProofError as error:
        report.add("schema", "project.yaml", str(error), "correct what is asked for there")
        return
    asked = {result.name for result in e.project.results}
    for name, (kind, inputs, parameters) in planned.items():
        recorded = e.results.get(name)
        if recorded is None:
            continue
        same = (recorded.kind, recorded.inputs) == (kind, inputs)
        if name in asked:  # a standing one's settings may be those of an older version
            same &= all(recorded.parameters.get(k) == parameters.get(k) for k in _ABOUT)
        if not same:
            what = "it is not about what its name says: other runs, part, metric or rows"
            report.add("3", f"evidence/results/{name}.json", what, _AGAIN)
