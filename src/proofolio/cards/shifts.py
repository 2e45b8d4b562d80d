"""The passages about differences: an experiment to its parent, a leaking split, another part."""

from collections.abc import Iterator

from proofolio.cards import markdown, tables
from proofolio.contract import Result
from proofolio.figures import Facts, words


def against_parent(facts: Facts, config: str, parent: str | None) -> str:
    """Return an experiment's recorded differences to its parent, val first; "" where none is."""
    told = []
    for name, result in facts.results_of("paired_difference").items():
        inputs = {"metric": facts.metric} | result.inputs
        pair = (inputs.get("config"), inputs.get("versus"), inputs["metric"])
        if pair == (config, parent, facts.metric):
            part = str(result.inputs.get("part", "val"))
            shown = tables.difference(facts, name, result)
            told.append((part == "test", f"on {words.part(part)} {shown}, {verdict(result)}"))
    if not told:
        return ""
    metric = words.metric(facts.metric)
    listed = "; ".join(text for _, text in sorted(told))
    return f"difference in {metric} to {markdown.code(parent)}, on the same resamples: {listed}"


def verdict(result: Result) -> str:
    """Return where an interval lies, in words."""
    if result.ci_low is None or result.ci_high is None:
        return "without an interval"
    if includes_zero(result):
        return "an interval that includes zero"
    return f"an interval {'above' if result.ci_low > 0 else 'below'} zero"


def includes_zero(result: Result) -> bool:
    """Whether a recorded interval holds zero; False without an interval."""
    if result.ci_low is None or result.ci_high is None:
        return False
    return result.ci_low <= 0 <= result.ci_high


def leaks(facts: Facts) -> Iterator[str]:
    """Yield one line per comparison of two splits of the same rows."""
    for name, result in facts.results_of("leak_comparison").items():
        digits = tables.digits_of(result)
        config, versus = (str(result.inputs.get(side)) for side in ("config", "versus"))
        sides = [
            f"{markdown.code(side)}{_split(facts, side)} reaches "
            f"{tables.value(facts, f'result:{name}', f'table.{row}.value', digits)}"
            for row, side in enumerate((config, versus))
        ]
        yield (
            f"- Out of fold, over the same examples, {sides[0]} and {sides[1]}: a difference in "
            f"{_metric(facts, result)} of {tables.difference(facts, name, result)}, "
            f"{verdict(result)}."
        )


def drifts(facts: Facts) -> Iterator[str]:
    """Yield one line per difference between two parts."""
    for name, result in facts.results_of("drift").items():
        sides = [
            f"{markdown.code(result.inputs.get(config))} on "
            f"{words.part(str(result.inputs.get(part, 'val')))} "
            f"{tables.value(facts, f'result:{name}', f'table.{row}.value')}"
            for row, (config, part) in enumerate((("config", "part"), ("versus", "versus_part")))
        ]
        yield (
            f"- {_capital(_metric(facts, result))} of {sides[0]} against {sides[1]}: a difference "
            f"of {tables.difference(facts, name, result)}, {verdict(result)}."
        )


def _metric(facts: Facts, result: Result) -> str:
    return words.metric(str(result.inputs.get("metric", facts.metric)))


def _split(facts: Facts, config: str) -> str:
    """Return on which split a configuration ran, and that a demonstration leaks on purpose."""
    named = next((e.split for e in facts.project.ladder if e.name == config), None)
    spec = next((s for s in facts.project.splits if s.name == named), None)
    if spec is None:
        return ""
    purpose = ", a demonstration that leaks on purpose" if spec.purpose == "demonstration" else ""
    return f" (split {markdown.code(spec.name)}{purpose})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
