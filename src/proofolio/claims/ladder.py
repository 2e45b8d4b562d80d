"""The table `ladder`: every configuration of the primary split, from baselines to the best."""

import re
from typing import Any

from proofolio.claims import render
from proofolio.claims.resolve import Resolve
from proofolio.claims.store import Store

_SPELLED = {
    "auroc": "AUROC",
    "ece": "ECE",
    "f1": "F1",
    "f1_macro": "macro F1",
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
}


def table(resolve: Resolve) -> str:
    """Return the ladder as Markdown: mean over seeds with its interval, the spread beside it.

    Test values stand there only after the opening, and only for what the selection named.
    """
    store = resolve.store
    names = _order(store)
    if not names:
        return f"*{render.NOT_MEASURED}*"
    metric = primary_metric(store)
    spelled = _SPELLED.get(metric, metric.replace("_", " "))
    header = ["Rung", "Configuration", f"val {spelled}", "seeds (lowest-highest)"]
    if store.test_opened:
        header.append(f"test {spelled}")
    header += ["Parameters", "Wall time"]
    rows = [_row(resolve, name, metric) for name in names]
    return render.markdown_table(header, rows, right=set(range(2, len(header))))


def primary_metric(store: Store) -> str:
    """Return the metric that chooses: the project's, else the one the selection's words name."""
    named = (store.project.get("metric") or {}).get("primary")
    if isinstance(named, str):
        return named
    recorded = {
        name: None
        for run in store.runs.values()
        for metrics in run.get("metrics", {}).values()
        for name in metrics
    }
    words = re.findall(r"\w+", str(store.selection.get("criterion", "")))
    preferred = [*words, "auroc", "accuracy", *recorded]
    return next((name for name in preferred if name in recorded), "auroc")


def _order(store: Store) -> list[str]:
    """Configurations with a run on the primary split: in the project's order, then by time."""
    own = [run for run in store.runs.values() if run.get("split") == store.primary]
    tried = [(run.get("tuning") or {}).get("trial") is not None for run in own]
    ran = {run["name"]: None for run, trial in zip(own, tried, strict=True) if not trial}
    planned = [name for name in store.planned if name in ran]
    return planned + [name for name in ran if name not in planned]


def _row(resolve: Resolve, name: str, metric: str) -> list[str]:
    store = resolve.store
    runs = store.seeds(name)
    shown = f"`{name}`"
    if name == _champion(store):
        shown = f"**{shown} (chosen)**"
    if not runs:
        failed = next(run for run in reversed(store.runs.values()) if run["name"] == name)
        missing = [render.NOT_MEASURED] * (4 + store.test_opened)
        return [failed["rung"], f"{shown} (failed)", *missing]
    values = [_value(run, "val", metric) for run in runs]
    row = [runs[0]["rung"], shown, _measured(resolve, name, f"val.{metric}"), _spread(values)]
    if store.test_opened:
        row.append(_measured(resolve, name, f"test.{metric}"))
    parameters = (runs[0].get("model") or {}).get("parameters")
    row.append(render.NOT_MEASURED if parameters is None else f"{parameters:,}")
    row.append(_duration(sum(run["wall_seconds"] for run in runs) / len(runs)))
    return row


def _champion(store: Store) -> str | None:
    champion = store.registry.get("champion", {}).get("run")
    if champion in store.runs:
        return store.runs[champion]["name"]
    return (store.selection.get("choice") or {}).get("name")


def _value(run: dict[str, Any], part: str, metric: str) -> float | None:
    return (run.get("metrics", {}).get(part, {}).get(metric) or {}).get("value")


def _measured(resolve: Resolve, name: str, path: str) -> str:
    known = resolve.value(f"config:{name}", path) if _recorded(resolve, path) else None
    return render.NOT_MEASURED if known is None else render.text(known, ".3f", ("ci",))


def _recorded(resolve: Resolve, path: str) -> bool:
    part, metric = path.split(".", 1)
    runs = resolve.store.runs.values()
    return any(_value(run, part, metric) is not None for run in runs)


def _spread(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return render.NOT_MEASURED
    if len(known) == 1:
        return "1"
    return f"{len(known)} ({min(known):.3f}-{max(known):.3f})"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
