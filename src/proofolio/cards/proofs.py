"""The passages about data, split, audit and reproduction that cards and pages share."""

from collections.abc import Iterator

from proofolio.cards import markdown
from proofolio.cards.markdown import claim
from proofolio.evidence import trials
from proofolio.figures import Facts, words
from proofolio.project import PrequentialSpec

_HASHES = ("membership_sha256", "content_sha256", "parts_sha256", "source_sha256", "config_sha256")
_TIMES = ("never", "once", "twice", "three times", "four times", "five times")


def data_sentence(facts: Facts) -> str:
    """Return what the data is and how much of it there is."""
    data, unit = facts.project.data, markdown.line(facts.project.unit)
    return (
        f"{markdown.line(data.name)}, version {markdown.line(data.version)} "
        f"({markdown.line(data.variant)}), licence {markdown.line(data.license)}: "
        f"{claim('dataset', 'n_examples', ',')} examples of {claim('dataset', 'n_units', ',')} "
        f"units (unit of independence: {unit}){_clusters(facts)}. "
        f"{markdown.line(facts.project.unit_note)}"
    )


def _clusters(facts: Facts) -> str:
    if facts.project.kind == "events":
        return ""
    counted = claim("dataset", "n_clusters", ",")
    return f" in {counted} clusters of units that share duplicates"


def split_sentence(facts: Facts) -> str:
    """Return how the primary split was made, and why no unit can stand on two sides."""
    spec = facts.project.primary_split
    if isinstance(spec, PrequentialSpec):
        return _windows_sentence(spec)
    return (
        f"The split {markdown.code(spec.name)} is made by the strategy "
        f"{markdown.code(spec.strategy)}, whole clusters at a time, so that no {facts.project.unit}"
        f" and no duplicate stands in two parts. {markdown.line(spec.rationale)}"
    )


def _windows_sentence(spec: PrequentialSpec) -> str:
    removed = (
        f" A unit with a positive event that is known by then, from {spec.removal_days} days "
        "before the delay on, is not scored any more."
        if spec.remove_known
        else ""
    )
    return (
        f"The split {markdown.code(spec.name)} is made by the strategy "
        f"{markdown.code(spec.strategy)}: {spec.validation_folds} folds chose and "
        f"{spec.test_folds} later ones test, each {spec.train_days} days of training, "
        f"{spec.delay_days} of waiting for labels and {spec.score_days} that are scored by a model "
        f"of its own. Metrics are means over folds.{removed} {markdown.line(spec.rationale)}"
    )


def parts(facts: Facts) -> str:
    """Return the table of parts with examples, units and share of each class."""
    name = facts.project.primary_split.name
    recorded = facts.resolve.store.splits.get(name)
    if not recorded:
        return "not measured"
    known, subject = recorded["parts"], f"split:{name}"
    order = ("train", "heldout", "val", "calib", "test", "ood", "excluded")
    rows = [
        (
            words.part(part),
            claim(subject, f"parts.{part}.n_examples", ","),
            claim(subject, f"parts.{part}.n_units", ","),
        )
        for part in order
        if part in known
    ]
    return markdown.table(("Part", "Examples", "Units"), rows)


def labels(facts: Facts) -> str:
    """Return the table of label counts of the whole data set."""
    counted = facts.resolve.store.dataset.get("label_counts", {})
    rows = [
        (markdown.line(c), claim("dataset", f"label_counts.{c}", ","))
        for c in facts.project.classes
        if c in counted and "." not in c and " " not in c
    ]
    return markdown.table(("Class", "Examples"), rows) if rows else ""


def findings(facts: Facts, *, folded: bool = False) -> str:
    """Return the audit as a table, what failed first; the numbers of the primary split bound.

    `folded` leaves in sight only what failed or warned.
    """
    if not facts.findings:
        return "not measured: the audit has not run."
    loud, quiet = _rows(facts)
    header = ("Check", "Status", "Statistic", "What it says")
    if not (folded and quiet):
        return markdown.table(header, [*loud, *quiet])
    seen = markdown.table(header, loud) if loud else "Nothing failed and nothing warned."
    rest = markdown.table(header, quiet)
    return "\n\n".join(
        [seen, *markdown.folded("What passed, and what could not be asked of this data", [rest])]
    )


def _rows(facts: Facts) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the rows of what failed or warned, and of the rest; advice is given once."""
    primary = facts.project.primary_split.name
    order = {"fail": 0, "warn": 1, "pass": 2, "not_applicable": 3}
    ours = [f for f in facts.findings if f.split in (None, primary)]
    loud, quiet, seen, given = [], [], set(), set()
    for found in sorted(ours, key=lambda f: (order[f.status], f.check)):
        if found.check in seen:
            continue
        first, _, advice = found.explanation.partition(". ")
        told = f"{first}." if advice and advice in given else found.explanation
        seen.add(found.check)
        given.add(advice)
        why = markdown.unbound("the audit's own words, from audit.json")
        statistic = "-" if found.statistic is None else _statistic(found)
        shown = found.status.replace("_", " ")
        is_loud = found.status in ("fail", "warn")
        status = f"**{shown}**" if is_loud else shown
        row = (markdown.code(found.check), status, statistic, f"{markdown.line(told)} {why}")
        (loud if is_loud else quiet).append(row)
    return loud, quiet


def _statistic(found: object) -> str:
    whole = float(found.statistic).is_integer() and found.ci_low is None
    flags = [] if found.ci_low is None else ["ci"]
    return claim(f"audit:{found.check}", "statistic", ",.0f" if whole else ".3f", *flags)


def fitted(facts: Facts) -> str:
    """Return which step was fitted on which part."""
    run = facts.chosen
    if run is None or not run.fitted:
        return ""
    rows = [(markdown.code(f.step), f"the {words.part(f.part)} part") for f in run.fitted]
    return markdown.table(("Fitted step", "On"), rows)


def tuned(facts: Facts) -> Iterator[str]:
    """Yield, for each configuration that came of tuning, how many trials it was picked from."""
    for name, runs in facts.configurations.items():
        run = runs[0]
        if run.tuning is None:
            continue
        tried = trials.recorded(facts.runs, run.parent, run.split)
        early = sum(trial.status != "finished" for trial in tried)
        yield (
            f"{markdown.code(name)} came of tuning {markdown.code(run.parent)} on validation: the "
            f"best of {claim(f'run:{run.id}', 'tuning.trials', ',')} trials, whose settings were "
            f"then trained anew with every seed. Every trial is recorded; {early} of them ended "
            "early."
        )


def openings(facts: Facts) -> str:
    """Return how often predictions were joined with test labels, each time with its reason."""
    times = len(facts.openings)
    if not times:
        return (
            "The test set is **sealed**: no recorded prediction was joined with a test label. "
            "All numbers above are on validation, which also chose the configuration, so they are "
            "optimistic."
        )
    word = _TIMES[times] if times < len(_TIMES) else f"{times} times"
    lines = [
        f"- {markdown.code(o.get('time', ''))}, commit {markdown.code(str(o.get('commit'))[:12])}:"
        f" {markdown.line(o.get('reason', ''))}"
        for o in facts.openings
    ]
    return f"The test set was opened **{word}**, after the choice was committed:\n\n" + "\n".join(
        lines
    )


def reproducibility(facts: Facts) -> str:
    """Return commit, hashes, environment, hardware and wall time of the chosen run."""
    project, run = facts.project, facts.chosen
    command = f"Everything is made anew by `python -m {project.package} all`; "
    checked = "`proofolio verify .` recomputes every number from the stored predictions."
    if run is None:
        return command + checked
    subject = f"run:{run.id}"
    rows = [("Run", markdown.code(run.id)), ("Command", markdown.code(" ".join(run.argv)))]
    rows.append(("Seed", claim(subject, "seed")))
    if run.git.commit:
        rows.append(("Commit", claim(subject, "git.commit", ".12")))
        rows.append(("Code differed from the commit", claim(subject, "git.dirty")))
    rows += [(_spelled(name), claim(subject, name, ".16")) for name in _HASHES]
    if run.predictions_sha256:
        rows.append(("Predictions", claim(subject, "predictions_sha256", ".16")))
    for name, value in sorted(run.environment.items()):
        if isinstance(value, str | int | float):
            form = (".16",) if name.endswith("sha256") else ()
            rows.append((_spelled(name), claim(subject, f"environment.{name}", *form)))
    packages = run.environment.get("packages") or {}
    listed = (
        f"{name} {claim(subject, f'environment.packages.{name}')}" for name in sorted(packages)
    )
    if packages:
        rows.append(("Packages", ", ".join(listed)))
    rows.append(("Wall time", f"{claim(subject, 'wall_seconds', ',.1f')} seconds"))
    return f"{command}{checked}\n\n{markdown.table(('What', 'Recorded'), rows)}"


def _spelled(name: str) -> str:
    plain = name.removesuffix("_sha256").replace("_", " ")
    short = {"cpu": "CPU", "gpu": "GPU", "cuda": "CUDA", "cudnn": "cuDNN"}.get(plain)
    hashed = " (SHA-256)" if name.endswith("_sha256") else ""
    return (short or plain.capitalize()) + hashed
