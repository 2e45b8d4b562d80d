"""DATA_CARD.md: the seven sections of Gebru et al. 2021, answered by evidence and the author."""

from collections.abc import Callable

from proofolio.cards import markdown, model, proofs
from proofolio.cards.markdown import claim
from proofolio.cards.questions import Answers, Question
from proofolio.figures import Facts


def text(facts: Facts) -> str:
    """Return the whole card, claims still empty."""
    answers = Answers("data_card", facts.project.data_card)
    blocks = [model.GENERATED, f"# Data card: {markdown.line(facts.project.data.name)}"]
    if facts.project.demo_data:
        blocks.append(model.DEMO)
    blocks += [model.limit(facts), answers.counted(), proofs.data_sentence(facts)]
    section = ""
    for question in answers.questions:
        if question.section != section:
            section = question.section
            blocks.append(f"## {section}")
        blocks.append(f"**{question.question}**")
        blocks += _answer(facts, answers, question)
    return "\n\n".join(filter(None, blocks)) + "\n"


def _answer(facts: Facts, answers: Answers, question: Question) -> list[str]:
    recorded = _RECORDED[question.key](facts) if question.recorded else ""
    if recorded and question.key not in answers.given:
        return [recorded]
    return [recorded, answers.of(question.key)]


def _instances(facts: Facts) -> str:
    unit = markdown.line(facts.project.unit)
    kind = "image" if facts.project.kind == "image" else "event"
    return (
        f"One example is one {kind}. The unit of independence is the {unit}: examples of one {unit}"
        f" are never counted as independent. {markdown.line(facts.project.unit_note)}"
    )


def _counts(facts: Facts) -> str:
    return (
        f"The table holds {claim('dataset', 'n_examples', ',')} examples of "
        f"{claim('dataset', 'n_units', ',')} units"
        + (
            ". Which events are scored, and when, is told under the split."
            if facts.project.kind == "events"
            else f" in {claim('dataset', 'n_clusters', ',')} clusters; a cluster joins units that "
            "share duplicates."
        )
    )


def _features(facts: Facts) -> str:
    columns = facts.resolve.store.dataset.get("columns", {})
    named = [(markdown.code(name), markdown.line(kind)) for name, kind in sorted(columns.items())]
    return markdown.table(("Column", "Type"), named) if named else ""


def _labels(facts: Facts) -> str:
    positive = facts.project.positive_class
    told = f"The positive class is {markdown.code(positive)}." if positive else ""
    return "\n\n".join(filter(None, [told, proofs.labels(facts)]))


def _relations(facts: Facts) -> str:
    return f"Every example names its unit. {markdown.line(facts.project.unit_note)}"


def _splits(facts: Facts) -> str:
    return f"{proofs.split_sentence(facts)}\n\n{proofs.parts(facts)}"


def _errors(facts: Facts) -> str:
    if facts.project.kind == "events":
        return (
            "Events that stand in the table twice, without a readable time, with one still to "
            "come, or with an amount below zero are refused; the audit found:\n\n"
            + proofs.findings(facts)
        )
    return (
        "Exact and near duplicates are listed in `evidence/duplicates.csv`; the audit found:\n\n"
        + proofs.findings(facts)
    )


def _preprocessing(facts: Facts) -> str:
    used = f"The variant used is: {markdown.line(facts.project.data.variant)}."
    if not facts.resolve.store.dataset.get("preprocessing_sha256"):
        return used
    return f"{used} Preprocessing hash: {claim('dataset', 'preprocessing_sha256', '.16')}."


def _raw(facts: Facts) -> str:
    return (
        "The untouched files lie outside version control, in "
        f"{markdown.code(facts.project.data.raw)}; nothing writes into that folder."
    )


def _software(facts: Facts) -> str:
    return f"The step from raw files to the table is `src/{facts.project.package}/data.py`."


def _distribution(facts: Facts) -> str:
    data = facts.project.data
    return (
        f"Licence: {markdown.line(data.license)}. Home page: {markdown.line(data.homepage)}. How "
        f"to get it: {markdown.line(data.how_to_get)} Citation: {markdown.line(data.citation)}"
    )


def _versions(facts: Facts) -> str:
    hashes = [
        f"{what} {claim('dataset', f'{key}_sha256', '.16')}"
        for key, what in (("membership", "ids, units and labels"), ("content", "file contents"))
    ]
    version = markdown.line(facts.project.data.version)
    return f"Version {version}. SHA-256 over {' and over '.join(hashes)}."


_RECORDED: dict[str, Callable[[Facts], str]] = {
    "instances": _instances,
    "counts": _counts,
    "features": _features,
    "labels": _labels,
    "relations": _relations,
    "splits": _splits,
    "errors": _errors,
    "preprocessing": _preprocessing,
    "raw": _raw,
    "software": _software,
    "distribution": _distribution,
    "versions": _versions,
}
