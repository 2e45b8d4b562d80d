"""The chosen network in use: export it, answer with it, watch what comes in (docs/operation.md).

    python -m medical_imaging export
    python -m medical_imaging serve --open
    python -m medical_imaging monitor

Needs `pip install -e '.[serve]'`. What is served lies in work/serving; what was measured on the way
is recorded in evidence/results/export_*.json.
"""

import sys
from pathlib import Path

from proofolio import evidence
from proofolio.contract import Layout

FOLDER = Path("work") / "serving"
LOG = FOLDER / "decisions.jsonl"
OLDEST = 180  # days after which a model is trained again, whatever the signs say: yours to agree


def how(root: Path) -> str:
    """Return the command that runs, for the record."""
    return " ".join(evidence.normalised_argv(sys.argv, root))


def export(run: str = "") -> None:
    """Write the chosen network as ONNX into work/serving, and record its size, parity and latency.

    Args:
        run: id of the run; the chosen one where empty.
    """
    from proofolio import project as projects
    from proofolio_torch.pictures import export as room

    from medical_imaging import sheets

    root = Path.cwd()
    room.write(sheets.view(root, run, "val"), projects.load(root), how(root), root / FOLDER)


def serve(
    open: bool = False, host: str = "127.0.0.1", port: int = 8000, anchors: Path | None = None
) -> None:
    """Answer pictures over HTTP until the process is told to stop.

    Args:
        open: answer without a key.
        host: address to listen on.
        port: port to listen on.
        anchors: file of the log's anchors; beside the log where None.
    """
    from proofolio_torch import pictures, service

    settings = service.Settings(
        keys=service.Keys.read(), open=open, body_bytes=1 << 24, items=16, model_s=5.0, running=8
    )
    scorer = pictures.ImageScorer(pictures.Exported(FOLDER))
    log = service.DecisionLog(LOG, anchors=anchors)
    service.serve(scorer, settings=settings, log=log, host=host, port=port)


def monitor(log: Path = LOG, labels: Path | None = None, since: str = "") -> None:
    """Compare the decisions of a service with the reference; exit status 1 where a sign fires.

    Args:
        log: the service's decision log.
        labels: CSV with the columns id and label, of what became known.
        since: first moment, ISO; the whole log where empty.
    """
    from proofolio_torch.pictures import Exported
    from proofolio_torch.pictures import monitor as room

    about = Exported(FOLDER).about
    known = room.labels(labels) if labels else None
    ended = evidence.run(Layout(Path.cwd()), about["run"]).finished
    signs = [*room.compare(about, room.records(log, since), known), room.age(about, ended, OLDEST)]
    print(room.as_text(signs), flush=True)
    if any(sign.fired for sign in signs):
        sys.exit(1)


COMMANDS = (export, serve, monitor)
