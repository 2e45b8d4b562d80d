"""Export the chosen network for the page: models/champion.onnx, and what was fitted for it.

    python -m dog_breeds export

The file with the least loss that fits into the page's 20 MB is kept, the only weights that are
committed. The set's quantile and the cut come from its own scores on calib, so they fit the file
that answers. A frozen run is remade: bytes may differ between machines, answers by rounding.
"""

from pathlib import Path
from typing import Any

from proofolio import evidence, files
from proofolio import project as projects
from proofolio.contract import Layout, Run, RunError, TableError
from proofolio.evidence import results

from dog_breeds import evaluate, measure, predict

COMMAND = "python -m dog_breeds export"
ROOM = 5_500_000  # bytes: the page's 20 MB less onnxruntime-web's 14.4 MB and some for scripts
TOLERANCE = 1e-4  # of probabilities, float32 ONNX against float32 torch
SAME = 0.98  # share of val that must get the breed the run recorded (its features may be bfloat16)


def hook(how: str) -> Any:
    """Return what the step select calls with layout and run id to get the file to register."""

    def made(layout: Layout, run_id: str) -> Path | None:
        run = evidence.run(layout, run_id)
        if run.rung not in ("frozen", "mirrored", "finetuned"):
            print(f"export: run {run_id} is of rung {run.rung}, which has no network")
            return None
        try:
            return write(layout, run, how)
        except TableError as error:
            print(f"export: nothing exported: {error}")
            return None

    return made


def champion(root: Path, how: str, run_id: str = "") -> Path:
    """Export a run, the chosen one where none is named, and register it where it was selected."""
    layout = Layout(root)
    run = evidence.run(layout, run_id) if run_id else evaluate.chosen(root)
    path, selection = write(layout, run, how), evidence.selection(layout)
    if selection is not None and selection.choice.run == run.id:
        evidence.register(layout, projects.load(root), weights=path, remade_by=COMMAND)
    else:
        print(f"export: {run.id} is not the selected run, so it is not registered")
    return path


def write(layout: Layout, run: Run, how: str) -> Path:
    """Write models/champion.onnx and .json and the results export_*; return the ONNX file.

    Raises:
        RunError: the network is not the recorded one, torch and ONNX differ, or no file is small
            enough.
        TableError: the photographs are not here.
    """
    import torch
    from proofolio_torch.pictures import onnx_file

    from dog_breeds import network

    folder, size = layout.work / "export" / run.id, run.config["size"]
    temperature = run.calibration.temperature if run.calibration else 1.0
    answer = network.Answer(network.of(layout, run), temperature).eval()
    made = {name: folder / f"{name}.onnx" for name in onnx_file.NAMES}
    picture = torch.zeros((size, size, 3), dtype=torch.uint8)
    onnx_file.write(answer, picture, made["float32"], outputs=network.OUTPUTS)
    for name in onnx_file.NAMES[1:]:
        onnx_file.shrink(made["float32"], made[name], name)
    kept = smallest_loss(made)

    raw = (layout.root / projects.load(layout.root).data.raw).resolve()
    val, calib = (measure.Photographs(layout, run, part, raw) for part in ("val", "calib"))
    told = {name: measure.by_onnx(path, val.images) for name, path in made.items()}
    n, full = min(measure.PARITY_N, len(val.ids)), told["float32"]
    some = measure.by_torch(answer, val.images[:n]), tuple(v[:n] for v in full)
    rows = [
        measure.row("torch", *some, val.codes[:n]),
        measure.row("recorded", measure.recorded(layout, run, val), full, val.codes),
        *(measure.row(name, told[name], full, val.codes) for name in made),
    ]
    print(measure.as_table(rows), flush=True)
    _demand(rows)

    path = layout.root / predict.MODEL
    files.write_bytes(path, made[kept].read_bytes())
    fitted = measure.limits(measure.by_onnx(path, calib.images), calib.codes)
    of_run = measure.limits(measure.recorded(layout, run, calib), calib.codes)
    sha256 = files.sha256_file(path)
    about = {"run": run.id, "size": size, "classes": run.classes, "temperature": temperature}
    about |= {"weights": kept, "onnx_sha256": sha256, "made_by": how, "n_calib": len(calib.ids)}
    files.write_json(
        path.with_suffix(".json"), about | measure.told(fitted) | {"of_the_run": of_run}
    )
    _record(layout, run, how, kept, made, rows, measure.median_ms(path, val.images), sha256)
    print(f"export: {path.name}, {kept}, {path.stat().st_size:,} bytes, of {run.id}", flush=True)
    return path


def smallest_loss(made: dict[str, Path], room: int = ROOM) -> str:
    """Return the first name, of files ordered by loss, whose file has at most `room` bytes."""
    sizes = {name: path.stat().st_size for name, path in made.items()}
    fitting = [name for name, size in sizes.items() if size <= room]
    if not fitting:
        raise RunError("no export fits into the page", expected=f"{room:,}", received=str(sizes))
    return fitting[0]


def _demand(rows: list[dict[str, Any]]) -> None:
    """Refuse an export that is not the recorded network."""
    found = {row["compared"]: row for row in rows}
    if found["torch"]["max_difference"] > TOLERANCE:
        received = f"{found['torch']['max_difference']:.2e}"
        raise RunError("ONNX and torch differ", expected=f"<= {TOLERANCE}", received=received)
    if found["recorded"]["agreement"] < SAME:
        raise RunError(
            "the network is not the one of the run: it decides otherwise on val",
            expected=f"the recorded breed for a share of at least {SAME}",
            received=f"{found['recorded']['agreement']:.3f}",
            remedy="train the run again on this machine",
        )


def _record(
    layout: Layout,
    run: Run,
    how: str,
    kept: str,
    made: dict[str, Path],
    rows: list[dict[str, Any]],
    median: float,
    sha256: str,
) -> None:
    def put(kind: str, value: float, method: str, **told: Any) -> None:
        told = {"method": method, "inputs": {"weights_sha256": sha256}} | told
        result = measure.result(layout.root, kind, value, how, run, **told)
        results.write(layout, f"export_{kind}", result)

    bytes_of = {name: path.stat().st_size for name, path in made.items()}
    sizes = [{"weights": k, "bytes": v, "kept": "yes" if k == kept else "no"}
             for k, v in bytes_of.items()]  # fmt: skip
    put("size", bytes_of[kept], "bytes of the ONNX file", table=sizes)
    method = "scores of each against those of the float32 ONNX file; value: torch, largest in p"
    tolerance = {"tolerance": TOLERANCE, "kept": kept}
    put("parity", rows[0]["max_difference"], method, table=rows, n=rows[0]["n"],
        parameters=tolerance)  # fmt: skip
    method = "median ms of one decoded picture, onnxruntime on one thread, first call aside"
    put("latency", median, method, n=rows[-1]["n"], parameters={"threads": 1, "weights": kept})
