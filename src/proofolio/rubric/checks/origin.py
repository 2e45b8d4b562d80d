"""Whether text, data and evidence are the author's own: template, demo, shipped case studies."""

from proofolio.rubric import originals
from proofolio.rubric.outcome import Outcome, check, failed, partial, passed
from proofolio.rubric.subject import Subject

_UNEDITED, _EDITED = 0.5, 0.15  # shares of the template's sentences that still stand


@check("CO4")
def own_work(subject: Subject) -> Outcome:
    """No demo data, no untouched template, no evidence of somebody else."""
    e = subject.e
    contract = subject.tree.json("evidence/contract.json")
    demo = subject.project.get("demo_data") is True
    demo |= isinstance(contract, dict) and contract.get("demo_data") is True
    if demo:
        found = failed("the data is the built-in demo", "evidence/contract.json: demo_data")
        return found.gated("the numbers are those of the built-in demo data")
    if broken := subject.broken("CO4"):
        return failed("the demo flag was changed", *broken).gated(f"demo data: {broken[0]}")
    if subject.shipped and e is not None and not originals.is_home(subject.tree.root):
        for name, marks in originals.shipped()["cases"].items():
            common = originals.shared(marks_of(subject), marks)
            if common:
                return copied(f"the case study {name}", common)
    return _text(subject)


def copied(whose: str, common: str) -> Outcome:
    """Return the outcome of evidence that somebody else recorded."""
    told = f"the evidence shares {common} with {whose}"
    return failed(told).gated(f"copied evidence: {told}")


def marks_of(subject: Subject) -> dict[str, list[str]]:
    """Return what identifies a project's evidence; empty lists without evidence."""
    if subject.e is None:
        return {"log": [], "predictions": []}
    runs = ({"predictions_sha256": r.predictions_sha256} for r in subject.e.runs.values())
    return originals.marks(subject.tree.text("evidence/runs.jsonl"), runs)


def _text(subject: Subject) -> Outcome:
    """Compare README and project.yaml with the template; name the README's placeholders.

    Placeholders of project.yaml count where they stand: problem, metric, decision, cards.
    """
    text = subject.readme + "\n" + subject.tree.text("project.yaml")
    standing, most = [], 0.0
    for name, pieces in originals.shipped()["template"].items():
        of = subject.readme if name.startswith("README") else subject.tree.text("project.yaml")
        kept = originals.kept(of, pieces)
        standing += [f"{name.split()[0]}: {piece[:80]}" for piece in kept]
        most = max(most, len(kept) / max(1, len(pieces)))
    blanks = originals.placeholders(subject.readme)
    if most > _UNEDITED:
        told = f"{most:.0%} of the template's sentences stand unedited"
        return failed(told, *standing).gated(f"unedited template text: {told}")
    if not text.strip():
        return failed("there is no README and no project.yaml to read")
    if most > _EDITED or blanks:
        blank = f"placeholders: {', '.join(blanks)}" if blanks else ""
        return partial("text of the template still stands", blank, *standing)
    if not subject.project:
        return passed(
            f"{subject.readme_name} keeps no text of a template", subject.readme_name or ""
        )
    return passed("README and project.yaml are the author's own; the data is no demo")
