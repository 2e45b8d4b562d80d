"""Is a sure answer a memory? Nearest training pictures in the backbone's feature space.

    python -m dog_breeds neighbours

Measured where the pictures are (results/neighbours_<part>.json for the surest pictures,
results/neighbour_similarity_<part>.json for all of them). On val until test is opened for the run;
features of test are compared before that too, but its labels and decisions stay sealed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from proofolio import errors, evidence, splits, table
from proofolio import project as projects
from proofolio.contract import Layout, ProjectError, Result, Run
from proofolio.evidence import standing

from dog_breeds import backbone, dataset

if TYPE_CHECKING:
    from proofolio_torch.neighbours import Known
    from proofolio_torch.sheets import Sheet

SHOWN = 20  # surest pictures in the table
ON_SHEET = 8
DRAWN = {"resamples": 2000, "level": 0.95, "seed": 0}


def record(root: Path, how: str, run_id: str = "", k: int = SHOWN) -> list[Result]:
    """Measure both tables for a run, the leading one where none is named, and store them.

    Raises:
        AbsentError: The pictures are not here.
        ProjectError: The run has no backbone.
    """
    from proofolio_torch import neighbours as room

    layout, author = Layout(root), projects.load(root)
    run = _run(layout, author, run_id)
    part = "test" if _opened(layout, run) else "val"
    known, runtime = _known(layout, author, run)
    rows = errors.decided(run, evidence.predictions(layout, run), table.read_examples(layout), part)
    rows = rows.set_index("id").loc[known[part].ids]
    decided, sure = rows["decided"].to_numpy(), rows["probability"].to_numpy(np.float64)
    _, similarity = room.nearest(known[part], known["train"])
    both = similarity, sure, known[part].clusters
    environment = evidence.environment(layout.root, runtime)
    told = {
        "kind": room.KIND,
        "n": len(similarity),
        "n_units": len(np.unique(known[part].units)),
        "level": DRAWN["level"],
        "inputs": {"runs": [run.id], "part": part},
        "seed": DRAWN["seed"],
        "how": how,
        "hardware": environment["gpu"] or environment["cpu"],
    }
    space = f"cosine similarity of pooled features of {run.config['backbone']}, not fine-tuned"
    scored = {name: known[name] for name in dict.fromkeys((part, "val", "test"))}
    spread = room.spread(scored, known["train"], **DRAWN)
    lead = {"value": spread[0]["similarity"]}
    lead |= {end: spread[0][f"similarity_{end}"] for end in ("ci_low", "ci_high")}
    results = {
        f"neighbours_{part}": Result(
            table=room.surest(known[part], known["train"], decided, sure, k),
            method=f"{space}; value: Spearman's correlation of probability and similarity over "
            "the part, cluster bootstrap over ranks of the whole part",
            parameters={"rows": "surest", "k": k} | DRAWN,
            **room.agreement(*both, **DRAWN),
            **told,
        ),
        f"neighbour_similarity_{part}": Result(
            table=spread,
            method=f"{space}, to the nearest picture of train; mean, cluster bootstrap percentile",
            parameters={"rows": "spread"} | DRAWN,
            **lead,
            **told,
        ),
    }
    for name, result in results.items():
        evidence.results.write(layout, name, result)
    return list(results.values())


def sheets(root: Path) -> Iterator["Sheet"]:
    """Yield a sheet of the surest pictures beside their nearest training picture, if measured."""
    from proofolio_torch import sheets as room

    from dog_breeds.pairs import picture

    layout = Layout(root)
    for part in ("test", "val"):
        if not layout.result(f"neighbours_{part}").is_file():
            continue
        found = evidence.results.read(layout, f"neighbours_{part}")
        rows = [
            [
                (
                    picture(root, row["id"]),
                    f"{row['id']}\n{row['decided']} {row['probability']:.3f}",
                ),
                (picture(root, row["neighbour"]), f"{row['neighbour']}\n{row['similarity']:.3f}"),
            ]
            for row in found.table[:ON_SHEET]
        ]
        caption = (
            f"The pictures of {part} that run {found.inputs['runs'][0]} is surest of, each with "
            "what it decides and the probability, and to its right the training picture that is "
            "nearest in the feature space of the backbone, with the cosine similarity."
        )
        half = -(-len(rows) // 2)
        lines = [a + b for a, b in zip(rows[:half], [*rows[half:], []], strict=False)]
        yield f"neighbours_{part}.webp", caption, room.line_up(lines)
        return


def _known(layout: Layout, author: projects.Project, run: Run) -> tuple[dict[str, "Known"], Any]:
    """Return train, val and test in feature space, and where that ran; labels only if open."""
    from proofolio_torch import neighbours as room
    from proofolio_torch import sheets as drawing

    if not layout.table.is_file() or not (layout.root / author.data.raw).is_dir():
        raise drawing.AbsentError("the pictures are not here", remedy="run the step prepare")
    if "backbone" not in run.config:
        raise ProjectError(f"run {run.id} has no backbone", remedy="name another with --run")
    study = dataset.Study(layout, author, table.read(layout), run)
    features, _, runtime = backbone.features(study)
    examples = table.read_examples(layout).set_index("id")
    parts, known = splits.read(layout, run.split), {}
    for name in ("train", "val", "test"):
        ids = parts.loc[parts["part"] == name, "id"].to_numpy(dtype=str)
        rows, open_ = examples.loc[ids], name != "test" or _opened(layout, run)
        names = [rows[column].to_numpy(dtype=str) for column in ("unit", "cluster")]
        labels = rows["label"].to_numpy(dtype=str) if open_ else None
        known[name] = room.Known(ids, *names, features.rows(ids), labels)
    return known, runtime.as_dict()


def _opened(layout: Layout, run: Run) -> bool:
    return "test" in run.metrics and bool(evidence.accesses(layout))


def _run(layout: Layout, author: projects.Project, run_id: str) -> Run:
    if run_id:
        return evidence.run(layout, run_id)
    led = standing.leader(layout, author)
    if led is None:
        raise ProjectError("no run is finished", remedy="run the step train first")
    return led[0]
