"""Results about where a run is wrong: by class, by slice, and the mistakes it was surest of.

Builders as in `tables`; the rows are those of `proofolio.errors`.
"""

import numpy as np

from proofolio import errors, scoring
from proofolio.contract import Layout, Result, RunError
from proofolio.evidence import building
from proofolio.evidence.building import LEVEL, Inputs
from proofolio.project import Project


def confusion(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return how often each actual class was decided to be each class; `inputs`: runs (one), part.

    The rows are those of `errors.confusion`.
    """
    run, stored, examples = building.one(layout, inputs)
    rows = errors.confusion(run, stored, examples, inputs["part"])
    data = scoring.join_run(run, stored, examples, inputs["part"])
    lead = building.counted(data.rows, "counts at the run's decision")
    return building.result("confusion", inputs, parameters, lead, rows)


def class_table(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return recall and precision of every class; `inputs`: runs (one), part.

    `parameters`: level. The rows are those of `errors.class_table`; `value` is the lowest recall.
    """
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    part, level = inputs["part"], parameters["level"]
    rows = errors.class_table(run, stored, examples, part, level=level)
    data = scoring.join_run(run, stored, examples, part)
    lead = building.counted(data.rows, "Wilson intervals over clusters; value: the lowest recall")
    known = [row["recall"] for row in rows if row["recall"] is not None]
    lead |= {"value": min(known), "level": level}
    return building.result("class_table", inputs, parameters, lead, rows)


def slice_table(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return metrics on every slice of a part, the whole part first.

    `inputs`: runs (one), part, metric (leads). `parameters`: metrics, resamples, seed and, of
    events, `by`: "fold" and "day" are slices too, and `positives`. The rows are those of
    `errors.slice_table`.
    """
    run, stored, examples = building.one(layout, inputs)
    rows = errors.slice_table(
        run,
        stored,
        examples,
        inputs["part"],
        parameters["metrics"],
        resamples=parameters["resamples"],
        seed=parameters["seed"],
        by=parameters.get("by", ()),
        positives=parameters.get("positives", False),
    )
    whole, metric = rows[0], inputs["metric"]
    lead = {
        "value": whole[metric],
        "ci_low": whole[f"{metric}_ci_low"],
        "ci_high": whole[f"{metric}_ci_high"],
        "level": LEVEL,
        "n": whole["n"],
        "n_units": whole["n_units"],
        "method": run.metrics[inputs["part"]][metric].method,
    }
    return building.result("slice_table", inputs, parameters, lead, rows)


def mistakes(layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs) -> Result:
    """Return the mistakes of which the run was surest, each with what a person read in it.

    `inputs`: runs (one), part. `parameters`: k (of two classes, k misses and k false alarms: sure
    mistakes of one kind would crowd out the other), readings {id: text}; those of the ids shown
    are kept. `value` is the number of all mistakes. The rows are those of `errors.surest`, with
    `reading`, "" where nobody wrote one.

    Raises:
        RunError: A reading of an id that is not among the examples.
    """
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    readings = parameters["readings"]
    unknown = sorted(set(readings) - set(examples["id"].astype(str)))
    if unknown:
        raise RunError(
            "readings of ids that are not among the examples",
            expected="ids of evidence/examples.parquet",
            received=", ".join(unknown[:5]),
            remedy="correct readings in project.yaml",
        )
    part = inputs["part"]
    k, rows = parameters["k"], errors.surest(run, stored, examples, part, k=len(stored))
    kinds = run.classes if run.positive_class is not None else [None]
    shown = [[row for row in rows if kind in (None, row["decided"])][:k] for kind in kinds]
    rows = [row for row in rows if any(row in some for some in shown)]
    rows = [row | {"reading": readings.get(row["id"], "")} for row in rows]
    parameters = parameters | {
        "readings": {row["id"]: row["reading"] for row in rows if row["reading"]}
    }
    counts = errors.confusion_counts(run, stored, examples, part)
    data = scoring.join_run(run, stored, examples, part)
    lead = building.counted(data.rows, "the surest mistakes at the run's decision")
    lead["value"] = int(counts.sum() - np.trace(counts))
    return building.result("mistakes", inputs, parameters, lead, rows)
