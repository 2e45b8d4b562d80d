"""The passages about what a decision does: transfer, cost, worth, abstention, conformal sets."""

from collections.abc import Iterator

from proofolio.cards import markdown
from proofolio.cards.markdown import claim
from proofolio.contract import Result
from proofolio.figures import Facts, words

KINDS = (
    "budget",
    "detection_delay",
    "threshold_transfer",
    "cost",
    "decision_curve",
    "risk_coverage",
)
KINDS += ("conformal", "ood")
_READ = {
    "budget": (
        "**What a daily budget of alerts finds, on {part}.** Each day the best-scored events are "
        "looked at, as many as the budget; the value is the share of all fraudulent amounts."
    ),
    "ceiling": (
        "**What is there to reach, on {part}?** Card precision divides by its hundred places, "
        "however few cards of a day are fraudulent, and a card that was found is left out "
        "afterwards. The ceiling is what a perfect scorer reaches, by the labels; beside "
        "it what {config} reaches."
    ),
    "detection_delay": (
        "**How soon is fraud met, on {part}?** Of all that has a fraud in a scored window, each "
        "window for itself: the share with an alerted fraud there, and the share whose first fraud "
        "was alerted. Then, among those alerted, the hours from the first fraud to the first "
        "alerted one and how many frauds lay before it. Frauds before the window are ignored, so "
        "the fraud may be older than the clock. An alert comes with its day. Intervals resample "
        "what is compromised and hold the alerts fixed; `unit` is the {unit}, `unit2` the other "
        "party of an event."
    ),
    "threshold_transfer": (
        "**Does the threshold hold on {part}?** Each row is a threshold fitted on {fitted} for the "
        "sensitivity aimed at; it carries over where sensitivity and specificity on {part} are "
        "those on {fitted}."
    ),
    "cost": (
        "**By cost.** For each pair of costs, the threshold that is cheapest on {fitted} and what "
        "it does on {part}; it pays where its cost per example is below treating all and none."
    ),
    "decision_curve": (
        "**What a decision is worth, on {part}.** The threshold says how many false alarms one "
        "true alarm is worth; the model is of use where its net benefit is above treating all and "
        "treating none."
    ),
    "risk_coverage": (
        "**What an abstention policy would hand over, on {part}.** Only the surest are answered, "
        "with a cut fixed on calib; the column *handed over* counts what a person gets instead, "
        "the error share is that of what the model keeps."
    ),
    "conformal": (
        "**Do conformal sets keep their promise on {part}?** Each {by} gets the set of classes "
        "that cannot be ruled out; the promise holds where the coverage reaches it, and only sets "
        "of one class spare a person the decision."
    ),
    "conformal_by": (
        "**Do conformal sets keep their promise within each value of {slice}?** On {part}, of "
        "{config}: a class enters the set where it passes the quantile of its own group, fitted on "
        "the calib rows of that group, so that the promise holds group by group and not only over "
        "all; beside it what one quantile for all gives the same rows. A quantile per class would "
        "rest on the calib rows of that class alone: the column of the rarest class says how many "
        "there are. Where all rows of a group are held, resampling gives no interval."
    ),
    "ood": (
        "**Does it know what it does not know?** Examples of none of the classes, told from those "
        "of {part} by how confident the model is; beside it, how many of either pass a cut that "
        "nearly all of calib pass."
    ),
    "mistakes": (
        "**The mistakes the run was surest of, on {part}**, surest first{looked}. The probability "
        "is that of the class decided."
    ),
}


def block(facts: Facts, kind: str) -> Iterator[str]:
    """Yield each recorded table of a kind, on the part that speaks, with how to read it.

    Standing results first, about the chosen run; then those that were asked for, with their run.
    """
    found = {n: r for n, r in facts.results_of(kind).items() if _part(r) == facts.part}
    for name in sorted(found, key=lambda name: (not _is_standing(name, found[name]), name)):
        yield _said(facts, kind, found[name])
        yield markdown.table_of(name)


def _is_standing(name: str, result: Result) -> bool:
    return name == f"{result.kind}_{_part(result)}"


def _part(result: Result) -> str:
    return str(result.inputs.get("part", "val"))


def _said(facts: Facts, kind: str, result: Result) -> str:
    by = facts.project.unit if result.parameters.get("by") == "unit" else "example"
    read = any(row.get("reading") for row in result.table or [])
    looked = "; the last column says what one sees when looking" if read else ""
    run, part = facts.run_of(result), words.part(_part(result))
    if result.kind == "conformal" and result.parameters.get("by") not in ("unit", "row"):
        named = markdown.code(run.name if run is not None else "an unknown run")
        by = markdown.code(result.parameters.get("by"))
        return _READ["conformal_by"].format(part=part, slice=by, config=named)
    config = result.inputs.get("config") or (run.name if run is not None else None)
    if config is not None and facts.chosen is not None and config != facts.chosen.name:
        return f"The same of {markdown.code(config)}, on {part}:"
    fitted = "val" if facts.project.kind == "events" else "calib"
    named = {"part": part, "by": markdown.line(by), "looked": looked, "fitted": fitted}
    named["unit"] = markdown.line(facts.project.unit)
    named["config"] = markdown.code(config or "an unknown run")
    return _READ[kind].format(**named)


def sentences(facts: Facts) -> Iterator[str]:
    """Yield decision, abstention and conformal sets in a sentence each, where recorded."""
    for kind, tell in (
        ("threshold_transfer", _decided),
        ("risk_coverage", _abstaining),
        ("conformal", _promised),
    ):
        name = f"{kind}_{facts.part}"
        result = facts.results_of(kind).get(name)
        if result is not None and result.table:
            yield from tell(facts, result, f"result:{name}")


def _decided(facts: Facts, result: Result, subject: str) -> Iterator[str]:
    """Yield what the decision's threshold does where it was not fitted."""
    row = _nearest(result, "target", facts.project.decision.target)
    if facts.project.decision.rule != "sensitivity" or row is None:
        return
    at = f"table.{row}"
    fitted = "val" if facts.project.kind == "events" else "calib"
    yield (
        f"**Decision.** The threshold that keeps sensitivity "
        f"{claim(subject, f'{at}.calib_sensitivity', '.3f')} on {fitted} has, on "
        f"{words.part(facts.part)}, sensitivity "
        f"{claim(subject, f'{at}.sensitivity', '.3f', 'ci')} and specificity "
        f"{claim(subject, f'{at}.specificity', '.3f', 'ci')}."
    )


def _abstaining(facts: Facts, result: Result, subject: str) -> Iterator[str]:
    row, whole = _nearest(result, "target", 0.9), _nearest(result, "target", 1.0)
    if row is None or row == whole:
        return
    asked = claim(subject, f"table.{row}.target", ".0f", "pct")
    handed = claim(subject, f"table.{row}.n_handed_over", ",")
    yield (
        f"**Abstention.** Answering the surest {asked} (cut fixed on calib) hands {handed} "
        f"examples of {words.part(facts.part)} to a person and leaves an error share of "
        f"{claim(subject, f'table.{row}.risk', '.3f', 'ci')} among the others; with everything "
        f"answered it is {claim(subject, f'table.{whole}.risk', '.3f', 'ci')}."
    )


def _promised(facts: Facts, result: Result, subject: str) -> Iterator[str]:
    row = _nearest(result, "level", 0.95)
    by = facts.project.unit if result.parameters.get("by") == "unit" else "example"
    promised = claim(subject, f"table.{row}.level", ".0f", "pct")
    held = claim(subject, f"table.{row}.coverage", ".1f", "pct", "ci")
    single = claim(subject, f"table.{row}.single", ".1f", "pct")
    yield (
        f"**Conformal sets.** One set of classes per {markdown.line(by)}: sets that promise to "
        f"hold the true class in {promised} of cases hold it in {held} on "
        f"{words.part(facts.part)}; {single} of them name one class."
    )


def _nearest(result: Result, column: str, wanted: float | None) -> int | None:
    """Return the index of the row nearest to `wanted`, None where nothing is wanted."""
    if wanted is None:
        return None
    rows = result.table or []
    return min(range(len(rows)), key=lambda i: abs(rows[i][column] - wanted), default=None)
