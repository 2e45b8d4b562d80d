"""The chapters of a project's result pages: what stands behind the first screen, in order."""

from collections.abc import Iterator, Mapping, Sequence

from proofolio.cards import groups, hardware, markdown, policies, proofs, shifts, tables
from proofolio.figures import Drawing, Facts, words
from proofolio.pages import experiments, net_benefit, parts, reading, what_if

Drawings = Mapping[str, Drawing]
_CURVES = "learning_curves_"


def data(facts: Facts, drawings: Drawings) -> Iterator[str]:
    """Yield where the data comes from, how it was split, and what the audit found."""
    yield "## Data and split"
    yield from parts.beside(drawings, "folds", "class_balance")
    yield proofs.data_sentence(facts)
    yield proofs.split_sentence(facts)
    yield proofs.parts(facts)
    yield from _audit(facts)


def _audit(facts: Facts) -> Iterator[str]:
    yield "## What the audit found"
    if facts.project.kind == "events":
        yield (
            "Nothing may learn from later than it scores, and the amount alone is tried as a "
            "score: what it can predict needs no model."
        )
    else:
        yield (
            "Leaks are looked for across the parts, and a shortcut probe tries to predict the "
            "label from file statistics alone: what it can predict, a model may have learnt "
            "instead of the content."
        )
    yield '<div class="proof-told" markdown>'
    yield proofs.findings(facts, folded=True)
    yield "</div>"


def ladder(facts: Facts, drawings: Drawings) -> Iterator[str]:
    """Yield every configuration, the differences, every metric, and what others published."""
    yield "## The ladder"
    yield tables.target(facts)
    if "ladder_best" not in drawings:
        yield from parts.figure(drawings, "ladder")
    else:
        yield from parts.figure(drawings, "ladder_best")
        yield from markdown.folded("Every configuration, drawn", parts.figure(drawings, "ladder"))
    yield markdown.table_of("ladder")
    yield tables.differences(facts)
    yield tables.interval_note(facts)
    yield f"### Every metric on {words.part(facts.part)}"
    yield from _metrics(facts, drawings, facts.part)
    yield from policies.block(facts, "ceiling")
    for part in facts.parts[:-1]:
        told = f"Every metric on {words.part(part)}, which chose the configuration"
        yield from markdown.folded(told, _metrics(facts, drawings, part))
    if facts.project.references:
        yield "### Beside published figures"
        yield '<div class="proof-told" markdown>'
        yield tables.references(facts)
        yield "</div>"


def _metrics(facts: Facts, drawings: Drawings, part: str) -> Iterator[str]:
    yield tables.metrics(facts, part)
    yield from parts.beside(drawings, f"roc_{part}", f"pr_{part}")


def experiments_made(facts: Facts, drawings: Drawings) -> Iterator[str]:
    """Yield the learning curves with a reading, the log, and what leaks and drift showed."""
    yield from _curves(facts, drawings)
    yield "## Experiments log"
    yield from experiments.log(facts)
    yield from _shifts(facts)


def _curves(facts: Facts, drawings: Drawings) -> Iterator[str]:
    curves = [name for name in drawings if name.startswith(_CURVES)]
    if not curves:
        return
    yield "## Learning curves"
    best = next((f"{_CURVES}{n}" for n in facts.ranked if f"{_CURVES}{n}" in curves), curves[0])
    own = f"{_CURVES}{facts.chosen.name}" if facts.chosen else ""
    if own in curves:
        best = own
    else:
        yield (
            f"The configuration that leads, {markdown.code(facts.chosen.name)}, is not trained in "
            f"epochs. The best on validation that is: {markdown.code(best.removeprefix(_CURVES))}."
        )
    yield from _curve(drawings, best)
    rest = [block for name in sorted({*curves} - {best}) for block in _curve(drawings, name)]
    yield from markdown.folded("Learning curves of the other configurations", rest)


def _curve(drawings: Drawings, name: str) -> Iterator[str]:
    yield from parts.figure(drawings, name)
    told = reading.of_curves(drawings[name].table)
    if told:
        yield f"**Reading.** {told}"


def decision(facts: Facts, drawings: Drawings) -> Iterator[str]:
    """Yield the calibration, the decision with its costs, and what other policies would do."""
    yield "## What a probability means"
    yield from parts.beside(drawings, *(f"reliability_{part}" for part in facts.parts))
    yield tables.calibration(facts)
    problem = facts.project.problem
    yield f"**A miss.** {markdown.line(problem.harm_of_miss)}"
    yield f"**A false alarm.** {markdown.line(problem.harm_of_false_alarm)}"
    transfer = ("calibration_transfer", "calibration_transfer_other")
    if transfer[0] in drawings:
        yield "### Does the calibration carry over?"
        yield (
            "On the diagonal a probability means what it says; where the two parts lie apart, "
            "the score changed its meaning on the way to test, and what was fixed on calib does "
            "something else there."
        )
        yield from parts.beside(drawings, *transfer)
    if facts.project.kind == "events":
        yield (
            f"**[{what_if.TITLE}]({what_if.NAME}.md)**: what more or fewer alerts would have "
            "found, missed and cost, to try in the browser."
        )
    if net_benefit.applies(facts):
        yield (
            f"**[{net_benefit.TITLE}]({net_benefit.NAME}.md)**: what the model would find, miss "
            "and flag, to try in the browser."
        )
    yield from tables.result_blocks(facts, "threshold_table")
    for kind in policies.KINDS:
        yield from policies.block(facts, kind)
        yield from parts.beside(drawings, *_figures_of(facts, drawings, kind))


def _figures_of(facts: Facts, drawings: Drawings, kind: str) -> list[str]:
    """Return the names of a kind's figures, val first, asked ones last."""
    standing = [f"{kind}_{part}" for part in facts.parts]
    asked = [name for name in facts.results_of(kind) if name not in standing]
    return [name for name in (*standing, *asked) if name in drawings]


def errors(facts: Facts, drawings: Drawings, sheets: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield where it is wrong: by class, group and example, in pictures, and in operation."""
    yield "## Where it is wrong"
    yield from parts.beside(drawings, *(f"confusion_{part}" for part in facts.parts))
    for kind in ("slice_table", "class_table"):
        yield from tables.result_blocks(facts, kind)
    for kind in groups.KINDS:
        yield from groups.block(facts, kind)
    if "score_shift" in drawings:
        yield "### Where the probabilities lie"
        yield (
            "Each group on the part where the decision was fixed and on test: a group that moves "
            "is decided otherwise there, though nobody changed the model."
        )
        yield from parts.beside(drawings, "score_shift", "score_shift_other")
    mistakes = list(policies.block(facts, "mistakes"))
    if mistakes:
        yield "\n\n".join(['<div class="proof-told" markdown>', *mistakes, "</div>"])
    if facts.project.kind == "image":
        yield "### Picture sheets"
        yield from parts.sheets(sheets, facts.project.data.how_to_get)
    yield from _operation(facts, drawings)


def _shifts(facts: Facts) -> Iterator[str]:
    leaks, drifts = list(shifts.leaks(facts)), list(shifts.drifts(facts))
    if not (leaks or drifts):
        return
    yield "## Leaks and drift"
    if leaks:
        yield (
            "The same examples, out of fold, under two ways to split: what the leaking one gains "
            "would be printed as skill by whoever splits so."
        )
        yield "\n".join(leaks)
    if drifts:
        yield (
            "From one set of examples to another; the two sides share none, so each is resampled "
            "apart:"
        )
        yield "\n".join(drifts)


def _operation(facts: Facts, drawings: Drawings) -> Iterator[str]:
    """Yield the figures of measured results about the model in use, where there are any."""
    kinds = ("stability", "retraining")
    names = [n for kind in kinds for n in facts.results_of(kind) if n in drawings]
    if not names:
        return
    yield "## In operation"
    yield (
        "What has moved since the reference, and what training again is worth. Measured, not "
        "recomputed from stored predictions."
    )
    for name in names:
        yield from parts.figure(drawings, name)


def reproducibility(facts: Facts) -> Iterator[str]:
    """Yield how often test was opened, and what made the chosen run."""
    yield "## How often test was opened"
    yield proofs.openings(facts)
    yield f"**Prior exposure.** {markdown.line(facts.project.prior_exposure)}"
    yield "## The chosen run"
    yield proofs.reproducibility(facts)
    yield hardware.told(facts)
    sign_off = facts.project.sign_off
    yield (
        f"Budget: {markdown.line(facts.project.budget.rstrip('. '))}. Specification signed off by "
        f"{markdown.line(sign_off.by)} on {markdown.line(sign_off.date)}."
    )
