"""Run the project, whole or step by step.

    python -m medical_imaging all

Steps in order: prepare, split, audit, train, select, evaluate, cards, sheets, pages, verify. Each
reads what the ones before it wrote; a second run does only what changed. With `--quick`, a smoke
run of few units keeps everything of its own in work/quick and leaves the evidence alone.
"""

import sys
import time
from pathlib import Path

import tyro
from proofolio import project as projects
from proofolio import stages, table
from proofolio.contract import Layout, ProofError
from proofolio_torch import smoke

from medical_imaging import operation

app = tyro.extras.SubcommandApp()


def _root(quick: bool, *, anew: bool = False) -> Path:
    return smoke.project_root(Path.cwd(), anew=anew) if quick else Path.cwd()


@app.command
def prepare(quick: bool = False) -> None:
    """Read the raw files into the checked table; find duplicates. A smoke run begins anew here."""
    from medical_imaging import data

    root = _root(quick, anew=True)
    author = projects.load(root)
    frame = data.table((root / author.data.raw).resolve())
    stages.prepare(root, smoke.some_units(frame, author, Path.cwd()) if quick else frame)


@app.command
def split(quick: bool = False) -> None:
    """Divide the table into parts, whole patients at a time."""
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

    from medical_imaging import dataset, models

    layout = Layout(_root(quick))
    author, examples = projects.load(layout.root), table.read(layout)
    for name, seed in record.pending(layout, author, only, seeds, again=again):
        with record.recorder(layout, author, name, seed, sys.argv, again=again) as run:
            for fold in record.folds(run):  # the run itself, unless its split has folds
                study = dataset.Study(layout, author, examples, fold)
                outcome = models.LADDER[author.experiment(name).rung](study)
                fold.finish(outcome.predictions, outcome.model, outcome.runtime)


@app.command
def select(quick: bool = False) -> None:
    """Choose on val, write the choice down and commit it; keep the chosen network's weights."""
    from proofolio_torch import export

    stages.select(_root(quick), export=export.champion)


@app.command
def evaluate(quick: bool = False, reason: str = "final evaluation of the selection") -> None:
    """Open the sealed test set for the committed choice."""
    from medical_imaging import evaluate as room

    room.open_test(_root(quick), reason)


@app.command
def cards(quick: bool = False) -> None:
    """Write results, figures, both cards and the numbers bound in Markdown."""
    stages.cards(_root(quick))


@app.command
def sheets(
    quick: bool = False, into: Path = Path("docs/result"), run: str = "", record: bool = False
) -> None:
    """Draw mistakes and where the network looked, where pictures and weights are at hand.

    Args:
        quick: of the smoke run in work/quick.
        into: folder that gets sheets/.
        run: id of the run; the chosen one where empty.
        record: measure whether the maps survive random weights (results/saliency_check.json).
    """
    from medical_imaging import sheets as room

    root = _root(quick)
    print(f"sheets: {room.write(root, root / into, run)}", flush=True)
    if record:
        room.record(root, operation.how(root), run)


@app.command
def overpaint(run: str = "", name: str = "overpaint_chosen") -> None:
    """Paint over what is printed in test pictures and measure the change of the score.

    Args:
        run: id of the run; the chosen one where empty.
        name: of the result.
    """
    from medical_imaging import overpaint as room

    room.record(Path.cwd(), name, operation.how(Path.cwd()), run)


@app.command
def pages(quick: bool = False) -> None:
    """Write the result page of the site (docs/result/)."""
    stages.pages(_root(quick))


@app.command
def verify(quick: bool = False) -> None:
    """Recompute the evidence and list what is broken."""
    if stages.verify(_root(quick)).problems:
        sys.exit(1)


@app.command(name="all")
def everything(quick: bool = False) -> None:
    """Take every step in order."""
    steps = (prepare, split, audit, train, select, evaluate, cards, sheets, pages, verify)
    for step in steps:
        started = time.perf_counter()
        step(quick)
        print(f"[{step.__name__}: {time.perf_counter() - started:.1f} s]", flush=True)


if __name__ == "__main__":
    for command in operation.COMMANDS:
        app.command(command)
    try:
        app.cli(prog="python -m medical_imaging", description=__doc__)
    except ProofError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
