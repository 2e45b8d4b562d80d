"""Errors, limits, negative results: groups, surest mistakes, runs that stayed, open questions."""

from proofolio.contract import Result
from proofolio.project.sections import answered
from proofolio.rubric.outcome import Outcome, check, failed, partial, passed
from proofolio.rubric.subject import Subject

_GROUPS = {"slice_table", "slice_difference", "class_table"}
_MISTAKES = {"mistakes", "confusion", "confused_pairs", "label_noise"}
_PER_GROUP = r"\b(?:per[- ]class|per[- ](?:group|site|patient)|subgroups?|slices?|by (?:sex|age))\b"
_LOOKED_AT = r"misclassif|failure (?:cases?|modes?)|error analysis|worst (?:errors|mistakes)"
_NEGATIVE = r"did(?: not|n't) (?:help|improve|work|beat|pass)|no improvement|negative results?"
_CARD = 1_000  # characters of a card that says more than its headings


def _of_choice(subject: Subject, kinds: set[str]) -> tuple[dict[str, Result], dict[str, Result]]:
    """Return results of these kinds: about the choice, and about anything."""
    found = {name: r for name, r in subject.e.results.items() if r.kind in kinds}
    own = {r.id for r in subject.primary_runs if r.name == subject.chosen}
    about = {
        name: r
        for name, r in found.items()
        if r.inputs.get("config") == subject.chosen or own & set(r.inputs.get("runs") or [])
    }
    return about, found


@check("EL1")
def groups(subject: Subject) -> Outcome:
    """A table per slice or class about the choice."""
    if broken := subject.broken("EL1"):
        return failed("a table per group does not follow", *broken)
    if subject.e is None:
        stated = subject.in_code(r"classification_report\(") or subject.says(_PER_GROUP)
        if stated:
            return partial(f"groups are spoken of, not recorded: {subject.without}", stated)
        return failed(f"no value per group can be seen: {subject.without}")
    about, found = _of_choice(subject, _GROUPS)
    if about:
        rows = max(len(r.table or ()) for r in about.values())
        told = f"{', '.join(sorted(about)[:4])}: up to {rows} groups of {subject.chosen}"
        return passed(told, *(f"evidence/results/{n}.json" for n in about))
    if found:
        return partial(f"tables per group are about others than {subject.chosen}", *found)
    return failed("no table per group is recorded (evidence/results, kind slice_table)")


@check("EL2")
def mistakes(subject: Subject) -> Outcome:
    """The surest mistakes of the choice are listed, and somebody wrote what they see."""
    if broken := subject.broken("EL2"):
        return failed("a table of mistakes does not follow", *broken)
    if subject.e is None:
        stated = subject.says(_LOOKED_AT) or subject.in_code(r"confusion_matrix\(")
        if stated:
            return partial(f"mistakes are counted or told, not recorded: {subject.without}", stated)
        return failed(f"nobody looked at mistakes: {subject.without}")
    about, found = _of_choice(subject, _MISTAKES)
    read = [
        f"{name}: {row['reading']}"
        for name, result in about.items()
        for row in result.table or ()
        if answered(row.get("reading")) and row.get("reading")
    ]
    if read:
        return passed(f"{len(read)} of the surest mistakes were read", *read)
    if about:
        return partial("mistakes are listed; nobody wrote what they see (readings)", *about)
    if found:
        return partial(f"mistakes are listed of others than {subject.chosen}", *found)
    return failed("no mistakes are recorded (evidence/results, kind mistakes)")


@check("EL3")
def nothing_removed(subject: Subject) -> Outcome:
    """The log of runs is unbroken, and every finished configuration has a conclusion."""
    e = subject.e
    if broken := subject.broken("EL3"):
        return failed("runs were removed, or the log was changed", *broken)
    if e is None:
        stated = subject.says(_NEGATIVE)
        if stated:
            return partial(f"something that did not help is told: {subject.without}", stated)
        return failed(f"no negative result can be seen: {subject.without}")
    if not e.runs:
        return failed("no run is recorded")
    names = {r.name for r in e.runs.values() if r.status == "finished" and not r.is_trial}
    told = {r.name for r in e.runs.values() if answered(r.conclusion)}
    told |= {x.name for x in e.project.ladder if answered(x.conclusion)} if e.project else set()
    silent = sorted(names - told)
    lost = sum(r.status == "failed" for r in e.runs.values())
    counted = f"{len(e.runs)} runs in an unbroken log, {lost} of them failed"
    if not silent:
        return passed(f"{counted}; each configuration has a conclusion", "evidence/runs.jsonl")
    lacking = f"no conclusion: {', '.join(silent[:6])}"
    if len(silent) <= len(names) / 2:
        return partial(f"{counted}; {lacking}")
    return failed(f"{counted}; {lacking}")


@check("EL4", static=True)
def cards_answered(subject: Subject) -> Outcome:
    """Each question of the model card and the data card has an answer."""
    from proofolio.cards.questions import Answers
    from proofolio.contract import ProjectError

    if not subject.project:
        cards = [n for n in subject.pages if "card" in n.lower() or "datasheet" in n.lower()]
        full = [n for n in cards if len(subject.pages[n]) > _CARD]
        if full:
            return partial("a card is written; which questions it leaves open is not known", *full)
        limits = subject.says(r"\blimitations?\b|\blimits?\b")
        if limits:
            return partial("limits are told in prose; there is no card", limits)
        return failed("there is no model card and no data card")
    missing, total = [], 0
    for card in ("model_card", "data_card"):
        given = subject.project.get(card)
        given = {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
        try:
            answers = Answers(card, given)
        except ProjectError as error:
            return failed(f"{card}: {error.what}")
        missing += [f"{card}.{key}" for key in answers.missing]
        total += len(answers.questions)
    if not missing:
        return passed(f"all {total} questions are answered", "project.yaml")
    told = f"{len(missing)} of {total} questions are not answered"
    return (partial if len(missing) <= total / 4 else failed)(told, *missing)
