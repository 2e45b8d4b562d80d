"""Run the project, whole or step by step.

    python -m dog_breeds all

Steps in order: prepare, split, audit, train, select, evaluate, cards, sheets, pages, verify. Each
reads what the ones before it wrote; a second run does only what changed. With `--quick`, a smoke
run of few units keeps everything of its own in work/quick and leaves the evidence alone.
"""

import sys
import time
from pathlib import Path

import tyro
from proofolio import evidence, stages, table
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
    """Read the raw files into the checked table; find duplicates. A smoke run begins anew here."""
    from dog_breeds import data

    root = _root(quick, anew=True)
    author = projects.load(root)
    frame = data.table((root / author.data.raw).resolve())
    stages.prepare(root, smoke.some_units(frame, author, Path.cwd()) if quick else frame)


@app.command
def split(quick: bool = False) -> None:
    """Divide the table into parts, whole photographs at a time."""
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

    from dog_breeds import dataset, models

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
    """Choose on val, write the choice down and commit it; export the chosen network.

    The smoke run keeps plain weights: an export takes longer than all of it.
    """
    root = _root(quick)
    if quick:
        from proofolio_torch import export as weights

        stages.select(root, export=weights.champion)
    else:
        from dog_breeds import export as room

        stages.select(root, export=room.hook(_how(root)), remade_by=room.COMMAND)


@app.command
def export(run: str = "") -> None:
    """Write models/champion.onnx, the file the page runs, with what it loses (results/export_*).

    Args:
        run: id of the run; the chosen one where empty.
    """
    from dog_breeds import export as room

    room.champion(Path.cwd(), _how(Path.cwd()), run)


@app.command
def web(into: Path = Path("docs/try")) -> None:
    """Fetch what the try-out's page runs with, and put it beside the page.

    Args:
        into: folder beside try.md's page, in this project or another site.
    """
    from dog_breeds import web as room

    print(f"web: {room.build(Path.cwd(), Path.cwd() / into)}", flush=True)


@app.command
def predict(photographs: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Name the breed in photographs with the exported network.

    Args:
        photographs: files of any kind that Pillow reads.
    """
    from dog_breeds import predict as room

    if not room.say(Path.cwd(), photographs):
        sys.exit(2)


@app.command
def evaluate(quick: bool = False, reason: str = "final evaluation of the selection") -> None:
    """Open the sealed test set for the committed choice."""
    from dog_breeds import evaluate as room

    room.open_test(_root(quick), reason)


@app.command
def cards(quick: bool = False) -> None:
    """Write results, figures, both cards and the numbers bound in Markdown."""
    stages.cards(_root(quick))


@app.command
def sheets(
    quick: bool = False, into: Path = Path("docs/result"), run: str = "", record: bool = False
) -> None:
    """Draw mistakes, look-alikes and where the network looked, where pictures are at hand.

    Args:
        quick: of the smoke run in work/quick.
        into: folder that gets sheets/.
        run: id of the run; the chosen one where empty.
        record: measure whether the maps survive random weights (results/saliency_check.json).
    """
    from dog_breeds import sheets as room

    root = _root(quick)
    print(f"sheets: {room.write(root, root / into, run)}", flush=True)
    if record:
        room.record(root, _how(root), run)


@app.command
def neighbours(quick: bool = False, run: str = "", k: int = 20) -> None:
    """Measure how near the training pictures are to the surest ones (results/neighbours_*.json).

    Args:
        quick: of the smoke run in work/quick.
        run: id of the run; the leading one where empty.
        k: surest pictures to show.
    """
    from dog_breeds import neighbours as room

    root = _root(quick)
    for result in room.record(root, _how(root), run, k):
        told = result.inputs["part"], result.parameters["rows"], result.value
        print("neighbours on {} ({}): {:.3f}".format(*told), flush=True)


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
    try:
        app.cli(prog="python -m dog_breeds", description=__doc__)
    except ProofError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
