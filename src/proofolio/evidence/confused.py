"""The result about pairs of classes that are taken for each other, both ways together."""

from itertools import combinations

from proofolio import errors, scoring
from proofolio.contract import Layout, Result, RunError
from proofolio.evidence import building
from proofolio.evidence.building import Inputs
from proofolio.project import Project

KIND = "confused_pairs"
BETWEEN = " / "  # of the two names of a pair


def confused_pairs(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return the pairs of classes with most mistakes between them, most first.

    `inputs`: runs (one), part. `parameters`: k, and notes {"one / other": text}, in either order:
    what tells the two apart; those of the pairs shown are kept. Rows: pair (in the order of the
    classes), n (mistakes between the two), first_as_second, second_as_first, share (of all
    mistakes), note ("" where nobody wrote one). Pairs of equal n stand by the share of both
    classes' rows that they are, then by name. `value` is the number of all mistakes.

    Raises:
        RunError: A note about no pair of classes, or two about the same.
    """
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    notes = _notes(parameters.get("notes", {}), run.classes)
    counts = errors.confusion_counts(run, stored, examples, inputs["part"])
    total, sizes = int(counts.sum() - counts.trace()), counts.sum(axis=1)
    found = []
    for i, j in combinations(range(len(run.classes)), 2):
        n = int(counts[i, j] + counts[j, i])
        if n:
            pair = BETWEEN.join((run.classes[i], run.classes[j]))
            row = {"pair": pair, "n": n, "first_as_second": int(counts[i, j])}
            row |= {"second_as_first": int(counts[j, i]), "share": n / total}
            row["note"] = notes.get(frozenset((run.classes[i], run.classes[j])), "")
            found.append((-n, -n / int(sizes[i] + sizes[j]), pair, row))
    rows = [row for *_, row in sorted(found, key=lambda told: told[:3])][: parameters["k"]]
    parameters = parameters | {"notes": {row["pair"]: row["note"] for row in rows if row["note"]}}
    data = scoring.join_run(run, stored, examples, inputs["part"])
    lead = building.counted(data.rows, "mistakes between two classes, at the run's decision")
    return building.result(KIND, inputs, parameters, lead | {"value": total}, rows)


def _notes(notes: dict[str, str], classes: list[str]) -> dict[frozenset[str], str]:
    """Return notes by unordered pair."""
    told = {frozenset(pair.split(BETWEEN)): text for pair, text in notes.items()}
    strange = [pair for pair in notes if len(set(pair.split(BETWEEN)) & set(classes)) != 2]
    if strange or len(told) != len(notes):
        raise RunError(
            "notes about no pair of classes, or two about one pair",
            expected=f"'one{BETWEEN}other', two classes of the run, in either order, once",
            received=", ".join(strange[:5]) or f"{len(notes)} notes about {len(told)} pairs",
            remedy="correct the notes in project.yaml",
        )
    return told
