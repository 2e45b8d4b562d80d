"""Baselines and uncertainty: the ladder, recomputed metrics, intervals, seeds, differences."""

import re

from proofolio.contract import Run
from proofolio.rubric.outcome import Outcome, check, failed, partial, passed
from proofolio.rubric.subject import Subject

SEEDS = 3
_TRIVIAL = re.compile(  # at the beginning of a rung's or a configuration's name
    r"(?:class_)?prior|majority|most_frequent|dummy|constant|rules?(?![a-z])|chance|persistence"
)
_TRIVIAL_CODE = r"Dummy(?:Classifier|Regressor)\("
_MODELS = {  # families of models in code: two of them can be compared
    "a linear model": r"\b(?:LogisticRegression|Ridge|Lasso|LinearRegression|LinearSVC)\w*\(",
    "neighbours or Bayes": r"\b(?:KNeighbors\w+|GaussianNB|MultinomialNB)\(",
    "trees": r"\b(?:RandomForest|ExtraTrees|(?:Hist)?GradientBoosting|DecisionTree)\w*\("
    r"|\b(?:XGB|LGBM|CatBoost)\w*\(",
    "a network": r"\b(?:nn\.Module|LightningModule|tf\.keras|keras\.|timm\.create_model)",
}
_BASELINE = r"\b(?:baselines?|majority class|dummy classifier|logistic regression)\b"
_INTERVAL = r"95 ?% ?(?:ci|confidence)|confidence intervals?|bootstrap|\u00b1|\+/-"
_RESAMPLED = r"bootstrap|percentile\([^)\n]{0,80}\b97\.5"
_SEEDS = (
    r"\b(?:\d+|several|multiple|three|five|ten) (?:random )?seeds\b|over seeds"
    r"|\bseeds?[=:] ?\[?\d+, ?\d"
)
_SEEDS_CODE = r"for seed in|(?i:\bseeds?)\s*[=:]\s*(?:[\[(]\s*)?\d+\s*,\s*\d"
_ONE_SEED = r"(?i:\bseed(?:_everything)?\w*)\s*[=:(]\s*\d|random_state\s*=\s*\d"
_PAIRED = r"\bpaired\b|mcnemar|delong|\bsignifican(?:t|ce)\b|p[- ]value"
_ABLATION = r"\bablations?\b|one (?:change|variable) (?:at a time|per)"


@check("BU1")
def baselines_stand(subject: Subject) -> Outcome:
    """Two rungs below the chosen one: one that learns nothing, one that is simple."""
    if subject.e is None:
        stated = subject.in_code(_TRIVIAL_CODE) or subject.says(_BASELINE)
        if stated:
            return partial(f"a baseline is spoken of, without its run: {subject.without}", stated)
        met = {name: place for name, p in _MODELS.items() if (place := subject.in_code(p))}
        if len(met) > 1:
            told = f"compared in code: {', '.join(met)}; lacking: one that learns nothing"
            return partial(f"{told}, and the runs", *met.values())
        return failed(f"no baseline can be seen: {subject.without}")
    rungs = {r.name: r.rung for r in subject.primary_runs}
    if not rungs:
        return failed("no run on the primary split is recorded")
    own = rungs.get(subject.chosen or "")
    others = {rung for rung in rungs.values() if rung != own}
    trivial = {g for g in others if _TRIVIAL.match(g)}
    trivial |= {g for n, g in rungs.items() if g != own and _TRIVIAL.match(n)}
    simple = others - trivial
    if trivial and simple:
        told = f"below {subject.chosen}: {', '.join(sorted(trivial))}; {', '.join(sorted(simple))}"
        return passed(told, "evidence/runs")
    if others:
        lacking = "a simple model" if trivial else "one that learns nothing (class shares, rules)"
        return partial(f"rungs beside the choice: {', '.join(sorted(others))}; lacking: {lacking}")
    return failed("every run belongs to one rung: no baseline on the same parts")


@check("BU2")
def recomputed(subject: Subject) -> Outcome:
    """Every metric of every kept run follows from its predictions."""
    if broken := subject.broken("BU2"):
        found = failed("metrics do not follow from stored predictions", *broken)
        return found.gated(f"metrics cannot be recomputed: {broken[0]}")
    if subject.e is None:
        why = (subject.proof and subject.proof.why) or subject.without
        return failed(f"metrics cannot be recomputed: {subject.without}").gated(
            f"metrics cannot be recomputed: {why}"
        )
    kept = [r for r in subject.primary_runs if r.predictions == "kept"]
    if not kept:
        found = failed("no run on the primary split keeps predictions")
        return found.gated("metrics cannot be recomputed: no predictions are stored")
    parts = sorted({part for r in kept for part in r.metrics})
    return passed(f"{len(kept)} runs recomputed on {', '.join(parts)}", "evidence/runs")


@check("BU3")
def intervals(subject: Subject) -> Outcome:
    """The chosen runs' primary metric has an interval over units, and pages print one."""
    if broken := subject.broken("BU3"):
        return failed("recorded intervals do not follow", *broken)
    if subject.e is None:
        stated = subject.says(_INTERVAL) or subject.in_code(_RESAMPLED)
        if stated:
            return partial("an interval is spoken of; over what it resamples is not known", stated)
        return failed(f"no value carries an interval: {subject.without}")
    runs = [r for r in subject.primary_runs if r.name == subject.chosen]
    found = [m[subject.metric] for r in runs for m in r.metrics.values() if subject.metric in m]
    if not found:
        return failed("the chosen configuration has no value of the primary metric")
    bare = [m for m in found if m.ci_low is None]
    if len(bare) == len(found):
        return failed(f"{subject.metric} of {subject.chosen} has no interval: {bare[0].method}")
    told = f"{subject.metric} of {subject.chosen}: {found[0].method}"
    if not subject.says(_INTERVAL):
        return partial(f"{told}; no page prints an interval")
    return passed(f"{told}, {found[0].n_units:,} units", f"evidence/runs/{runs[0].id}/run.json")


@check("BU4")
def several_seeds(subject: Subject) -> Outcome:
    """The chosen configuration ran with three declared seeds."""
    if broken := subject.broken("BU4"):
        return failed("seeds or means over them are not in order", *broken)
    if subject.e is None:
        set_ = subject.in_code(_SEEDS_CODE) or subject.in_settings(_SEEDS_CODE)
        if stated := set_ or subject.says(_SEEDS):
            return partial("several seeds are spoken of; their spread is not recorded", stated)
        if one := subject.in_settings(_ONE_SEED) or subject.in_code(_ONE_SEED):
            return failed("one seed is fixed; how much another would change is not known", one)
        return failed("no seed is fixed, so no value can be made again")
    runs = {r.seed: r for r in subject.primary_runs if r.name == subject.chosen}
    if not runs:
        return failed("no chosen configuration is recorded")
    values = [r.metrics.get("val", {}).get(subject.metric or "") for r in runs.values()]
    numbers = sorted(m.value for m in values if m is not None and m.value is not None)
    spread = f", val {numbers[0]:.3f}-{numbers[-1]:.3f}" if numbers else ""
    told = f"{subject.chosen} ran with {len(runs)} seed(s){spread}"
    if len(runs) >= SEEDS:
        return passed(told, *(f"evidence/runs/{r.id}" for r in runs.values()))
    return partial(told) if len(runs) > 1 else failed(told)


@check("BU5")
def gain_has_interval(subject: Subject) -> Outcome:
    """A paired difference of the choice and another rung is recorded with its interval."""
    if broken := subject.broken("BU5"):
        return failed("recorded differences do not follow", *broken)
    e = subject.e
    if e is None:
        stated = subject.says(_PAIRED)
        if stated:
            return partial(f"a test or paired comparison is spoken of: {subject.without}", stated)
        return failed(f"the gain over a baseline has no interval: {subject.without}")
    rungs = {r.name: r.rung for r in subject.primary_runs}
    own, within = rungs.get(subject.chosen or ""), []
    for name, result in e.results.items():
        pair = [result.inputs.get("config"), result.inputs.get("versus")]
        if result.kind != "paired_difference" or subject.chosen not in pair:
            continue
        if result.ci_low is None or not set(pair) <= set(rungs):
            continue
        if {rungs[p] for p in pair} == {own}:
            within.append(name)
            continue
        told = f"{pair[0]} less {pair[1]}: {result.value:+.4f}"
        told += f" ({result.ci_low:+.4f} to {result.ci_high:+.4f})"
        clear = "" if result.ci_low > 0 or result.ci_high < 0 else "; zero lies within"
        return passed(told + clear, f"evidence/results/{name}.json")
    if within:
        return partial(f"differences within the rung only: {', '.join(within[:3])}")
    return failed("no paired difference of the choice and another rung is recorded")


@check("BU6")
def one_change(subject: Subject) -> Outcome:
    """Follow-ups differ from their parent in one key."""
    if broken := subject.broken("BU6"):
        return failed("a run changes more than one key, or has lost its parent", *broken)
    if subject.e is None:
        stated = subject.says(_ABLATION)
        if stated:
            return partial(f"an ablation is spoken of: {subject.without}", stated)
        kept = [n for n in subject.settings if "/experiment" in f"/{n}"]
        if len(kept) > 1:
            told = "experiments are kept as settings; what each changes of which is not recorded"
            return partial(told, *kept)
        return failed(f"what changed from run to run is not recorded: {subject.without}")
    runs = subject.primary_runs
    if not runs:
        return failed("no run on the primary split is recorded")
    steps = {r.name: _keys(r) for r in runs if r.parent and r.changed}
    if not steps:
        return partial("no run has a parent: nothing was varied within a rung")
    told = ", ".join(f"{name} ({key})" for name, key in sorted(steps.items())[:8])
    return passed(f"{len(steps)} follow-up(s), one key each: {told}", "evidence/runs")


def _keys(run: Run) -> str:
    """Return the one changed key, or those a search found and how many trials it took."""
    if run.tuning is None:
        return run.changed[0].key
    return f"tuned in {run.tuning.trials} trials: {', '.join(c.key for c in run.changed)}"
