"""What every builder of a result does alike: read runs, join them, refuse, wrap."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from proofolio import scoring, splits, table
from proofolio.contract import Layout, Metric, Result, Run, RunError
from proofolio.evidence import seal, store
from proofolio.project import Project

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES, LEVEL, SEED = scoring.RESAMPLES, 0.95, 0  # the house's; each result records its own
Inputs = dict[str, Any]
Builder = Callable[[Layout, Project | None, Inputs, Inputs], Result]


def runs_of(layout: Layout, ids: Sequence[str]) -> list[Run]:
    """Return the runs of these ids, in their order."""
    return [store.run(layout, run_id) for run_id in ids]


def one(layout: Layout, inputs: Inputs) -> tuple[Run, "pd.DataFrame", "pd.DataFrame"]:
    """Return the one run of `inputs`, its predictions and the examples.

    Raises:
        RunError: `inputs` names no run, or several.
        SealError: The part is test, and test was not opened for the run.
    """
    if len(inputs["runs"]) != 1:
        raise RunError(
            "this result is about one run",
            expected="inputs.runs with one id",
            received=f"{len(inputs['runs'])}: {', '.join(inputs['runs'])}",
            remedy="name the run to deploy, or one result per seed",
        )
    (run,) = runs_of(layout, inputs["runs"])
    seal.demand_open(layout, [run], inputs["part"])
    return run, store.predictions(layout, run), table.read_examples(layout)


def joined(layout: Layout, runs: Sequence[Run], part: str) -> list[scoring.Joined]:
    """Return each run's rows of a part beside their labels: the same rows for every run.

    Raises:
        SealError: `part` is test, and test was not opened for these runs.
        RunError: The runs score different rows.
    """
    seal.demand_open(layout, runs, part)
    examples = table.read_examples(layout)
    stored = (store.predictions(layout, run) for run in runs)
    data = [
        scoring.join_run(run, predictions, examples, part)
        for run, predictions in zip(runs, stored, strict=True)
    ]
    if any(not found.rows["id"].equals(data[0].rows["id"]) for found in data):
        raise RunError(
            f"runs score different rows of {part}",
            received=", ".join(run.id for run in runs),
            remedy="compare runs of one split",
        )
    return data


def fitting_part(layout: Layout, run: Run) -> str:
    """Return the part that a run's calibration and thresholds are fitted on: calib, or val."""
    return splits.info(layout, run.split).fitting_part


def refuse_demonstration(layout: Layout, runs: Sequence[Run]) -> None:
    """Raise RunError where a run stands on a split that leaks on purpose."""
    shown = [run.id for run in runs if splits.info(layout, run.split).purpose == "demonstration"]
    if shown:
        raise RunError(
            "a run of a demonstration split says nothing about performance",
            expected="runs of a primary or robustness split",
            received=", ".join(shown),
            remedy="show what the leak does with leak_comparison",
        )


def thresholds(runs: Sequence[Run]) -> list[float | None]:
    """Return the decision threshold of each run; None where it has none."""
    return [run.decision.threshold if run.decision else None for run in runs]


def drawn(parameters: Inputs) -> Inputs:
    """Return the parameters that the intervals were drawn with."""
    return {key: parameters[key] for key in ("resamples", "level", "seed")}


def row_of(metric: Metric) -> Inputs:
    """Return a metric as a row, or as the lead of a result."""
    return metric.model_dump(exclude={"seed"})


def counted(rows: "pd.DataFrame", method: str) -> Inputs:
    """Return the lead of a result that is a table: how many rows and units it rests on."""
    return {"n": len(rows), "n_units": int(rows["unit"].nunique()), "method": method}


def result(
    kind: str,
    inputs: Inputs,
    parameters: Inputs,
    lead: Inputs,
    rows: list[Inputs] | None = None,
) -> Result:
    """Return the `Result` of a kind: the keys of `lead` that the schema has, and the table."""
    kept = ("value", "ci_low", "ci_high", "level", "n", "n_units", "method")
    return Result(
        kind=kind,
        table=rows,
        inputs=inputs,
        parameters=parameters,
        seed=parameters.get("seed"),
        how="recomputed",
        **{key: lead[key] for key in kept if key in lead},
    )
