"""The what-if page of events: a slider over thresholds and daily budgets, in the reader's browser.

The curves stand in the page as JSON, so that it works from the file system too; the script and its
style are two plain files of this package beside the page. Without JavaScript a table stands there.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

import numpy as np
import pandas as pd

from proofolio import claims, files
from proofolio.cards import markdown
from proofolio.figures import Facts, words
from proofolio.pages import operating, parts
from proofolio.pages.operating import Part

NAME = "what_if"
TITLE = "What if: other thresholds, budgets and costs"
_PLACE = 35  # in the navigation, after the decision
_DIGITS = 6  # significant; counts stay whole
_MOST_ROWS = 13
_COLUMNS = {
    "alerts_per_day": ("Alerts a day", ",.1f"),
    "threshold": ("Threshold", ".4g"),
    "precision": ("Precision", ".1%"),
    "recall": ("Recall", ".1%"),
    "value_share": ("Amount found", ".1%"),
    "value_per_day": ("Amount found a day", ",.0f"),
    "cost_per_day": ("Cost a day", ",.0f"),
}


def made(facts: Facts) -> dict[str, str]:
    """Return the files of the page by name, seen from the result page's folder; {} for images.

    Raises:
        SealError: Test is shown and was not opened for the chosen run.
    """
    if facts.project.kind != "events":
        return {}
    read = operating.read(facts)
    text = "\n\n".join(_text(facts, read)) + "\n"
    page = {f"{NAME}.md": claims.bind(text, facts.resolve, "what-if page")}
    if not read:
        return page
    own = resources.files("proofolio.pages")
    scripts = {
        f"{NAME}/{NAME}.{end}": own.joinpath(f"{NAME}.{end}").read_text(encoding="utf-8")
        for end in ("js", "css")
    }
    return page | scripts | {f"data/{NAME}.csv": _csv(facts, read)}


def _text(facts: Facts, read: Mapping[str, Part]) -> Iterator[str]:
    about = f"A slider over the alerts of {facts.project.title}: what is found, missed and saved."
    yield parts.front(TITLE, about, _PLACE)
    yield "<!-- Written by `proofolio pages` from evidence/ and project.yaml: do not edit. -->"
    yield f"# {TITLE}"
    if facts.project.demo_data:
        yield parts.demo_data()
    if not read:
        yield "Not measured yet: no run of two classes with its predictions is recorded."
        return
    yield (
        f"What `{facts.chosen.name}` would have found, missed and cost on the days it scored, had "
        "more alerts or fewer been looked at. Every number is counted in the committed "
        "predictions. The page holds what it shows: nothing is fetched and nothing is sent."
    )
    yield _standing(facts)
    yield f'<link rel="stylesheet" href="{NAME}.css">'
    yield (
        '<div id="what-if" class="what-if"><noscript><p>The slider needs JavaScript; the table '
        "below does not.</p></noscript></div>"
    )
    yield f'<script type="application/json" id="what-if-data">{_json(facts, read)}</script>'
    yield f'<script src="{NAME}.js" defer></script>'
    yield "## Some points as a table"
    yield from _tables(facts, read)
    yield f"[Every point (CSV)](data/{NAME}.csv){{ .proof-numbers }}"
    yield from _recorded(facts)
    yield "## How to read it"
    yield _reading(facts)


def _standing(facts: Facts) -> str:
    if "test" in facts.parts:
        return (
            "Validation chose the configuration and fixed its calibration and thresholds, so what "
            "it shows is optimistic. Test shows what the same thresholds did later; to choose a "
            "threshold by what test shows would spoil it as a test."
        )
    return (
        "These are the validation days alone: they chose the configuration and fixed its "
        "calibration and threshold, so what they show is optimistic. Test is sealed."
    )


def _tables(facts: Facts, read: Mapping[str, Part]) -> Iterator[str]:
    kept: list[int] = []  # the same thresholds on every part, chosen by alerts on val
    for name, part in read.items():
        curve = part.curves["threshold"]
        shown = operating.per_day(part, curve.rows, facts.project.decision)
        kept = kept or _dozen(shown["alerts_per_day"].to_numpy(), curve.in_use)
        title = f"One threshold for every day, on {words.part(name)}: means over {part.days} days"
        yield f"{title}."
        in_use = None if curve.in_use is None else kept.index(curve.in_use)
        yield _table(shown.iloc[kept], title, in_use)


def _dozen(alerts: np.ndarray, in_use: int | None) -> list[int]:
    """Return positions of about a dozen points, the one in use among them, fewest alerts first."""
    asked = [a for a in operating.ROUND if alerts[0] <= a <= alerts[-1]] or [alerts[0], alerts[-1]]
    near = {int(np.argmin(abs(alerts - a))) for a in asked[-_MOST_ROWS:]}
    return sorted(near | ({in_use} - {None}))


def _table(shown: pd.DataFrame, title: str, in_use: int | None) -> str:
    """Return an HTML table on one line, where no Markdown is read."""
    columns = {name: form for name, form in _COLUMNS.items() if name in shown}
    heads = "".join(f'<th scope="col">{title}</th>' for title, _ in columns.values())
    body = ""
    for i, row in enumerate(shown.to_dict("records")):
        cells = [_cell(row[name], form) for name, (_, form) in columns.items()]
        cells[0] += " (in use)" if i == in_use else ""
        body += "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    table = f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>"
    named = f'<table aria-label="{html.escape(title)}">{table}</table>'
    return f'<div class="what-if-table">{named}</div>'


def _cell(value: float, form: str) -> str:
    if value != value:  # no alert, or nothing to find
        return "not defined"
    if form == ".4g" and 0.99 < value < 1:  # of a probability next to one, what differs
        form = ".6g"
    return f"{value:{form}}".replace("%", " %")


def _recorded(facts: Facts) -> Iterator[str]:
    """Yield the recorded results on daily budgets, whose numbers have intervals."""
    found = [
        (str(result.inputs["part"]), name)
        for name, result in facts.results_of("budget").items()
        if facts.run_of(result) == facts.chosen
    ]
    for i, (part, name) in enumerate(sorted(found, key=lambda f: facts.parts.index(f[0]))):
        if not i:
            yield "## With intervals"
        yield f"So many alerts on each day, the best-scored first, on {words.part(part)}:"
        yield markdown.table_of(name)


def _reading(facts: Facts) -> str:
    rule = facts.project.decision
    told = [
        "**One threshold** is what the decision in use applies: a day with more suspicious events "
        "gives more alerts. **The same number each day** takes the best-scored events of each day, "
        "whatever their scores: a quiet day gets as many alerts as a busy one.",
        "**The costs are stated, not measured**; yours may differ, so both can be changed. What is "
        "saved is counted against looking at nothing.",
        "The page's numbers carry no interval: neighbouring points differ by a few events. The "
        f"[result page](index.md) has intervals. Why this decision: {markdown.line(rule.reason)}",
    ]
    has_amounts = "amount" in facts.examples
    if has_amounts:
        told[1] += " Money is in the currency of the table's amounts."
    return "\n".join(f"- {line}" for line in told)


def _json(facts: Facts, read: Mapping[str, Part]) -> str:
    """Return what the script reads, as JSON on one line that can end no HTML element."""
    run, rule = facts.chosen, facts.project.decision
    told = {
        "run": run.name,
        "positive": run.positive_class,
        "order": list(read),
        "costs": {"miss": rule.cost_miss, "look": rule.cost_false_alarm},
        "parts": {name: _part(name, part) for name, part in read.items()},
    }
    return files.json_line(told).strip().replace("<", "\\u003c").replace("&", "\\u0026")


def _part(name: str, part: Part) -> dict[str, object]:
    told = {"title": words.part(name), "days": part.days, "events": part.events}
    told |= {"positives": part.positives, "value": part.value, "curves": {}}
    for way, curve in part.curves.items():
        columns = {c: _short(curve.rows[c]) for c in ("alerts", "found", "value", "threshold")}
        if part.value is None:
            del columns["value"]
        told["curves"][way] = columns | {"in_use": curve.in_use}
    return told


def _short(values: Sequence[float]) -> list[float | int]:
    """Return values as text needs them: whole numbers whole, others to ten digits at most."""
    return [int(v) if float(v).is_integer() else float(f"{v:.10g}") for v in values]


def _csv(facts: Facts, read: Mapping[str, Part]) -> str:
    frames = [
        operating.per_day(part, curve.rows, facts.project.decision).assign(part=name, way=way)
        for name, part in read.items()
        for way, curve in part.curves.items()
    ]
    table = pd.concat(frames, ignore_index=True)
    table = table[["part", "way", *(c for c in table if c not in ("part", "way"))]]
    return table.to_csv(index=False, lineterminator="\n", float_format=f"%.{_DIGITS}g")
