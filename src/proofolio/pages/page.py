"""The text of a result page: what a reviewer needs in 90 seconds first, then everything else."""

from collections.abc import Iterator, Mapping, Sequence

from proofolio.cards import groups, hardware, headline, markdown, policies, proofs, shifts, tables
from proofolio.figures import Drawing, Facts, words
from proofolio.pages import experiments, parts, what_if

Drawings = Mapping[str, Drawing]


def text(
    facts: Facts,
    drawings: Drawings,
    sheets: Sequence[tuple[str, str]] = (),
    more: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the whole page, claims still empty.

    Args:
        facts: The project's evidence.
        drawings: Its figures by name.
        sheets: File name and caption of each picture sheet.
        more: Address and title of each further page of the author.
    """
    blocks = [
        "<!-- Written by `proofolio pages` from evidence/ and project.yaml: do not edit. -->",
        f"# {markdown.line(facts.project.title)}",
        *_first_screen(facts, drawings),
        *_more(more),
        *_data(facts, drawings),
        *_audit(facts),
        *_results(facts, drawings),
        "## Experiments log",
        *experiments.log(facts),
        *_decision(facts, drawings),
        *_errors(facts, drawings, sheets),
        *_shifts(facts),
        *_operation(facts, drawings),
        *_last(facts),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _first_screen(facts: Facts, drawings: Drawings) -> Iterator[str]:
    problem = facts.project.problem
    if facts.project.demo_data:
        yield parts.demo_data()
    yield '<div class="proof-beside" markdown>\n<div markdown>'
    yield f"**Problem.** {markdown.line(problem.statement)}"
    yield f"**Decision it supports.** {markdown.line(problem.decision)}"
    yield headline.sentence(facts)
    yield headline.published(facts)
    yield f"**The strongest limit.** {markdown.line(problem.limit)}"
    yield "</div>\n<div markdown>"
    best = "ladder_best" if "ladder_best" in drawings else "ladder"
    yield from parts.figure(drawings, best, brief=True)
    yield "</div>\n</div>"
    yield "**Reproduce it**, in a copy of the project with its data in place:"
    yield f"```sh\npython -m {facts.project.package} all\n```"


def _more(pages: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield "## More on this project"
    listed = [*pages, ("model_card.md", "Model card"), ("data_card.md", "Data card")]
    yield "\n".join(f"- [{title}]({address})" for address, title in listed)


def _data(facts: Facts, drawings: Drawings) -> Iterator[str]:
    yield "## Data and split"
    yield proofs.data_sentence(facts)
    yield proofs.split_sentence(facts)
    yield proofs.parts(facts)
    yield from parts.figure(drawings, "folds")
    yield from parts.figure(drawings, "class_balance")


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


def _results(facts: Facts, drawings: Drawings) -> Iterator[str]:
    yield "## The ladder"
    yield tables.target(facts)
    yield markdown.table_of("ladder")
    if "ladder_best" in drawings:  # the first screen shows that one
        yield from markdown.folded("Every configuration, drawn", parts.figure(drawings, "ladder"))
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
    curves = [name for name in drawings if name.startswith("learning_curves_")]
    if curves:
        yield "## Learning curves"
    own = [name for name in curves if name == _own_curve(facts)]
    yield from parts.beside(drawings, *own)
    rest = parts.beside(drawings, *sorted(set(curves) - set(own)))
    yield from markdown.folded("Learning curves of the other configurations", rest)


def _metrics(facts: Facts, drawings: Drawings, part: str) -> Iterator[str]:
    yield tables.metrics(facts, part)
    yield from parts.beside(drawings, f"roc_{part}", f"pr_{part}")


def _own_curve(facts: Facts) -> str:
    return f"learning_curves_{facts.chosen.name}" if facts.chosen else ""


def _decision(facts: Facts, drawings: Drawings) -> Iterator[str]:
    yield "## Calibration and decision"
    yield tables.calibration(facts)
    problem = facts.project.problem
    yield f"**A miss.** {markdown.line(problem.harm_of_miss)}"
    yield f"**A false alarm.** {markdown.line(problem.harm_of_false_alarm)}"
    yield from parts.beside(drawings, *(f"reliability_{part}" for part in facts.parts))
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
    yield from tables.result_blocks(facts, "threshold_table")
    for kind in policies.KINDS:
        yield from policies.block(facts, kind)
        yield from parts.beside(drawings, *_figures_of(facts, drawings, kind))


def _figures_of(facts: Facts, drawings: Drawings, kind: str) -> list[str]:
    """Return the names of a kind's figures, val first, asked ones last."""
    standing = [f"{kind}_{part}" for part in facts.parts]
    asked = [name for name in facts.results_of(kind) if name not in standing]
    return [name for name in (*standing, *asked) if name in drawings]


def _errors(facts: Facts, drawings: Drawings, sheets: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield "## Errors and slices"
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
        yield from parts.sheets(sheets)


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


def _last(facts: Facts) -> Iterator[str]:
    yield "## What it is not for"
    yield markdown.paragraphs(facts.project.problem.not_for)
    yield "## How often test was opened"
    yield proofs.openings(facts)
    yield f"**Prior exposure.** {markdown.line(facts.project.prior_exposure)}"
    yield "## Reproducibility sheet"
    yield proofs.reproducibility(facts)
    yield hardware.told(facts)
    sign_off = facts.project.sign_off
    yield (
        f"Budget: {markdown.line(facts.project.budget.rstrip('. '))}. Specification signed off by "
        f"{markdown.line(sign_off.by)} on {markdown.line(sign_off.date)}."
    )
