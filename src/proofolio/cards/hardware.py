"""The passage about what ran where: device, hardware and time of every configuration."""

from proofolio import evidence
from proofolio.cards import markdown
from proofolio.cards.markdown import claim
from proofolio.contract import Run
from proofolio.figures import Facts, words


def told(facts: Facts) -> str:
    """Return which configurations ran on a GPU, and the table of device, hardware and time.

    Finished runs of every split; runs of a configuration on the same hardware share a row.
    """
    rows, accelerated = [], []
    for name, runs in _by_place(facts).items():
        run, config = runs[0], name[0]
        subject = f"run:{run.id}"
        if _gpu(run):
            accelerated.append(config)
        place = "environment.gpu" if _gpu(run) else "environment.cpu"
        device = claim(subject, "runtime.device") if run.runtime.get("device") else "cpu"
        known = isinstance(run.environment.get(place.split(".")[1]), str)
        times = ", ".join(claim(f"run:{r.id}", "wall_seconds", ",.0f") for r in runs)
        rows.append(
            (
                markdown.code(config),
                ", ".join(claim(f"run:{r.id}", "seed") for r in runs),
                device,
                claim(subject, place) if known else "not recorded",
                times,
            )
        )
    if not rows:
        return ""
    header = ("Configuration", "Seeds", "Device", "Hardware", "Wall time of each, seconds")
    return f"{_sentence(accelerated)}\n\n{markdown.table(header, rows)}"


def _sentence(accelerated: list[str]) -> str:
    names = [markdown.code(name) for name in dict.fromkeys(accelerated)]
    if not names:
        return "Every run was computed on a CPU."
    return (
        f"A GPU was used for {words.listed(names)}; the other runs that the numbers come from were "
        "computed on a CPU. Another device gives other last digits, so times and scores belong to "
        "the hardware beside them."
    )


def _by_place(facts: Facts) -> dict[tuple[str, str], list[Run]]:
    """Return the finished runs of every split by configuration and hardware."""
    kept: dict[str, list[Run]] = {}
    for spec in facts.project.splits:
        if (facts.layout.split(spec.name) / "split.json").is_file():
            kept = evidence.configurations(facts.layout, spec.name) | kept
    order = {e.name: i for i, e in enumerate(facts.project.ladder)}
    listed = [run for name in kept for run in kept[name]]
    found: dict[tuple[str, str], list[Run]] = {}
    for run in sorted(listed, key=lambda r: (order.get(r.name, len(order)), r.name, r.seed)):
        place = run.environment.get("gpu") if _gpu(run) else run.environment.get("cpu")
        found.setdefault((run.name, str(place)), []).append(run)
    return found


def _gpu(run: Run) -> bool:
    """Whether a run used a GPU: a machine may have one that a run leaves alone."""
    return str(run.runtime.get("device") or "cpu") != "cpu"
