"""Split and leakage proof: what verification and the audit say of parts, copies, time, test."""

from proofolio.rubric.checks import code
from proofolio.rubric.outcome import Outcome, check, failed, not_applicable, partial, passed
from proofolio.rubric.subject import Subject

_BY_UNIT = (
    r"(?:split|splits|divided|separated|grouped|disjoint)[^.]{0,40}\b(?:by|per|at the level of) "
    r"(?:the )?(?:patient|subject|person|user|customer|card|photographer|site|group|unit|author)"
)
_COPIES = r"\b(?:near-)?duplicates?\b|\bdedup"
_BY_TIME = r"TimeSeriesSplit|chronolog|temporal split|split[^.]{0,30}by (?:time|date|year)"
_PIPELINE = r"\b(?:make_pipeline|Pipeline|ColumnTransformer)\("
_HELD_OUT = r"\b(?:held[- ]out|hold[- ]?out|test set|test split|unseen)\b"
_AUDITED = r"\b(?:leakage|leaks?|shortcuts?|spurious|confound)"


@check("SL1")
def units_apart(subject: Subject) -> Outcome:
    """No unit and no cluster crosses a primary or robustness split."""
    e = subject.e
    if broken := subject.broken("SL1"):
        found = failed("the parts of a split are not vouched for", *broken)
        crossing = any(p.rule == "1" for p in subject.proof.problems["SL1"])
        return found.gated(f"a unit stands on two sides: {broken[0]}") if crossing else found
    if e is None:
        stated = subject.in_code(code.BY_UNIT) or subject.says(_BY_UNIT)
        if stated:
            return partial(f"split by unit as stated; not provable: {subject.without}", stated)
        if rows := code.by_row(subject):
            told = "single rows are drawn into the parts; nothing keeps a unit on one side"
            return failed(told, rows)
        return failed(f"no split by unit can be seen: {subject.without}")
    if e.primary is None or e.primary.name not in e.parts:
        return failed("no primary split is recorded (evidence/splits)")
    parts = e.parts[e.primary.name]
    counts = ", ".join(f"{n:,} {part}" for part, n in parts["part"].value_counts().items())
    unit = e.dataset.unit if e.dataset else e.primary.unit
    told = f"unit {unit}, split {e.primary.strategy}: {counts}; none crosses"
    return passed(told, f"evidence/splits/{e.primary.name}")


@check("SL2")
def copies_joined(subject: Subject) -> Outcome:
    """Content and perceptual hashes are recorded, and every copy lies on one side."""
    e = subject.e
    if broken := subject.broken("SL2"):
        found = failed("duplicates are missing, incomplete or on two sides", *broken)
        crossing = [line for line in broken if "one content stands in" in line]
        return found.gated(f"a copy stands on two sides: {crossing[0]}") if crossing else found
    if e is None:
        stated = subject.in_code(r"imagehash|drop_duplicates|\.duplicated\(|phash") or subject.says(
            _COPIES
        )
        if stated:
            return partial("a search for copies is stated, without its result", stated)
        return failed(f"nobody looked for copies: {subject.without}")
    if e.events:
        return not_applicable("events are told apart by id and time; equal ones are refused")
    if e.hashes is None or e.duplicates is None:
        return failed("hashes.parquet or duplicates.csv is missing, so copies cannot be ruled out")
    told = f"{len(e.hashes):,} examples hashed, {len(e.duplicates):,} pair(s) found and joined"
    return passed(told, "evidence/hashes.parquet", "evidence/duplicates.csv")


@check("SL3")
def order_of_time(subject: Subject) -> Outcome:
    """Test lies after train where the table records time."""
    e = subject.e
    if broken := subject.broken("SL3"):
        return failed("a later event reaches an earlier window", *broken)
    if e is None:
        stated = subject.in_code(_BY_TIME) or subject.says(_BY_TIME)
        if stated:
            return partial(f"a split by time is stated; not provable: {subject.without}", stated)
        return failed(f"whether test lies after train cannot be seen: {subject.without}")
    if e.primary is None:
        return failed("no primary split is recorded (evidence/splits)")
    if e.events:
        told = "training, delay and scored window follow each other in every fold"
        return passed(told, f"evidence/splits/{e.primary.name}/parts.csv")
    found = [f for f in e.findings if f.check == "time_order" and f.split == e.primary.name]
    if e.examples is None or "time" not in e.examples:
        why = found[0].explanation if found else "the table records no time"
        return not_applicable(why)
    if not found:
        return failed("the table has times, and the audit did not look at their order")
    if found[0].status == "pass":
        return passed(found[0].explanation, "evidence/audit.json: time_order")
    return partial(f"time plays a part: {found[0].explanation}", "evidence/audit.json: time_order")


@check("SL4")
def audited(subject: Subject) -> Outcome:
    """The audit of the primary split fails nowhere, and readers are told of its warnings."""
    e = subject.e
    if broken := subject.broken("SL4"):
        return failed("audit.json cannot be read", *broken)
    if e is None:
        stated = subject.says(_AUDITED)
        if stated:
            return partial("leaks or shortcuts are spoken of, not measured", stated)
        return failed(f"nobody looked for leaks or shortcuts: {subject.without}")
    name = e.primary.name if e.primary else None
    found = [f for f in e.findings if f.split in (name, None)]
    if not found:
        return failed("the audit was not run (evidence/audit.json)")
    if wrong := [f"{f.check}: {f.explanation}" for f in found if f.status == "fail"]:
        return failed("the audit found what must not be", *wrong)
    warned = sorted({f.check for f in found if f.status == "warn"})
    silent = [check for check in warned if not _told(subject, check)]
    if silent:
        return partial(f"no page speaks of these warnings: {', '.join(silent)}")
    if not any("shortcut" in f.check and f.status in ("pass", "warn") for f in found):
        return partial("overlap was looked at, shortcuts were not", "evidence/audit.json")
    return passed(
        f"{len(found)} findings, {len(warned)} warning(s), each named to readers",
        "evidence/audit.json",
    )


def _told(subject: Subject, check: str) -> bool:
    """Whether a page names a finding: by its check, or by the words of it."""
    words = [check, check.replace("_", " "), check.replace("_", "-")]
    return any(word in subject.prose for word in words)


@check("SL5")
def fitted_parts(subject: Subject) -> Outcome:
    """Every step of every finished run was fitted on the part where it belongs."""
    if broken := subject.broken("SL5"):
        return failed("a step was fitted on a part it must not see", *broken)
    runs = subject.primary_runs
    if subject.e is None:
        early = code.fitted_before_split(subject)
        if early:
            return failed("a transform is fitted before the split, so on test too", early)
        stated = subject.in_code(_PIPELINE)
        if stated:
            told = "a pipeline keeps fitted steps together; what it saw is not recorded"
            return partial(told, stated)
        return failed(f"which part steps were fitted on is not recorded: {subject.without}")
    if not runs:
        return failed("no run on the primary split is recorded")
    silent = [r.id for r in runs if not r.fitted]
    if silent:
        return partial(f"runs name no fitted step: {', '.join(silent[:5])}")
    steps = sorted({f"{f.step} on {f.part}" for r in runs for f in r.fitted})
    return passed(f"{len(runs)} runs: {', '.join(steps)}", "evidence/runs/*/run.json: fitted")


@check("SL6")
def test_opened(subject: Subject) -> Outcome:
    """The choice is committed before test is opened, and openings are counted."""
    e = subject.e
    if broken := subject.broken("SL6"):
        return failed("the choice or the opening of test is not in order", *broken).gated(
            f"test data may have been used for the choice: {broken[0]}"
        )
    if e is None:
        if early := code.steered_by_test(subject):
            return failed("test steers training: it is given as validation data", early)
        stated = subject.says(_HELD_OUT) or code.tested(subject)
        if stated:
            told = f"a test set is spoken of; how often it was used is not: {subject.without}"
            return partial(told, stated)
        return failed(f"no test set can be seen: {subject.without}")
    if e.selection is None:
        return failed("nothing was chosen in writing yet (evidence/selection.json)")
    if not e.accesses:
        return partial("the choice is written down, and test is still sealed")
    told = f"test was opened {len(e.accesses)} time(s), after {e.selection.written}"
    if subject.history.head is None:
        return partial(f"{told}; not checkable: {subject.history.why}")
    if gone := [n for n in subject.proof.notes if "is not in this history" in n]:
        return partial(f"{told}; {gone[0]}")
    if len(e.accesses) > 1:
        return partial(f"{told}: more than once", *(a.reason for a in e.accesses))
    return passed(told, "evidence/selection.json", "evidence/test_access.jsonl")
