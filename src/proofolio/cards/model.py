"""MODEL_CARD.md: the sections of Mitchell et al. 2019 in Hugging Face form, numbers as claims."""

from collections.abc import Iterator

from proofolio.cards import frontmatter, groups, headline, markdown, policies, proofs, tables
from proofolio.cards.questions import Answers
from proofolio.figures import Facts, words

GENERATED = (
    "<!-- Written by `proofolio cards` from evidence/ and project.yaml: do not edit by hand. -->"
)
DEMO = (
    "> **DEMO DATA.** This project runs on built-in made-up data. Nothing here says anything about "
    "the real world; no number may be quoted as a result."
)


def text(facts: Facts) -> str:
    """Return the whole card, claims still empty."""
    answers = Answers("model_card", facts.project.model_card)
    sections = [
        *_top(facts, answers),
        *_details(facts, answers),
        *_use(facts, answers),
        "## Factors",
        answers.asked("Factors"),
        *_data(facts),
        "## Training",
        proofs.fitted(facts),
        *proofs.tuned(facts),
        answers.asked("Training"),
        *_results(facts),
        *_decision(facts, answers),
        *_limits(facts, answers),
        *_errors(facts),
        *_opening(facts),
        "## Reproducibility",
        proofs.reproducibility(facts),
        "## Contact",
        answers.asked("Contact"),
    ]
    return frontmatter.block(facts) + "\n" + "\n\n".join(filter(None, sections)) + "\n"


def _top(facts: Facts, answers: Answers) -> Iterator[str]:
    yield GENERATED
    yield f"# Model card: {markdown.line(facts.project.title)}"
    if facts.project.demo_data:
        yield DEMO
    yield markdown.paragraphs(facts.project.summary)
    yield limit(facts)
    yield answers.counted()
    yield headline.sentence(facts)


def limit(facts: Facts) -> str:
    """Return what a reader of either card must know first."""
    return f"**The strongest limit.** {markdown.line(facts.project.problem.limit)}"


def _details(facts: Facts, answers: Answers) -> Iterator[str]:
    project, run = facts.project, facts.chosen
    yield "## Model details"
    yield answers.asked("Model details")
    rows = [
        ("Developed by", markdown.line(", ".join(project.authors))),
        ("Licence of the code", markdown.line(project.license)),
        ("Task", f"{project.kind} classification: {markdown.line(', '.join(facts.classes))}"),
    ]
    if project.repository:
        rows.append(("Repository", markdown.line(project.repository)))
    if run is not None and run.model is not None:
        size = markdown.claim(f"run:{run.id}", "model.parameters", ",")
        source = run.model.weights_source or "none: trained from scratch or without weights"
        rows += [
            ("Model", f"{markdown.line(run.model.name)}, parameters: {size}"),
            ("Weights taken over", markdown.line(source)),
            ("Configuration", f"{markdown.code(run.name)}, run {markdown.code(run.id)}"),
        ]
    yield markdown.table(("Detail", "Value"), rows)


def _use(facts: Facts, answers: Answers) -> Iterator[str]:
    problem = facts.project.problem
    yield "## Intended use"
    yield f"**Problem.** {markdown.line(problem.statement)}"
    yield f"**Decision it supports.** {markdown.line(problem.decision)}"
    yield f"**User.** {markdown.line(problem.user)}"
    yield answers.asked("Intended use")
    yield "### Out of scope"
    yield markdown.paragraphs(problem.not_for)
    yield "### Harm of each error"
    yield f"**A miss.** {markdown.line(problem.harm_of_miss)}"
    yield f"**A false alarm.** {markdown.line(problem.harm_of_false_alarm)}"


def _data(facts: Facts) -> Iterator[str]:
    yield "## Data, split and leak proof"
    yield proofs.data_sentence(facts)
    yield proofs.split_sentence(facts)
    yield proofs.parts(facts)
    yield "The audit looked for leaks and shortcuts:"
    yield proofs.findings(facts)
    yield "The whole account is in [DATA_CARD.md](DATA_CARD.md)."


def _results(facts: Facts) -> Iterator[str]:
    yield "## Metrics"
    yield tables.interval_note(facts)
    for part in facts.parts:
        yield f"### On {words.part(part)}"
        yield tables.metrics(facts, part)
    yield from policies.block(facts, "ceiling")
    yield "### Against the baselines"
    yield tables.target(facts)
    yield markdown.table_of("ladder")
    yield tables.differences(facts)
    if facts.project.references:
        yield "### Beside published figures"
        yield tables.references(facts)


def _decision(facts: Facts, answers: Answers) -> Iterator[str]:
    yield "## Calibration and threshold"
    yield tables.calibration(facts)
    yield from policies.sentences(facts)
    yield from policies.block(facts, "detection_delay")
    yield from tables.result_blocks(facts, "threshold_table")
    yield answers.asked("Calibration and threshold")


def _limits(facts: Facts, answers: Answers) -> Iterator[str]:
    yield "## Limits and caveats"
    yield answers.asked("Caveats")


def _errors(facts: Facts) -> Iterator[str]:
    yield "## Errors by slice"
    kinds = ("slice_table", "confusion")
    blocks = [block for kind in kinds for block in tables.result_blocks(facts, kind)]
    blocks += [block for kind in groups.KINDS for block in groups.block(facts, kind)]
    yield from blocks or ["not measured: no table of slices or confusions is recorded."]


def _opening(facts: Facts) -> Iterator[str]:
    yield "## How often the test set was opened"
    yield proofs.openings(facts)
    yield f"**Prior exposure.** {markdown.line(facts.project.prior_exposure)}"
