"""The choice made on val: every finished configuration, the best by the criterion, ties named."""

import math
from collections.abc import Sequence
from typing import Any

from proofolio import files, metrics
from proofolio.contract import Candidate, Choice, Layout, Run, RunError, SealError, Selection
from proofolio.evidence import git, log, provenance, store, trials
from proofolio.project import Project

TIE = 1e-9  # values of metrics closer than this are the same value


def criterion(metric: str) -> str:
    """Return the rule of choice in words."""
    side = "highest" if metrics.higher_is_better(metric) else "lowest"
    return f"{side} mean val {metric} over seeds"


def candidates(
    layout: Layout, split: str, metric: str, order: Sequence[str] = ()
) -> list[Candidate]:
    """Return every finished configuration of a split with its mean val value, from evidence alone.

    Args:
        layout: The project's paths.
        split: Name of the split.
        metric: Name of the metric on val that chooses.
        order: Configuration names in the order of the ladder; others follow by name.
    """
    found = store.configurations(layout, split)
    tuned = {n: trials.counted(store.runs(layout), of[-1]) for n, of in found.items()}
    names = [n for n in order if n in found] + [n for n in sorted(found) if n not in order]
    return [
        Candidate(
            name=name,
            rung=found[name][-1].rung,
            runs=[run.id for run in found[name]],
            value=_mean_value(found[name], metric),
            trials=tuned[name],
        )
        for name in names
    ]


def elsewhere(layout: Layout, project: Project) -> list[Candidate]:
    """Return the finished comparisons that project.yaml declares on other splits, in its order."""
    primary, metric = project.primary_split.name, project.metric.primary
    split_of = {name: project.experiment(name).split for name in project.fixed_comparisons}
    found = []
    for name, split in split_of.items():
        if split != primary and (layout.split(split) / "split.json").is_file():
            some = [c for c in candidates(layout, split, metric) if c.name == name]
            found += [c.model_copy(update={"split": split}) for c in some]
    return found


def as_json(selection: Selection) -> dict[str, Any]:
    """Return a selection as it is written: a candidate's split and trials where it has them."""
    told = selection.model_dump()
    for candidate in told["candidates"]:
        for key in ("split", "trials"):
            if candidate[key] is None:
                del candidate[key]
    return told


def best(among: Sequence[Candidate], metric: str) -> list[Candidate]:
    """Return the best candidates by mean value: more than one where they tie within `TIE`."""
    sign = 1 if metrics.higher_is_better(metric) else -1
    valued = [c for c in among if c.value is not None]
    if not valued:
        return []
    top = max(sign * c.value for c in valued)
    return [c for c in valued if sign * c.value >= top - TIE]


def select(layout: Layout, project: Project) -> Selection:
    """Write down the choice before test is opened, and commit it with the evidence.

    Writing the same selection again changes nothing. A project outside git gets its repository.

    Raises:
        RunError: A configuration of the ladder is unfinished, or none has a value.
        SealError: The choice differs from the one test was opened for; or git fails.
    """
    written = recorded(layout)
    selection = decide(layout, project)
    if written is not None and same(written, selection):
        selection = written
    elif written is not None and layout.test_access.is_file():
        raise SealError(
            "test was already opened for another selection",
            expected=f"{written.choice.name} among {[c.name for c in written.candidates]}",
            received=f"{selection.choice.name} among {[c.name for c in selection.candidates]}",
            remedy="restore evidence/selection.json and the runs from git; a new choice needs "
            "test data that nobody has seen",
        )
    fresh = git.root_of(layout) is None
    git.init(layout)
    files.write_json(layout.selection, as_json(selection))
    if not sealed(layout):
        names = [".gitattributes", ".gitignore", "project.yaml", "src"] if fresh else []
        paths = [*(layout.root / name for name in names), layout.evidence]
        git.commit(layout, paths, f"Select {selection.choice.name} on val, before test is opened")
    return selection


def recorded(layout: Layout) -> Selection | None:
    """Return `selection.json`, or None where nothing was selected."""
    if not layout.selection.is_file():
        return None
    return Selection.model_validate(files.read_json(layout.selection))


def sealed(layout: Layout) -> bool:
    """Whether the present `selection.json` stands in the current commit, byte for byte."""
    if git.root_of(layout) is None or not layout.selection.is_file():
        return False
    return git.committed_blob(layout, "HEAD", layout.selection) == layout.selection.read_bytes()


def decide(layout: Layout, project: Project) -> Selection:
    """Return the selection that the present runs lead to; nothing is written.

    Raises RunError where the ladder is unfinished or the best configuration left it.
    """
    metric, split = project.metric.primary, project.primary_split.name
    _demand_finished(layout, project)
    faults = log.verify_chain(layout)
    if faults:
        raise RunError("the log of runs is broken", received="; ".join(faults[:3]))
    ladder = [e.name for e in project.ladder]
    found = [*candidates(layout, split, metric, ladder), *elsewhere(layout, project)]
    led = leading(layout, project)
    if led is None:
        raise RunError(f"no finished configuration has a val value of {metric}")
    chosen, tied, others = led
    if chosen.name not in ladder:
        raise RunError(
            f"the best configuration, {chosen.name}, is no longer in the ladder",
            expected="every configuration that was tried stands in project.yaml",
            received=f"ladder: {', '.join(ladder)}",
            remedy="put it back: a configuration cannot be dropped after its value was seen",
        )
    return Selection(
        criterion=criterion(metric),
        split=split,
        candidates=found,
        choice=Choice(
            name=chosen.name,
            run=deployed(layout, project, chosen),
            ties=[c.name for c in tied],
        ),
        fixed_comparisons=[c.name for c in others],
        prior_exposure=project.prior_exposure,
        written=provenance.utc_now(),
    )


def leading(
    layout: Layout, project: Project
) -> tuple[Candidate, list[Candidate], list[Candidate]] | None:
    """Return the best finished configuration on val, those tied with it, and the comparisons.

    A tie goes to the first in the ladder, where the simpler stand. None without any value.
    """
    metric, ladder = project.metric.primary, [e.name for e in project.ladder]
    found = candidates(layout, project.primary_split.name, metric, ladder)
    tops = best(found, metric)
    if not tops:
        return None
    found += elsewhere(layout, project)
    return tops[0], tops[1:], comparisons(found, tops[0], metric, project.fixed_comparisons)


def comparisons(
    found: Sequence[Candidate], chosen: Candidate, metric: str, declared: Sequence[str] = ()
) -> list[Candidate]:
    """Return what is scored beside the choice: the best of every other rung, then the declared."""
    own = [c for c in found if c.split is None]
    others = dict.fromkeys(c.rung for c in own if c.rung != chosen.rung)
    tops = [best([c for c in own if c.rung == other], metric) for other in others]
    kept = [among[0] for among in tops if among]
    named = [c for name in declared for c in found if c.name == name]
    return kept + [c for c in named if c.name != chosen.name and c not in kept]


def same(a: Selection, b: Selection) -> bool:
    """Whether two selections agree in all but the time of writing and rounding of values."""
    left, right = a.model_dump(exclude={"written"}), b.model_dump(exclude={"written"})
    for one, other in zip(left["candidates"], right["candidates"], strict=False):
        x, y = one["value"], other["value"]
        if x is not None and y is not None and math.isclose(x, y, abs_tol=TIE):
            one["value"] = y
    return left == right


def _mean_value(runs: Sequence[Run], metric: str) -> float | None:
    """Return the mean val value over runs, None where one of them has none."""
    values = [m.value if (m := r.metrics.get("val", {}).get(metric)) else None for r in runs]
    return None if None in values else math.fsum(values) / len(values)


def _demand_finished(layout: Layout, project: Project) -> None:
    missing = [
        f"{e.name} seed {seed}"
        for e in project.ladder
        if e.split == project.primary_split.name or e.name in project.fixed_comparisons
        for seed in e.seeds or project.seeds
        if store.finished(layout, project, e.name, seed) is None
    ]
    if missing:
        raise RunError(
            f"{len(missing)} run(s) of the ladder are unfinished on the present table and split",
            expected="every configuration of the primary split, and every comparison declared on "
            "another one, finished for each of its seeds",
            received=", ".join(missing),
            remedy="train them, or take the configuration out of the ladder before it has a value",
        )


def deployed(layout: Layout, project: Project, chosen: Candidate) -> str:
    """Return the run of the first seed that project.yaml lists among those the choice has."""
    by_seed = {store.run(layout, run_id).seed: run_id for run_id in chosen.runs}
    return next(by_seed[seed] for seed in project.seeds if seed in by_seed)
