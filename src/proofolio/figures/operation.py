"""Figures of a model in operation: what has moved, and what training anew is worth."""

from collections.abc import Iterator

import pandas as pd

from proofolio.contract import Result
from proofolio.figures import words
from proofolio.figures.canvas import COLOURS, DASHES, GREY, INK, MARKERS, Drawing, Sheet
from proofolio.figures.facts import Facts

REPORTED, CHANGED = 0.1, 0.25  # the field's convention (Siddiqi 2006)
_LEAST = 1e-4  # where the axis of the index begins
_TICKS = (0.0001, 0.001, 0.01, 0.1, 1)


def collect(facts: Facts) -> Iterator[Drawing]:
    """Yield a figure of each `stability` and of each `retraining` result that has one."""
    drawn = {"inputs": moved, "scores": weekly, "weeks": retrained}
    for kind in ("stability", "retraining"):
        for name, result in facts.results_of(kind).items():
            draw = drawn.get(str(result.parameters.get("rows")))
            if draw is not None and result.table:
                yield draw(name, result)


def moved(name: str, result: Result) -> Drawing:
    """Draw the index of each input, one mark a period, on a logarithmic axis."""
    table = pd.DataFrame(result.table)
    periods = [c for c in result.parameters["columns"] if c not in ("what", "by_chance")]
    shown = table[["what", *periods]].melt("what", var_name="period", value_name="psi")
    shown = shown.astype({"psi": float}).dropna(ignore_index=True)
    inputs = list(table["what"])
    with Sheet(height=0.27 * len(inputs) + 2.2) as sheet:
        axes, handles = sheet.axes(), []
        for k, (period, own) in enumerate(shown.groupby("period", sort=True)):
            look = {"color": COLOURS[k % 4], "marker": MARKERS[k % 4], "ls": "", "ms": 6}
            look |= {"mfc": "none"} if k >= len(COLOURS) else {}
            y = own["what"].map(inputs.index)
            handles += axes.plot(own["psi"].clip(lower=_LEAST), y, label=str(period), **look)
        _limits(axes.axvline)
        axes.set_xscale("log")
        axes.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
        axes.set_xticks([], minor=True)
        axes.set_yticks(range(len(inputs)), [words.shortened(n, 20) for n in inputs])
        axes.set(ylim=(len(inputs) - 0.5, -0.5), xlabel="population stability index")
        axes.set_xlim(left=_LEAST * 0.7)
        sheet.legend(handles, columns=3)
    over = shown[shown["psi"] > CHANGED]
    listed = [f"{row.what} in {row.period} ({row.psi:.2f})" for row in over.itertuples(index=False)]
    told = (
        f"Each month against {result.inputs.get('reference', 'the reference')}. Above {CHANGED}: "
    )
    told += f"{words.listed(listed) if listed else 'none'}."
    return sheet.drawing(name, "How far each input has moved, by month", told, shown)


def weekly(name: str, result: Result) -> Drawing:
    """Draw, week by week, the index of the scores and the alerts above the fixed threshold."""
    table = pd.DataFrame(result.table)
    limits, x = result.parameters, range(1, len(table) + 1)
    numbers = table.astype(dict.fromkeys(("psi", "alerts_per_day", "precision", "found"), float))
    with Sheet(height=5.2) as sheet:
        axes = sheet.axes(3)
        axes[0].plot(x, numbers["psi"], color=COLOURS[0], marker=MARKERS[0])
        _limits(axes[0].axhline)
        axes[0].set(ylabel="index of scores", ylim=(0, None))
        axes[1].plot(x, numbers["alerts_per_day"], color=COLOURS[0], marker=MARKERS[0])
        look = {"color": INK, "ls": DASHES[1], "lw": 1.2}
        for limit in limits["alerts_limits"]:
            axes[1].axhline(limit, **look)
        axes[1].set(ylabel="alerts a day", ylim=(0, None))
        handles = []
        told = {"precision": "precision of the alerts", "found": "share of frauds alerted"}
        for k, (column, label) in enumerate(told.items()):
            look = {"color": COLOURS[k], "marker": MARKERS[k], "ls": DASHES[k], "label": label}
            handles += axes[2].plot(x, numbers[column], **look)
            axes[2].axhline(limits[f"{column}_limit"], color=COLOURS[k], ls=DASHES[3], lw=1.2)
        axes[2].set(xlabel="scored week, its first day", ylabel="share", ylim=(0, 1))
        days = [str(what).split()[-1][5:] for what in table["what"]]  # month and day
        axes[2].set_xticks(list(x), days, fontsize=9)
        sheet.legend(handles, columns=2)
    rows = [
        f"{row.what}: index {words.number(row.psi)}, {row.alerts_per_day:.0f} alerts a day, "
        f"precision {words.number(row.precision)}"
        for row in numbers.itertuples(index=False)
    ]
    message = "Broken lines are limits; labels of weeks that are not drawn below are sealed. "
    title = "Scores and alerts of each scored week"
    return sheet.drawing(name, title, message + "; ".join(rows) + ".", table)


def retrained(name: str, result: Result) -> Drawing:
    """Draw the average precision of each policy by days since the change, a panel a world."""
    table = pd.DataFrame(result.table)
    worlds, policies = (list(dict.fromkeys(table[c])) for c in ("world", "policy"))
    with Sheet(height=1.5 * len(worlds) + 1.2) as sheet:
        axes = sheet.axes(len(worlds), sharey=True)
        axes = [axes] if len(worlds) == 1 else list(axes)
        for panel, world in zip(axes, worlds, strict=True):
            for k, policy in enumerate(policies):
                own = table[(table["world"] == world) & (table["policy"] == policy)]
                look = {"color": COLOURS[k % 4], "ls": DASHES[k % 4], "marker": MARKERS[k % 4]}
                panel.plot(own["day"], own["average_precision"], label=policy, ms=4, **look)
            panel.axvline(0, color=GREY, lw=1.2)
            panel.set(title=world, ylim=(0.2, 1), ylabel="avg. precision")
        axes[-1].set_xlabel("first day of the scored week, from the change")
        sheet.legend(axes[0].get_lines()[: len(policies)], columns=2)
    after = table[table["day"] >= 0].groupby(["world", "policy"], sort=False)
    means = after["average_precision"].mean()
    told = "; ".join(f"{world}, {policy}: {v:.3f}" for (world, policy), v in means.items())
    message = f"Mean over the weeks after the change and over {result.n} worlds each: {told}."
    title = "Average precision by week, by when the model is trained again"
    return sheet.drawing(name, title, message, table)


def _limits(line: object) -> None:
    """Draw both limits of the convention with `axvline` or `axhline`."""
    for limit, dash in ((REPORTED, 2), (CHANGED, 1)):
        line(limit, color=INK, ls=DASHES[dash], lw=1.2)  # type: ignore[operator]
