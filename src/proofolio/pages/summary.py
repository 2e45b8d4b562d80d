"""What stands beside the result on a first screen and on a card: rivals, baseline, publications."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from proofolio.cards import headline, markdown, tables
from proofolio.figures import Drawing, Facts, rungs, words

NAME, FIGURE = "summary.json", "headline.svg"
CHOSEN, BEST = "chosen on validation", "best so far"
BETTER, RIVAL = "better on test, not chosen", "best of another rung"
BASELINE, PUBLISHED = "simplest baseline", "published"


@dataclass(frozen=True)
class Row:
    """One value beside the result: what it is, whose it is, and the claim that prints it."""

    what: str
    name: str
    subject: str
    path: str
    comparable: str = ""  # of a published figure: yes or partly
    difference: str | None = None  # the recorded result: the choice less this
    title: str | None = None  # of a configuration, in words


def rows(facts: Facts) -> list[Row]:
    """Return the chosen configuration and what to hold against it; empty before the first run."""
    if facts.chosen is None:
        return []
    own, others = headline.ahead(facts)
    chosen = _row(facts, CHOSEN if facts.selection else BEST, facts.chosen.name)
    shown = [chosen, *(_row(facts, BETTER, name) for name in (*own[:1], *others[:1]))]
    if not others and facts.rival is not None:
        shown.append(_row(facts, RIVAL, facts.rival))
    first = _simplest(facts)
    if first is not None and first not in {row.name for row in shown}:
        shown.append(_row(facts, BASELINE, first))
    return shown + [
        Row(PUBLISHED, headline.short_source(r), f"reference:{r.id}", "value", r.comparable)
        for r in headline.beside(facts)[0]
    ]


def table(facts: Facts) -> Iterator[str]:
    """Yield the rows as a table of claims, and what it leaves out."""
    shown = rows(facts)
    if not shown:
        yield headline.sentence(facts)
        return
    metric, part = words.metric(facts.metric), words.part(facts.part)
    with_differences = any(row.difference for row in shown)
    header = ["Result", f"{metric[:1].upper()}{metric[1:]} on {part}"]
    header += ["Chosen less this"] if with_differences else []
    lines = [[_told(row), _value(facts, row)] for row in shown]
    for line, row in zip(lines, shown, strict=True):
        line += [_difference(facts, row)] if with_differences else []
    yield f'<div class="proof-first" markdown>\n\n{markdown.table(header, lines)}\n\n</div>'
    yield " ".join(_left_out(facts))


def figure(facts: Facts, ladder: Drawing) -> Drawing:
    """Draw the ladder's best of each rung, and what the rows name, on the part that speaks.

    Its name holds the project's, so that several stand on one page.
    """
    named = {facts.configurations[n][0].rung: n for n in reversed(facts.ranked)}
    kept = {*named.values(), *(row.name for row in rows(facts))}
    shown = ladder.table[ladder.table["name"].isin(kept) & (ladder.table["part"] == facts.part)]
    shown = shown.assign(title=[_title(facts, name) or name for name in shown["name"]])
    title = f"The best of each rung: {words.metric(facts.metric)} on {words.part(facts.part)}"
    marks = {"target": facts.project.metric.target, "ticks": 1}
    marks["chosen"] = facts.selection.choice.name if facts.selection else None
    name = f"headline_{facts.project.package}"
    return rungs.ladder(name, title, shown, facts.metric, **marks)


def told(facts: Facts) -> dict[str, Any]:
    """Return what `summary.json` holds: the project in its own words, the rows with values."""
    problem = facts.project.problem
    return {
        "title": facts.project.title,
        "problem": problem.statement,
        "decision": problem.decision,
        "limit": problem.limit,
        "demo_data": facts.project.demo_data,
        "metric": words.metric(facts.metric),
        "part": words.part(facts.part),
        "reproduce": f"python -m {facts.project.package} all",
        "rows": [asdict(row) | _bound(facts, row) for row in rows(facts)],
    }


def _simplest(facts: Facts) -> str | None:
    """Return the first measured configuration of the ladder, which is of another rung."""
    for name, runs in facts.configurations.items():
        if facts.mean(name, facts.part).value is not None:
            return name if runs[0].rung != facts.chosen.rung else None
    return None


def _row(facts: Facts, what: str, name: str) -> Row:
    found = None if name == facts.chosen.name else headline.against(facts, name)
    title = _title(facts, name)
    value = f"{facts.part}.{facts.metric}"
    return Row(what, name, f"config:{name}", value, title=title, difference=found)


def _bound(facts: Facts, row: Row) -> dict[str, Any]:
    bound = facts.resolve.value(row.subject, row.path)
    return {"value": bound.value, "ci_low": bound.ci_low, "ci_high": bound.ci_high}


def _told(row: Row) -> str:
    if row.what == PUBLISHED:
        how = "comparable" if row.comparable == "yes" else "partly comparable"
        return (
            f"{markdown.line(row.name)}, published, {how} {markdown.unbound('the source in words')}"
        )
    name = markdown.line(row.title) if row.title else markdown.code(row.name)
    name = f"**{name}**" if row.what in (CHOSEN, BEST) else name
    return f"{name}{':' if row.title else ','} {row.what}"


def _title(facts: Facts, name: str) -> str | None:
    return next((e.title for e in facts.project.ladder if e.name == name), None)


def _titled(facts: Facts, name: str) -> str:
    title = _title(facts, name)
    return f"*{markdown.line(title)}*" if title else markdown.code(name)


def _value(facts: Facts, row: Row) -> str:
    shown = tables.value(facts, row.subject, row.path)
    return f"**{shown}**" if row.what in (CHOSEN, BEST) else shown


def _difference(facts: Facts, row: Row) -> str:
    if row.difference is None:
        return ""
    return tables.difference(facts, row.difference, facts.results[row.difference])


def _left_out(facts: Facts) -> Iterator[str]:
    if facts.part != "test":
        yield "The test set is still sealed."
    own, others = headline.ahead(facts)
    if own or others:
        yield "**Validation chose it; on test it is not the best.**"
    hidden = [*own[1:], *others[1:]]
    if hidden:
        does = "do" if len(hidden) > 1 else "does"
        yield f"{words.listed([_titled(facts, n) for n in hidden])} {does} better there too."
    more = headline.beside(facts)[1]
    if more:
        stands = "figure stands" if more == 1 else "figures stand"
        yield f"{more} more published {stands} [below](#beside-published-figures)."
