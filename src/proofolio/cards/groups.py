"""The passages about groups: accuracy by level of the classes, two values of a slice."""

from collections.abc import Iterator

from proofolio.cards import markdown, shifts, tables
from proofolio.contract import Result
from proofolio.figures import Facts, words

KINDS = ("hierarchy", "slice_difference", "difference_by_slice")


def block(facts: Facts, kind: str) -> Iterator[str]:
    """Yield each recorded table of a kind with how to read it, the part that speaks first."""
    found = facts.results_of(kind)
    ordered = sorted(found, key=lambda n: (_part(found[n]) != facts.part, n))
    for name in ordered:
        if kind == "hierarchy":
            yield _levels(facts, name, found[name], first=name == ordered[0])
        elif kind == "difference_by_slice":
            yield _gains(facts, found[name])
        else:
            yield _difference(facts, name, found[name])
        yield markdown.table_of(name)


def _levels(facts: Facts, name: str, result: Result, *, first: bool) -> str:
    run = facts.run_of(result)
    named = markdown.code(run.name if run is not None else name)
    if not first:
        return f"The same of {named} on {words.part(_part(result))}:"
    return (
        f"**Are mistakes small ones?** {named} on {words.part(_part(result))}: at each level, "
        "whether the class decided lies in the group of the true one; then how many of the wrong "
        "classes do, beside what they would if each were drawn from the other classes by their "
        "number of rows. Mistakes stay near where the last column lies above zero."
    )


def _difference(facts: Facts, name: str, result: Result) -> str:
    inputs, asked = result.inputs, result.parameters
    versus = asked.get("versus_value")
    other = "all other rows" if versus is None else markdown.line(versus)
    named = markdown.code(asked.get("slice"))
    metric = words.metric(str(inputs.get("metric", facts.metric)))
    return (
        f"**By {named}: {markdown.line(asked.get('value'))} less {other}**, {metric} of "
        f"{markdown.code(inputs.get('config'))} on {words.part(_part(result))}: a difference of "
        f"{tables.difference(facts, name, result)}, {shifts.verdict(result)}, from resamples of "
        "both sides together."
    )


def _gains(facts: Facts, result: Result) -> str:
    ours, theirs = (markdown.code(result.inputs.get(side)) for side in ("config", "versus"))
    metric = words.metric(str(result.inputs.get("metric", facts.metric)))
    return (
        f"**Where is {ours} ahead of {theirs}?** {metric[:1].upper() + metric[1:]} on "
        f"{words.part(_part(result))}, slice by slice: the first configuration is {ours}, the "
        "second one the other. A slice that holds positives alone is set against all negative "
        "rows; the others are taken with the negatives they have. Each row has its own share of "
        "positives, so values compare within a row, not down a column. Where nothing differs, one "
        "row in twenty still excludes zero."
    )


def _part(result: Result) -> str:
    return str(result.inputs.get("part", "val"))
