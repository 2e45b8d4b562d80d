"""Export the chosen boosted trees for serving: models/champion.ubj, and what belongs to them.

    python -m fraud_sequences export

A run keeps scores, not trees, so one fold's are trained again, deterministically; their scores must
be those that the run recorded. That takes no label of the scored window, and so opens no test. The
JSON beside the trees holds threshold and calibration of the run, the windows, medians of train
(what is typical, for reasons) and the rules that answer when the trees cannot.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from proofolio import evidence, files, table
from proofolio import project as projects
from proofolio.contract import Layout, ProjectError, Result, Run
from proofolio.evidence import results
from proofolio.project import Project
from proofolio_torch.events.boosted import Boosted

from fraud_sequences import again, classical, features

COMMAND = "python -m fraud_sequences export"
FILE = "models/champion.ubj"


def champion(root: Path, fold: int | None = None, *, config: str = "", into: str = "") -> Path:
    """Export one fold's model of the chosen run, register it, and return its file.

    Args:
        root: the project's folder.
        fold: of the split; the newest where None.
        config: a configuration to try instead, into work/export and without registering.
        into: the file to write, inside the project; each keeps a parity result of its own.

    Raises:
        SealError: nothing is selected, and no `config` is named.
        RunError: the run has no trees, or the trees made again score otherwise.
    """
    layout, author = Layout(root), projects.load(root)
    run = again.named(layout, author, config) if config else again.selected(layout)
    stream = features.Stream(author, table.read(layout))
    fold = again.newest(layout, run) if fold is None else fold
    path = layout.root / (into or (f"work/export/{config}.ubj" if config else FILE))
    how = COMMAND + (f" --config {config}" if config else "") + f" --fold {fold}"
    how += f" --into {into}" if into else ""
    kept = write(layout, author, stream, run, fold, path, how)
    if not config:
        name = "export_parity" if path == layout.root / FILE else f"export_parity_{path.stem}"
        results.write(layout, name, kept)
        evidence.register(layout, author, weights=path, remade_by=how)
    print(
        f"export: {path.name}, {path.stat().st_size:,} bytes, fold {fold} of {run.id}", flush=True
    )
    return path


def write(
    layout: Layout, author: Project, stream: features.Stream, run: Run, fold: int, path: Path,
    how: str,
) -> Result:  # fmt: skip
    """Write the trees of one fold and the JSON beside them; return the measured parity."""
    study = again.study(layout, author, stream, run, fold)
    model = again.trees(study, run)
    files.write_bytes(path, bytes(model.get_booster().save_raw("ubj")))
    sha256 = files.sha256_file(path)
    served = Boosted(path, sha256=sha256, calibration=run.calibration)
    behind, scores, rules = _rules(layout, author, stream, fold)
    made = study.outcome(served.raw(study.inputs("scored")), None).predictions
    rows = [
        again.compared("trees", layout, run, fold, made),
        again.compared("rules", layout, behind, fold, scores),
    ]
    print(pd.DataFrame(rows).to_string(index=False), flush=True)
    windows = features.shape(study.config["days"], **stream.known)
    about = _about(study, run, fold) | {"windows": windows.to_dict(), "rules": rules}
    if rules["column"] not in about["features"]:
        raise ProjectError(
            "the rules look at a feature the model has not", received=rules["column"]
        )
    about |= {"weights_sha256": sha256, "made_by": how}
    files.write_json(path.with_suffix(".json"), about)
    return Result(
        kind="parity",
        value=rows[0]["max_difference"],
        table=rows,
        n=rows[0]["n"],
        method="largest difference of the fold's scores, as stored, from those of the run",
        inputs={"runs": [run.id], "weights_sha256": sha256, "fold": fold},
        parameters={"tolerance": again.TOLERANCE, "bytes": path.stat().st_size},
        how=how,
        hardware=evidence.environment(layout.root)["cpu"],
    )


def _about(study: Any, run: Run, fold: int) -> dict[str, Any]:
    """Return what serving has to know of a model beside its trees."""
    import xgboost

    train, times = study.inputs("train"), study.times("train")
    first, last = (str(t.astype("datetime64[s]")) for t in (times.min(), times.max()))
    return {
        "run": run.id,
        "fold": fold,
        "train": {"n": len(train), "first": first, "last": last},
        "features": list(train),
        "classes": run.classes,
        "threshold": run.decision.threshold,
        "rule": run.decision.rule,
        "calibration": again.calibration(run),
        "typical": train.median().to_dict(),
        "versions": {"xgboost": xgboost.__version__, "numpy": np.__version__},
    }


def _rules(
    layout: Layout, author: Project, stream: features.Stream, fold: int
) -> tuple[Run, pd.DataFrame, dict[str, Any]]:
    """Return the run of the rules, the fold's scores by them, and what to keep of them."""
    run = again.named(layout, author, next(e.name for e in author.ladder if e.rung == "rules"))
    study = again.study(layout, author, stream, run, fold)
    rules, x = classical.Rules.of(study), study.inputs("scored")
    column = classical.risk_of(study.config["days"])
    kept = {"run": run.id, "column": column, **rules._asdict()}
    kept |= {"threshold": run.decision.threshold, "calibration": again.calibration(run)}
    return run, study.outcome(rules(x["amount"], x[column]), None).predictions, kept
