"""Rule 5, the choice: made on val, by the declared criterion, over everything that was run."""

import re
from collections.abc import Callable

from proofolio import metrics
from proofolio.contract import Candidate, Run, Selection
from proofolio.evidence import choice, store, trials
from proofolio.verify.load import Evidence
from proofolio.verify.report import Report
from proofolio.verify.scores import TOLERANCE

WHERE = "evidence/selection.json"
_CRITERION = re.compile(r"(highest|lowest) mean val (\w+)")
_Wrong = Callable[[str], None]


def check(e: Evidence, report: Report) -> None:
    """Check that the selection names every configuration, seed and run, and the best of them."""
    if e.selection is None:
        return
    selection = e.selection
    again = "select again before test is opened; after it, restore the file from git"

    def wrong(what: str) -> None:
        report.add("5", WHERE, what, again)

    if e.primary is not None and selection.split != e.primary.name:
        wrong(f"it chooses on split {selection.split}, not on the primary one")
    listed = {c.name: c for c in selection.candidates}
    for name in [selection.choice.name, *selection.choice.ties, *selection.fixed_comparisons]:
        if name not in listed:
            wrong(f"{name} is no candidate")
    known = _runs(e, selection, listed, wrong)
    if e.unreadable or not known or selection.choice.name not in listed:
        return
    _seeds(e, report, listed)
    _criterion(e, report, selection, wrong)
    chosen = listed[selection.choice.name]
    _trials(e, selection, wrong)
    if selection.choice.run not in chosen.runs:
        wrong(f"{selection.choice.run} is no run of {chosen.name}")
    elif e.project is not None:
        by_seed = {e.runs[i].seed: i for i in chosen.runs}
        first = next((by_seed[s] for s in e.project.seeds if s in by_seed), None)
        if first is not None and selection.choice.run != first:
            wrong(f"the deployed seed is {selection.choice.run}, the first listed is {first}")


def _runs(e: Evidence, selection: Selection, listed: dict[str, Candidate], wrong: _Wrong) -> bool:
    """Every configuration finished by then is a candidate with all its runs; whether all are known.

    Of several attempts of a seed the last counts, as it does where the selection is made.
    """
    finished = [r for r in e.runs.values() if r.status == "finished" and not r.is_trial]
    finished = [r for r in finished if r.split == selection.split]
    left_out = {r.name for r in finished if r.finished <= selection.written} - set(listed)
    if left_out:
        wrong(f"finished configurations are left out: {', '.join(sorted(left_out))}")
    unknown = sorted({i for c in selection.candidates for i in c.runs} - set(e.runs) - e.unreadable)
    if unknown:
        wrong(f"runs are not recorded: {', '.join(unknown)}")
    if e.unreadable or unknown or e.dataset is None or selection.split not in e.splits:
        return not unknown
    _elsewhere(e, selection, wrong)
    for split in sorted({c.split or selection.split for c in listed.values()} & set(e.splits)):
        counted = store.configurations(e.layout, split, until=selection.written)
        own = {n for n, c in listed.items() if (c.split or selection.split) == split}
        for name in sorted(set(counted) & own):
            missing = {run.id for run in counted[name]} ^ set(listed[name].runs)
            if missing:
                wrong(f"runs of {name} are left out or do not count: {', '.join(sorted(missing))}")
    return True


def _elsewhere(e: Evidence, selection: Selection, wrong: _Wrong) -> None:
    """A candidate of another split is a declared comparison on a robustness split, never chosen."""
    for c in selection.candidates:
        robust = c.split in e.splits and e.splits[c.split].purpose == "robustness"
        if c.split is None:
            if any(e.runs[i].split != selection.split for i in c.runs if i in e.runs):
                wrong(f"runs of {c.name} stand on another split than it says")
        elif not robust or any(e.runs[i].split != c.split for i in c.runs if i in e.runs):
            wrong(f"{c.name} is no comparison of a robustness split, or its runs are not on it")
        elif c.name in (selection.choice.name, *selection.choice.ties):
            wrong(f"{c.name} stands on split {c.split} and cannot be chosen")
        elif c.name not in selection.fixed_comparisons:
            wrong(f"{c.name} stands on split {c.split} and is no fixed comparison")


def _trials(e: Evidence, selection: Selection, wrong: _Wrong) -> None:
    """A candidate that came of tuning says how many were tried by then; no other does."""
    for c in selection.candidates:
        own = [e.runs[i] for i in c.runs if i in e.runs][-1:]
        tried = trials.counted(e.runs.values(), own[0], until=selection.written) if own else None
        if own and c.trials != tried:
            wrong(f"{c.name} says that {c.trials} trials led to it, the record has {tried}")


def _seeds(e: Evidence, report: Report, listed: dict[str, Candidate]) -> None:
    """Every candidate was run with each seed that was declared for it (rule 4)."""
    declared = {x.name: x.seeds or e.project.seeds for x in e.project.ladder} if e.project else {}
    for name in sorted(set(declared) & set(listed)):
        missing = set(declared[name]) - {e.runs[i].seed for i in listed[name].runs}
        if missing:
            what = f"{name} was chosen from without its declared seeds {sorted(missing)}"
            report.add("4", WHERE, what, "run every declared seed, then select")


def _criterion(e: Evidence, report: Report, selection: Selection, wrong: _Wrong) -> None:
    """The criterion is the declared one and reads its metric the right way round."""
    stated = _CRITERION.match(selection.criterion)
    asked = choice.criterion(e.project.metric.primary) if e.project else None
    if asked is not None and selection.criterion != asked:
        wrong(f"its criterion is {selection.criterion!r}, project.yaml asks for {asked!r}")
    if stated is None:
        report.note(f"the criterion {selection.criterion!r} is not checkable")
        return
    metric = stated[2]
    if metric not in metrics.NAMES:
        report.note(f"the criterion's metric {metric} is not checkable")
        return
    if selection.criterion != choice.criterion(metric):
        wrong(f"the criterion {selection.criterion!r} prefers the worse value of {metric}")
        return
    _values(e, selection, metric, wrong)


def _values(e: Evidence, selection: Selection, metric: str, wrong: _Wrong) -> None:
    """Each value is the mean over its runs; choice, ties and comparisons are the best by it."""
    found = []
    for candidate in selection.candidates:
        values = [_val(e.runs[i], metric) for i in candidate.runs]
        mean = None if not values or None in values else sum(values) / len(values)
        if (mean is None) != (candidate.value is None) or (
            mean is not None and abs(mean - candidate.value) > TOLERANCE
        ):
            wrong(f"value of {candidate.name} is {candidate.value}, its runs give {mean}")
        found.append(candidate.model_copy(update={"value": mean}))
    best = [c.name for c in choice.best([c for c in found if c.split is None], metric)]
    if not best:
        return
    others = set(best) - {selection.choice.name}
    if selection.choice.name not in best:
        wrong(f"the choice is {selection.choice.name}, the best on val is {best[0]}")
    elif others - set(selection.choice.ties):
        wrong(f"ties are not named: {', '.join(sorted(others))}")
    elif e.project is not None:  # what a project of another make compares with is its own affair
        chosen = next(c for c in found if c.name == selection.choice.name)
        declared = e.project.fixed_comparisons
        expected = {c.name for c in choice.comparisons(found, chosen, metric, declared)}
        missing = expected - set(selection.fixed_comparisons)
        if missing:
            named = ", ".join(sorted(missing))
            wrong(f"no fixed comparison, though best of its rung or declared: {named}")


def _val(run: Run, metric: str) -> float | None:
    found = run.metrics.get("val", {}).get(metric)
    return found.value if found else None
