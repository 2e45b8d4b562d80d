"""The experiments log: hypothesis, change, result and conclusion of each, negatives included."""

import html
from collections.abc import Iterator

from proofolio.cards import markdown, shifts, tables
from proofolio.contract import Run
from proofolio.figures import MANY, Facts, words
from proofolio.project import Experiment

_COUNTS = ("no run", "one run", "two runs", "three runs", "four runs", "five runs")


def log(facts: Facts) -> Iterator[str]:
    """Yield one block per experiment in the order of the ladder; none is left out.

    Of many, each is folded under its name and conclusion.
    """
    yield (
        "Each experiment states what it expects before it runs and changes one variable of its "
        "parent. What did not help stays."
    )
    for experiment in facts.project.ladder:
        runs = [run for run in facts.runs if run.name == experiment.name]
        told = "\n".join(f"- {line}" for line in _lines(facts, experiment, runs))
        if len(facts.project.ladder) > MANY:
            found = html.escape(" ".join(_conclusion(experiment, runs).split()), quote=False)
            name = f"<code>{experiment.name}</code>"
            if experiment.title:
                name = f"{html.escape(experiment.title, quote=False)} ({name})"
            said = f'{name} <span class="proof-plain">{found}</span>'
            yield from markdown.folded(said, [told])
        else:
            name = markdown.code(experiment.name)
            title = markdown.line(experiment.title) if experiment.title else ""
            yield f"### {f'{title} ({name})' if title else name}"
            yield told


def _lines(facts: Facts, experiment: Experiment, runs: list[Run]) -> Iterator[str]:
    yield f"**Hypothesis:** {markdown.line(experiment.hypothesis)}"
    yield f"**Change:** {_change(experiment, runs)}"
    yield f"**Result:** {_result(facts, experiment, runs)}"
    beside = shifts.against_parent(facts, experiment.name, experiment.parent)
    if beside:
        where = _where(facts, experiment).removeprefix(" ")
        yield f"**Against its parent:** {where + ', ' if where else ''}{beside}"
    for run in runs:
        if run.status == "failed":
            said = markdown.line((run.error or "no error text").splitlines()[0])
            yield f"**Failed run** {markdown.code(run.id)}: {said}"
    yield f"**Conclusion:** {markdown.line(_conclusion(experiment, runs))}"


def _conclusion(experiment: Experiment, runs: list[Run]) -> str:
    recorded = next((run.conclusion for run in runs if run.conclusion), None)
    return experiment.conclusion or recorded or "not written yet"


def _change(experiment: Experiment, runs: list[Run]) -> str:
    if experiment.parent is None:
        return f"none: the first of its rung {markdown.code(experiment.rung)}"
    olds = {change.key: change.old for run in runs for change in run.changed}
    steps = []
    for key, new in experiment.change.items():
        before = "" if olds.get(key) is None else f" from {markdown.code(olds[key])}"
        steps.append(f"{markdown.code(key)}{before} to {markdown.code(new)}")
    found = next((run.tuning for run in runs if run.tuning is not None), None)
    source = f", the best of {found.trials} trials" if found is not None else ""
    return f"{', '.join(steps)}, all else as in {markdown.code(experiment.parent)}{source}"


def _result(facts: Facts, experiment: Experiment, runs: list[Run]) -> str:
    finished = [run for run in runs if run.status == "finished"]
    if not finished:
        return "not measured"
    count = len({run.seed for run in finished})
    seeds = _COUNTS[count] if count < len(_COUNTS) else f"{count} runs"
    shown = tables.value(facts, f"config:{experiment.name}", f"val.{facts.metric}")
    where = _where(facts, experiment)
    test = ""
    if "test" in facts.parts and facts.mean(experiment.name, "test").value is not None:
        test = f", test {tables.value(facts, f'config:{experiment.name}', f'test.{facts.metric}')}"
    return f"validation {words.metric(facts.metric)} {shown}{test}{where}, from {seeds}"


def _where(facts: Facts, experiment: Experiment) -> str:
    """Return the split where it is not the primary one, and whether it leaks on purpose."""
    if _is_primary(facts, experiment):
        return ""
    purpose = next(s.purpose for s in facts.project.splits if s.name == experiment.split)
    shown = ", a demonstration that leaks on purpose" if purpose == "demonstration" else ""
    return f" on split {experiment.split}{shown}"


def _is_primary(facts: Facts, experiment: Experiment) -> bool:
    return experiment.split == facts.project.primary_split.name
