"""Communication: the README's first 90 seconds, numbers bound to evidence, figures in words."""

import re

from proofolio.rubric import parsing
from proofolio.rubric.outcome import Outcome, check, failed, not_applicable, partial, passed
from proofolio.rubric.subject import Subject

FIRST_WORDS = 350  # read in 90 seconds at some 230 words a minute
MOST_WORDS = 2_500
SHORTEST_ALTERNATIVE = 15  # characters
_MOST_PROSE = 100_000  # characters in which unbound numbers are looked for
_PROBLEM = re.compile(
    r"\b(problem|task|goal|aim|question|objective"
    r"|classif(?:y|ies)|predicts?|detects?|recogni[sz]es?|forecasts?)\b"
)
_DECISION = re.compile(
    r"\b(decisions?|decide[sd]?|supports?|(?<!not )helps?|so that|used (?:by|to|for))\b"
)
_RESULT = re.compile(r"\b(results?|performance|reach(?:es|ed)?|achieve[sd]?|findings?)\b")
_MARKS = re.compile(r"!\[[^\[\]]{0,500}\]\([^)\]]{0,500}\)|\]\([^)\]]{0,500}\)|<[^<>]{1,500}>")
_IMAGE = re.compile(
    r"!\[(?P<alt>[^\[\]]{0,2000})\]\((?P<src>[^)\s]{1,500})|(?P<tag><img\b[^<>]{0,2000}>)"
)
_ATTRIBUTE = r"\b{}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')"
_BADGE = re.compile(r"shields\.io|badge|codecov|circleci|travis", re.IGNORECASE)


@check("CO1", static=True)
def ninety_seconds(subject: Subject) -> Outcome:
    """Problem, decision and a result with a number, in this order, within the first words."""
    if not subject.readme.strip():
        return failed("there is no README")
    shown = parsing.without(parsing.without(subject.readme, "<!--", "-->"), "```", "```")
    words = _MARKS.sub(" ", shown).split()
    first = " ".join(words[:FIRST_WORDS]).lower()
    found = {
        "problem": _PROBLEM.search(first),
        "decision": _DECISION.search(first),
        "result": _RESULT.search(first),
    }
    missing = [name for name, match in found.items() if match is None]
    after = first[found["result"].end() :] if found["result"] else ""
    if "result" not in missing and not re.search(r"\d", after):
        missing.append("a number after the result")
    told = f"{len(words):,} words; the first {FIRST_WORDS} are what 90 seconds hold"
    if missing:
        lacking = f"not within them: {', '.join(missing)}"
        return (partial if len(missing) == 1 else failed)(f"{told}; {lacking}")
    for name in ("problem", "decision"):
        if found[name].start() > found["result"].start():
            return partial(f"{told}; the result stands before the {name}")
    if len(words) > MOST_WORDS:
        return partial(f"{told}; over {MOST_WORDS:,} words in all")
    return passed(f"{told}; problem, decision, result in order", subject.readme_name)


@check("CO2")
def numbers_bound(subject: Subject) -> Outcome:
    """Every claim holds, and no number beside a metric word is typed by hand."""
    if broken := subject.broken("CO2"):
        found = failed("published numbers are not those of the evidence", *broken)
        return found.gated(f"a claim differs from evidence: {broken[0]}")
    loose, claims = _unbound(subject)
    if subject.e is None:
        told = f"no number is bound to evidence: {subject.without}"
        return failed(told, *loose)
    if not claims:
        return failed("no page binds a number to evidence", *loose)
    if loose:
        return partial(f"{claims} claims hold; numbers beside them are typed by hand", *loose)
    return passed(f"{claims} claims on {len(subject.pages)} page(s) hold", *subject.pages)


def _unbound(subject: Subject) -> tuple[list[str], int]:
    """Return numbers beside metric words that nothing binds, as lines, and how many claims are."""
    from proofolio.claims import grammar, prose

    faults, claims = [], 0
    for name, text in subject.pages.items():
        if why := parsing.tangled(text):
            faults.append(f"{name} is not looked at: {why}")
            continue
        parsed = grammar.parse(text[:_MOST_PROSE])
        claims += len(parsed.claims) + len(parsed.blocks)
        faults += [f"{name}:{f.line}: {f.what}" for f in prose.unbound(parsed)]
    return faults, claims


@check("CO3", static=True)
def figures_in_words(subject: Subject) -> Outcome:
    """Each figure's alternative text says what it shows."""
    bare, total = [], 0
    for name, text in subject.pages.items():
        for match in _IMAGE.finditer(text):
            alt, src = _image(match)
            if _BADGE.search(src):
                continue
            total += 1
            if len(alt.strip()) < SHORTEST_ALTERNATIVE or re.fullmatch(r"[\w./-]+", alt.strip()):
                line = text.count("\n", 0, match.start()) + 1
                bare.append(f"{name}:{line}: {src} has {alt.strip()!r}")
    if not total:
        return not_applicable("README, cards and docs show no figure")
    if bare:
        told = f"{len(bare)} of {total} figures are not described"
        return (partial if len(bare) <= total / 4 else failed)(told, *bare)
    return passed(f"{total} figure(s), each described in words")


def _image(match: re.Match) -> tuple[str, str]:
    """Return alternative text and source of a Markdown or HTML image."""
    if match["tag"] is None:
        return match["alt"], match["src"]
    found = []
    for key in ("alt", "src"):
        value = re.search(_ATTRIBUTE.format(key), match["tag"], re.IGNORECASE)
        found.append((value[1] or value[2] or "") if value else "")
    return found[0], found[1]
