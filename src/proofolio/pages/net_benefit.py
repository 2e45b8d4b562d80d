"""The decision-curve explorer of two-class images: a slider over thresholds, in the browser.

Counts of the chosen run and of the best of another rung stand in the page as JSON, so that it works
from the file system too. Net benefit after Vickers and Elkin, Medical Decision Making 2006: the
share of true positives less the share of false positives, weighted by the threshold's odds.
"""

from collections.abc import Iterator
from importlib import resources

import numpy as np
import pandas as pd

from proofolio import claims, files, scoring
from proofolio.cards import markdown
from proofolio.contract import Run
from proofolio.evidence import building
from proofolio.figures import Facts, words
from proofolio.pages import parts

NAME = "net_benefit"
TITLE = "What if: other thresholds"
_PLACE = 35  # in the navigation, after the decision
_THRESHOLDS = tuple(round(k / 100, 2) for k in range(1, 100))
_TABLE = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def applies(facts: Facts) -> bool:
    """Whether the chosen run decides between two classes of images and keeps its predictions."""
    run = facts.chosen
    if facts.project.kind != "image" or run is None or run.predictions != "kept":
        return False
    return run.positive_class is not None and run.calibration is not None


def made(facts: Facts) -> dict[str, str]:
    """Return the files of the page by name, seen from the result page's folder; {} elsewhere.

    Raises:
        SealError: Test is shown and was not opened for the chosen run.
    """
    if not applies(facts):
        return {}
    table = counts(facts)
    text = "\n\n".join(_text(facts, table)) + "\n"
    own = resources.files("proofolio.pages")
    scripts = {
        f"{NAME}/{NAME}.{end}": own.joinpath(f"{NAME}.{end}").read_text(encoding="utf-8")
        for end in ("js", "css")
    }
    csv = table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    page = claims.bind(text, facts.resolve, "decision-curve page")
    return scripts | {f"{NAME}.md": page, f"data/{NAME}.csv": csv}


def counts(facts: Facts) -> pd.DataFrame:
    """Return a row per part, run and threshold: counts, rates and net benefit.

    Columns part, name, threshold, in_use, n, positives, tp, fp, sensitivity, specificity, alarms (a
    share of all), net_benefit, treat_all. A probability at or above the threshold alarms.
    """
    runs = [run for run in (facts.chosen, facts.rival_run) if run is not None]
    runs = [run for run in runs if run.predictions == "kept" and run.positive_class is not None]
    return pd.concat([_of(facts, run, part) for part in facts.parts for run in runs])


def _of(facts: Facts, run: Run, part: str) -> pd.DataFrame:
    (data,) = building.joined(facts.layout, [run], part)
    applied = facts.chosen.decision.threshold if facts.chosen.decision else None
    tried = np.array(sorted({*_THRESHOLDS} | ({applied} - {None})))
    return of_scores(data, tried).assign(
        part=part, name=run.name, in_use=tried == applied if applied is not None else False
    )


def of_scores(data: scoring.Joined, tried: np.ndarray) -> pd.DataFrame:
    """Return counts, rates and net benefit at each threshold, of labels and probabilities."""
    y, p = data.y.astype(bool), data.calibrated
    flagged = p[None, :] >= tried[:, None]
    tp, fp = (flagged & y).sum(axis=1), (flagged & ~y).sum(axis=1)
    n, positives = len(y), int(y.sum())
    odds = tried / (1 - tried)
    return pd.DataFrame(
        {
            "threshold": tried,
            "n": n,
            "positives": positives,
            "tp": tp,
            "fp": fp,
            "sensitivity": tp / positives,
            "specificity": 1 - fp / (n - positives),
            "alarms": (tp + fp) / n,
            "net_benefit": tp / n - odds * fp / n,
            "treat_all": positives / n - odds * (n - positives) / n,
        }
    )


def _text(facts: Facts, table: pd.DataFrame) -> Iterator[str]:
    run = facts.chosen
    about = f"A slider over the thresholds of {facts.project.title}: rates, alarms, net benefit."
    yield parts.front(TITLE, about, _PLACE)
    yield "<!-- Written by `proofolio pages` from evidence/ and project.yaml: do not edit. -->"
    yield f"# {TITLE}"
    if facts.project.demo_data:
        yield parts.demo_data()
    yield (
        f"What {markdown.code(run.name)} finds, misses and flags at other thresholds on the "
        f"calibrated probability of {markdown.code(run.positive_class)}, counted in the committed "
        "predictions. Nothing is fetched and nothing is sent. To choose a threshold by what test "
        "shows would spoil it as a test."
    )
    yield f'<link rel="stylesheet" href="{NAME}.css">'
    yield (
        '<div id="net-benefit" class="net-benefit"><noscript><p>The slider needs JavaScript; the '
        "tables below do not.</p></noscript></div>"
    )
    yield f'<script type="application/json" id="net-benefit-data">{_json(facts, table)}</script>'
    yield f'<script src="{NAME}.js" defer></script>'
    yield "## Some points as a table"
    for part in facts.parts:
        yield f"On {words.part(part)}:"
        yield f"{_points(table[(table['part'] == part) & (table['name'] == run.name)])}"
    yield f"[Every point (CSV)](data/{NAME}.csv){{ .proof-numbers }}"
    yield "## How to read it"
    yield (
        "A threshold of 0.2 says that one missed case weighs as much as four false alarms. Net "
        "benefit counts in true positives per example and takes off the false alarms at that "
        "rate; a model is worth using where it lies above flagging everybody and above zero, "
        "which is flagging nobody. Points carry no interval here: the "
        "[decision page](decision.md) has the curve with its intervals."
    )


def _points(rows: pd.DataFrame) -> str:
    mark = markdown.unbound("counted in the committed predictions by proofolio")
    header = ("Threshold", "Sensitivity", "Specificity", "Flagged", "Net benefit", "Flag all")
    kept = rows[rows["in_use"] | rows["threshold"].isin(_TABLE)]
    lines = [
        (
            f"{row.threshold:.3g}{' (in use)' if row.in_use else ''} {mark}",
            f"{row.sensitivity:.3f}",
            f"{row.specificity:.3f}",
            f"{row.alarms:.1%}".replace("%", " %"),
            f"{row.net_benefit:.3f}",
            f"{row.treat_all:.3f}",
        )
        for row in kept.itertuples(index=False)
    ]
    return markdown.table(header, lines)


def _json(facts: Facts, table: pd.DataFrame) -> str:
    told = {
        "order": list(facts.parts),
        "titles": {part: words.part(part) for part in facts.parts},
        "names": list(dict.fromkeys(table["name"])),
        "parts": {part: {} for part in facts.parts},
    }
    for (part, name), rows in table.groupby(["part", "name"], sort=False):
        entry = {c: rows[c].tolist() for c in ("threshold", "tp", "fp")}
        entry |= {"n": int(rows["n"].iloc[0]), "positives": int(rows["positives"].iloc[0])}
        entry["in_use"] = rows["in_use"].tolist().index(True) if rows["in_use"].any() else None
        told["parts"][part][name] = entry
    return files.json_line(told).strip().replace("<", "\\u003c").replace("&", "\\u0026")
