"""Rules 2 and 3: what was predicted covers the split once, and every number follows from it."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from proofolio import decisions, files, memo, scoring
from proofolio.contract import SCORED_PARTS, Calibration, Decision, Metric, ProofError, Run
from proofolio.evidence import handed_in
from proofolio.project import DecisionRule
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-6
ENOUGH = 1000  # resamples; fewer leave the ends of a 95 % interval to chance
_FIT_TOLERANCE = 1e-4  # of a fitted temperature or threshold: a search ends where it ends


def check(e: Evidence, report: Report) -> None:
    """Check hashes, coverage, calibration and metrics of every finished run."""
    for run_id, run in e.runs.items():
        where = f"evidence/runs/{run_id}"
        _identity(e, report, run_id, run, where)
        if run.status != "finished":
            _failed(e, report, run, where)
            continue
        stored = _predictions(e, report, run, where)
        if stored is None or run.split not in e.parts or e.examples is None:
            continue
        named = {"classes": run.classes, "positive_class": run.positive_class}
        try:
            handed_in.demand(stored, e.parts[run.split], **named)
        except ProofError as error:
            report.add("2", where, str(error), RESTORE)
            continue
        _fitted(e, report, run, stored, where)
        _metrics(e, report, run, stored, where)


def _failed(e: Evidence, report: Report, run: Run, where: str) -> None:
    """A run that failed or was pruned has nothing to show; one that has is disowned."""
    if run.metrics or (e.layout.run(run.id) / "predictions.parquet").is_file():
        what = f"it is called {run.status} and carries metrics or predictions"
        report.add("6", where, what, RESTORE)


def _identity(e: Evidence, report: Report, run_id: str, run: Run, where: str) -> None:
    """The run's own name and the hashes of what it was made from."""
    expected = {"id": run_id, "config_sha256": files.sha256_json(run.config)}
    if e.dataset is not None and not report.broken("hashes", e.name(e.layout.dataset)):
        expected |= {key: getattr(e.dataset, key) for key in ("membership_sha256",)}
        expected |= {"content_sha256": e.dataset.content_sha256}
    if run.split not in e.splits:
        report.add("schema", where, f"its split {run.split!r} is not recorded", RESTORE)
    else:
        expected["parts_sha256"] = e.splits[run.split].parts_sha256
        own = e.splits[run.split].classes or (e.project.classes if e.project else None)
        expected |= {} if own is None else {"classes": own}
    for key, value in expected.items():
        if getattr(run, key) != value:
            what = f"{key} is {getattr(run, key)}, evidence gives {value}"
            report.add("hashes", where, what, RESTORE)


def _predictions(e: Evidence, report: Report, run: Run, where: str) -> "pd.DataFrame | None":
    import pandas as pd

    path = e.layout.run(run.id) / "predictions.parquet"
    if run.predictions == "not kept":
        report.note(f"run {run.id}: predictions are not kept, its metrics are not checkable")
        return None
    if not path.is_file():
        report.add("hashes", where, "predictions.parquet is missing", RESTORE)
        return None
    received = memo.once(("sha256", path), lambda: files.sha256_file(path))
    if received != run.predictions_sha256:
        what = f"predictions.parquet was changed: {run.predictions_sha256} became {received}"
        report.add("hashes", where, what, RESTORE)
        return None
    return memo.once(("frame", path), lambda: pd.read_parquet(path))


def _fitted(e: Evidence, report: Report, run: Run, stored: "pd.DataFrame", where: str) -> None:
    """Temperature and threshold follow from the part that the split fits on."""
    rule = _rule(run.decision.rule) if run.decision else DecisionRule(rule="argmax", reason="none")
    if rule is None and e.project is not None:
        what = f"decision rule {run.decision.rule!r} is none that project.yaml can ask for"
        report.add("5", where, what, "fit the threshold on calib by a declared rule")
        return
    if rule is None:
        report.note(f"run {run.id}: decision rule {run.decision.rule!r} is not checkable")
        return
    part = e.splits[run.split].fitting_part
    fits: tuple[Calibration | Decision, ...] = scoring.fit_calibration_and_decision(
        stored, e.examples, run.classes, run.positive_class, rule, part
    )
    for kind, recorded, received in zip(
        ("calibration", "decision"), (run.calibration, run.decision), fits, strict=True
    ):
        for key, value in received.model_dump().items() if recorded else ():
            written = getattr(recorded, key)
            if not close(written, value, _FIT_TOLERANCE):
                text = f"{kind}.{key} is recorded as {written}, part {part} gives {value}"
                report.add("3", where, text, RESTORE)


def _rule(text: str) -> DecisionRule | None:
    """Return the rule that `decisions.rule_text` wrote down, or None for another text."""
    if text == scoring.NO_CALIB:
        return DecisionRule(rule="argmax", reason="as recorded")
    name, _, numbers = text.partition(" ")
    given: dict[str, float] = {}
    try:
        if name in ("sensitivity", "budget"):
            given = {"target": float(numbers)}
        elif name == "cost":
            miss, _, alarm = numbers.partition(":")
            given = {"cost_miss": float(miss), "cost_false_alarm": float(alarm)}
        rule = DecisionRule(rule=name, reason="as recorded", **given)
    except ValueError:
        return None
    return rule if decisions.rule_text(rule) == text else None


def _metrics(e: Evidence, report: Report, run: Run, stored: "pd.DataFrame", where: str) -> None:
    """Each recorded number follows from predictions, and none that others carry is left out."""
    carried = memo.once(("carried", memo.token(e)), lambda: _carried(e))
    for part in sorted({"val", "calib"} & {*stored["part"].unique()} - set(run.metrics)):
        report.add("3", where, f"it predicted {part} and carries no metrics of it", RESTORE)
    for part in sorted(set(run.metrics) - set(SCORED_PARTS)):
        report.add("3", where, f"it carries metrics of part {part}, which has none", RESTORE)
    for part, recorded in ((p, m) for p, m in run.metrics.items() if p in SCORED_PARTS):
        drawn = {(m.resamples, m.seed) for m in recorded.values() if m.resamples}
        resamples, seed = max(drawn, default=(ENOUGH, 0))
        if resamples < ENOUGH:
            report.note(f"run {run.id}: its intervals rest on {resamples} resamples only")
        drawn = {"resamples": resamples if e.full else 0, "seed": seed or 0}
        received = scoring.score_run(run, stored, e.examples, part, **drawn)
        for name in sorted(set(recorded) - set(received)):
            report.add("3", where, f"{part}.{name} does not follow from predictions", RESTORE)
        for name in sorted((set(received) & carried) - set(recorded)):
            report.add("3", where, f"{part}.{name}, which other runs carry, is left out", RESTORE)
        for name in sorted(set(recorded) & set(received)):
            keys = None if e.full else {"value", "n", "n_units"}
            for text in _differences(recorded[name], received[name], keys):
                report.add("3", where, f"{part}.{name}.{text}", RESTORE)


def _carried(e: Evidence) -> set[str]:
    """Return the names of all metrics that any run carries."""
    return {m for r in e.runs.values() for found in r.metrics.values() for m in found}


def _differences(recorded: Metric, received: Metric, keys: set[str] | None) -> Iterator[str]:
    for key, value in received.model_dump(include=keys).items():
        written = getattr(recorded, key)
        if not close(written, value):
            yield f"{key} is recorded as {written}, predictions give {value}"


def close(a: object, b: object, tolerance: float = TOLERANCE) -> bool:
    """Whether two recorded values are the same, numbers within `tolerance`."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=0, abs_tol=tolerance)
    return a == b
