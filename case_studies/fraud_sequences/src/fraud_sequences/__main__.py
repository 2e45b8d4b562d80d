"""Run the project, whole or step by step.

    python -m fraud_sequences all

Steps in order: prepare, split, audit, train, select, evaluate, cards, pages, verify. Each reads
what the ones before it wrote; a second run does only what changed. With `--quick`, a smoke run of
few units and two folds keeps everything of its own in work/quick and leaves the evidence alone.
"""

import sys
import time
from pathlib import Path
from typing import Literal

import tyro
from proofolio import claims, evidence, stages, table
from proofolio import project as projects
from proofolio.contract import Layout, ProofError
from proofolio_torch import smoke

app = tyro.extras.SubcommandApp()


def _root(quick: bool, *, anew: bool = False) -> Path:
    return smoke.project_root(Path.cwd(), anew=anew) if quick else Path.cwd()


def _how(root: Path) -> str:
    return " ".join(evidence.normalised_argv(sys.argv, root))


@app.command
def prepare(quick: bool = False) -> None:
    """Read the raw files into the checked table. A smoke run begins anew here."""
    from fraud_sequences import data

    root = _root(quick, anew=True)
    author = projects.load(root)
    frame = data.table((root / author.data.raw).resolve())
    stages.prepare(root, smoke.some_units(frame, author, Path.cwd()) if quick else frame)


@app.command
def split(quick: bool = False) -> None:
    """Divide the table into windows of time, fold by fold."""
    stages.split(_root(quick))


@app.command
def audit(quick: bool = False) -> None:
    """Look for leaks between the parts and for shortcuts."""
    stages.audit(_root(quick))


@app.command
def train(
    quick: bool = False,
    only: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (),
    again: bool = False,
) -> None:
    """Record every configuration and seed of the ladder that is not recorded yet.

    Args:
        quick: smoke run in work/quick.
        only: names of configurations; all where empty.
        seeds: some of the declared seeds; all where empty.
        again: record finished runs anew; the old attempts stay.
    """
    from proofolio_torch import record

    from fraud_sequences import events, features, models

    layout = Layout(_root(quick))
    author = projects.load(layout.root)
    stream = features.Stream(author, table.read(layout))
    for name, seed in record.pending(layout, author, only, seeds, again=again):
        with record.recorder(layout, author, name, seed, sys.argv, again=again) as run:
            for fold in record.folds(run):  # validation folds, then test folds, oldest first
                study = events.Study(layout, author, stream, fold)
                outcome = models.LADDER[author.experiment(name).rung](study)
                fold.finish(outcome.predictions, outcome.model, outcome.runtime)


@app.command
def select(quick: bool = False) -> None:
    """Choose on val, write the choice down and commit it; keep the chosen network's weights."""
    from proofolio_torch import export

    stages.select(_root(quick), export=export.champion)


@app.command
def export(fold: int | None = None, config: str = "", into: str = "") -> None:
    """Write models/champion.ubj and .json, what is served, and how near it is to the run.

    Args:
        fold: of the split; the newest where not given.
        config: a configuration to try, into work/export, without registering.
        into: another file of the project, such as models/champion_fold3.ubj: what replaces a
            promoted model needs a file of its own (docs/operation.md).
    """
    from fraud_sequences import export as room

    room.champion(Path.cwd(), fold, config=config, into=into)


@app.command
def serve(
    open: bool = False,
    host: str = "127.0.0.1",
    port: int = 8000,
    warm_until: str = "",
    lateness: int = 5,
    anchors: Path | None = None,
    model: Path | None = None,
) -> None:
    """Answer over HTTP with the exported model; docs/serving.md shows how.

    Args:
        open: answer without a key; only where nobody else can ask.
        host: address to listen on.
        port: port to listen on.
        warm_until: take the table's events before this time, such as 2018-07-25; all where empty.
        lateness: seconds by which an event may be older than the last.
        anchors: file of the log's anchors, out of the reach of who writes the log.
        model: an exported .ubj; the registered one where not given.
    """
    from fraud_sequences import serve as room

    given = {"warm_until": warm_until, "lateness": lateness, "anchors": anchors, "model": model}
    room.run(Path.cwd(), open=open, host=host, port=port, **given)


@app.command
def measure() -> None:
    """Measure the registered model's size and the time of one payment (results/serving_*)."""
    from fraud_sequences import measure as room

    for result in room.record(Path.cwd(), _how(Path.cwd())):
        print(f"measure: {result.kind} {result.value:g} ({result.method})", flush=True)


@app.command
def explain(config: str = "", top: int = 20) -> None:
    """Say why the newest validation week's alerts were alerted (results/reasons_*.json).

    Args:
        config: a configuration of rung boosting or gru; the chosen run where empty.
        top: surest alerts to print.
    """
    from fraud_sequences import explain as room

    room.record(Path.cwd(), config, top)


@app.command
def evaluate(quick: bool = False, reason: str = "final evaluation of the selection") -> None:
    """Open the sealed test set for the committed choice."""
    from fraud_sequences import evaluate as room

    room.open_test(_root(quick), reason)


@app.command
def cards(quick: bool = False) -> None:
    """Write results, figures, both cards and the numbers bound in Markdown."""
    stages.cards(_root(quick))


@app.command
def pages(quick: bool = False) -> None:
    """Write the result page of the site (docs/result/)."""
    stages.pages(_root(quick))


@app.command
def monitor(quick: bool = False) -> None:
    """Measure how far inputs and scores have moved (results/stability_*.json); then `cards`."""
    from fraud_sequences import monitor as room

    root = _root(quick)
    for result in room.record(root, _how(root)):
        print(claims.result_table(result.model_dump()), flush=True)


@app.command
def replay(quick: bool = False, only: Literal["", "recorded", "worlds"] = "") -> None:
    """Measure what training anew is worth (results/retraining_*.json); then `cards`.

    Args:
        quick: of the smoke run in work/quick.
        only: recorded data, or simulated worlds that change; both where empty.
    """
    from fraud_sequences import lives
    from fraud_sequences import replay as room

    root, found = _root(quick), []
    found += [] if only == "worlds" else [room.record(root, _how(root))]
    found += [] if only == "recorded" else lives.record(root, _how(root))[:1]
    for result in found:
        print(claims.result_table(result.model_dump()), flush=True)


@app.command
def verify(quick: bool = False) -> None:
    """Recompute the evidence and list what is broken."""
    if stages.verify(_root(quick)).problems:
        sys.exit(1)


@app.command(name="all")
def everything(quick: bool = False) -> None:
    """Take every step in order."""
    steps = (prepare, split, audit, train, select, evaluate, cards, pages, verify)
    for step in steps:
        started = time.perf_counter()
        step(quick)
        print(f"[{step.__name__}: {time.perf_counter() - started:.1f} s]", flush=True)


if __name__ == "__main__":
    try:
        app.cli(prog="python -m fraud_sequences", description=__doc__)
    except ProofError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
