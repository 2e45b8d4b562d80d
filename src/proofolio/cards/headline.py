"""The result in a sentence, and what did better on test than the chosen configuration."""

import re
from collections.abc import Iterator

from proofolio import metrics
from proofolio.cards import markdown, shifts, tables
from proofolio.cards.markdown import claim
from proofolio.contract import Reference, Result
from proofolio.figures import Facts, words

_SOURCE = markdown.unbound("the source in words")
_YEAR = re.compile(r".+?\(\d{4}\)")
_MOST = 3  # published figures beside the result; the table has all


def sentence(facts: Facts) -> str:
    """Return the result: the chosen configuration, and whatever beats it.

    On test every configuration opened beside it that does better is named, the best of its own rung
    and of the others with number and difference; so is every comparable published figure that is
    better. Where none is, the best configuration of another rung stands beside it.
    """
    run = facts.chosen
    if run is None:
        return "**Result.** Not measured yet: no run of the ladder has finished."
    reached = (
        f"reaches {words.metric(facts.metric)} "
        f"{tables.value(facts, f'config:{run.name}', f'{facts.part}.{facts.metric}')} on "
        f"{words.part(facts.part)}"
    )
    said = f"**Result.** {markdown.code(run.name)} {reached}{_rival(facts)}."
    if facts.part != "test":
        return f"{said} The test set is still sealed."
    ahead = "; ".join(_ahead(facts))
    if ahead:
        chosen = f"{markdown.code(run.name)}, which validation chose,"
        said = f"**Result.** {chosen} {reached}. **It is not the best there:** {ahead}."
    above = " and ".join(_cited(r) for r in _comparable(facts) if _is_better(facts, r.value))
    return f"{said}\n**A better figure is published:** {above}. {_SOURCE}" if above else said


def published(facts: Facts) -> str:
    """Return the comparable published figures of the primary metric that `sentence` leaves out.

    Of more than a few the best stand here, those that compare fully before others.
    """
    told = facts.part == "test"
    rest = [r for r in _comparable(facts) if not (told and _is_better(facts, r.value))]
    if not rest:
        return ""
    more = ""
    if len(rest) > _MOST:
        rest = _best_first(facts, rest)
        more = f" {len(rest) - _MOST} more stand under the published figures."
    listed = "; ".join(_cited(reference) for reference in rest[:_MOST])
    return f"**Published {words.metric(facts.metric)} beside it.** {listed}.{more} {_SOURCE}"


def beside(facts: Facts) -> tuple[list[Reference], int]:
    """Return the published figures to stand beside the result, and how many more there are.

    Those that compare fully come before those that compare partly, the best first; of a source
    with several one stands there.
    """
    known = _best_first(facts, _comparable(facts))
    shown = list({short_source(r): r for r in reversed(known)}.values())[::-1][:_MOST]
    return shown, len(known) - len(shown)


def _best_first(facts: Facts, references: list[Reference]) -> list[Reference]:
    sign = -1 if metrics.higher_is_better(facts.metric) else 1
    return sorted(references, key=lambda r: (r.comparable != "yes", sign * r.value))


def short_source(reference: Reference) -> str:
    """Return the source of a published figure up to the year."""
    source = _YEAR.match(reference.source)
    return source[0] if source else reference.source


def _rival(facts: Facts) -> str:
    if facts.rival is None:
        return ""
    against = tables.value(facts, f"config:{facts.rival}", f"{facts.part}.{facts.metric}")
    return f"; the best configuration of another rung, {markdown.code(facts.rival)}, {against}"


def ahead(facts: Facts) -> tuple[list[str], list[str]]:
    """Return what does better on test than the choice: of its own rung and of others, best first.

    Both are empty before test was opened.
    """
    if facts.part != "test" or facts.chosen is None:
        return [], []
    values = {name: facts.mean(name, "test").value for name in facts.configurations}
    better = [n for n, v in values.items() if v is not None and _is_better(facts, v)]
    sign = -1 if metrics.higher_is_better(facts.metric) else 1
    better.sort(key=lambda name: sign * values[name])
    own = [n for n in better if facts.configurations[n][0].rung == facts.chosen.rung]
    return own, [n for n in better if n not in own]


def _ahead(facts: Facts) -> Iterator[str]:
    """Yield what did better on test: the best of the own rung, of others, and the rest by name."""
    own, others = ahead(facts)
    for names, what in ((own, "of its own rung"), (others, "of another rung")):
        if names:
            yield f"{markdown.code(names[0])} {what} reaches {_beside(facts, names[0])}"
    rest = [markdown.code(name) for name in (*own[1:], *others[1:])]
    if rest:
        yield f"{words.listed(rest)} {'do' if len(rest) > 1 else 'does'} better too"


def _beside(facts: Facts, name: str) -> str:
    """Return a configuration's value on test, and the recorded difference of the chosen to it."""
    told = tables.value(facts, f"config:{name}", f"test.{facts.metric}")
    known = against(facts, name)
    if known is None:
        return told
    result = facts.results[known]
    zero = " that includes zero" if shifts.includes_zero(result) else ""
    return f"{told}, a difference of {tables.difference(facts, known, result)}{zero}"


def against(facts: Facts, name: str) -> str | None:
    """Return the name of the recorded difference of the choice to `name`, on the part shown."""
    found = facts.results_of("paired_difference").items()
    return next((known for known, result in found if _is_between(facts, result, name)), None)


def _is_between(facts: Facts, result: Result, name: str) -> bool:
    inputs = {"metric": facts.metric, "part": "val"} | result.inputs
    if inputs.get("slice") or result.parameters.get("slice"):
        return False
    asked = tuple(inputs.get(key) for key in ("config", "versus", "metric", "part"))
    return asked == (facts.chosen.name, name, facts.metric, facts.part)


def _is_better(facts: Facts, value: float) -> bool:
    """Whether a value is better than what the chosen configuration reaches."""
    reached = None if facts.chosen is None else facts.mean(facts.chosen.name, facts.part).value
    if reached is None:
        return False
    return value > reached if metrics.higher_is_better(facts.metric) else value < reached


def _comparable(facts: Facts) -> list[Reference]:
    found = [r for r in facts.project.references if r.metric == facts.metric]
    return [reference for reference in found if reference.comparable != "no"]


def _cited(reference: Reference) -> str:
    """Return a published figure with its source up to the year; the table has all of it."""
    value = claim(f"reference:{reference.id}", "value", ".3f")
    named = markdown.line(short_source(reference))
    return f"{value} ({named}; comparable: {reference.comparable})"
