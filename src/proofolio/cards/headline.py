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
        sign = -1 if metrics.higher_is_better(facts.metric) else 1
        rest.sort(key=lambda r: (r.comparable != "yes", sign * r.value))
        more = f" {len(rest) - _MOST} more stand under the published figures."
    listed = "; ".join(_cited(reference) for reference in rest[:_MOST])
    return f"**Published {words.metric(facts.metric)} beside it.** {listed}.{more} {_SOURCE}"


def _rival(facts: Facts) -> str:
    if facts.rival is None:
        return ""
    against = tables.value(facts, f"config:{facts.rival}", f"{facts.part}.{facts.metric}")
    return f"; the best configuration of another rung, {markdown.code(facts.rival)}, {against}"


def _ahead(facts: Facts) -> Iterator[str]:
    """Yield what did better on test: the best of the own rung, of others, and the rest by name."""
    values = {name: facts.mean(name, "test").value for name in facts.configurations}
    better = [n for n, v in values.items() if v is not None and _is_better(facts, v)]
    sign = -1 if metrics.higher_is_better(facts.metric) else 1
    better.sort(key=lambda name: sign * values[name])
    own = [n for n in better if facts.configurations[n][0].rung == facts.chosen.rung]
    others = [n for n in better if n not in own]
    for names, what in ((own, "of its own rung"), (others, "of another rung")):
        if names:
            yield f"{markdown.code(names[0])} {what} reaches {_beside(facts, names[0])}"
    rest = [markdown.code(name) for name in better if name not in (*own[:1], *others[:1])]
    if rest:
        yield f"{words.listed(rest)} {'do' if len(rest) > 1 else 'does'} better too"


def _beside(facts: Facts, name: str) -> str:
    """Return a configuration's value on test, and the recorded difference of the chosen to it."""
    told = tables.value(facts, f"config:{name}", f"test.{facts.metric}")
    for known, result in facts.results_of("paired_difference").items():
        if _is_between(facts, result, name):
            zero = " that includes zero" if shifts.includes_zero(result) else ""
            return f"{told}, a difference of {tables.difference(facts, known, result)}{zero}"
    return told


def _is_between(facts: Facts, result: Result, name: str) -> bool:
    inputs = {"metric": facts.metric, "part": "val"} | result.inputs
    asked = tuple(inputs.get(key) for key in ("config", "versus", "metric", "part"))
    return asked == (facts.chosen.name, name, facts.metric, "test")


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
    source = _YEAR.match(reference.source)
    value = claim(f"reference:{reference.id}", "value", ".3f")
    named = markdown.line(source[0] if source else reference.source)
    return f"{value} ({named}; comparable: {reference.comparable})"
