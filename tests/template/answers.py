"""Answers to try the template with: hostile and plain ones, and all pairs of the choices."""

from collections.abc import Callable
from itertools import combinations, product

NASTY = {
    "project_name": '"It\'s" {{ 7*7 }} {% raw %} \\n <b> & `a` *b* _c_ [d](e) | # - ~ $x$ 😀 Ünï',
    "package_name": "abcdefghij_abcdefghij_abcdefghij_abcdefg",
    "description": "- say: \"no\" \\ 'yes' #1 {x} {{x}} %} <!--claim a b-->1<!--/claim--> \\u0041",
    "author_name": '- O\'Brien "Bob" \\ {{ x }} <a@b.c> 日本',
    "repository_url": "https://example.org/~me/p_q.git",
    "unit": "abcdefghi abcdefghi abcdefghij",
    "split_strategy": "official",
    "license": "Apache-2.0",
    "proofolio_requirement": "proofolio[image] @ git+https://example.org/o/p@v1.0",
}
PLAIN = {
    "project_name": "-",
    "package_name": "a",
    "description": "---",
    "author_name": "null",
    "unit": "no",
    "split_strategy": "temporal",
    "license": "proprietary",
}
CHOICES = {
    "kind": ["image", "events"],
    "split_strategy": [
        "patient",
        "grouped",
        "stratified",
        "official",
        "temporal",
        "prequential",
    ],
    "license": ["MIT", "Apache-2.0", "BSD-3-Clause", "proprietary"],
    "unit": ["x", "field trial", "camera-day"],
    "package_name": ["a", NASTY["package_name"], "my_project"],
    "project_name": [PLAIN["project_name"], NASTY["project_name"]],
    "description": [PLAIN["description"], NASTY["description"]],
    "author_name": [PLAIN["author_name"], NASTY["author_name"]],
    "repository_url": ["", NASTY["repository_url"]],
    "proofolio_requirement": ["proofolio", "proofolio @ file:///a/folder%20name"],
}
Row = dict[str, str]


def of_events(answers: Row) -> Row:
    """The same answers for events, of which the strategy is not asked."""
    kept = {k: v for k, v in answers.items() if k != "split_strategy"}
    return {k: v.replace("[image]", "[events]") for k, v in kept.items()} | {"kind": "events"}


def possible(row: Row) -> bool:
    """Whether the template accepts the combination (of the part that is given)."""
    if not {"kind", "split_strategy"} <= set(row):
        return True
    return (row["kind"] == "events") == (row["split_strategy"] == "prequential")


def pairs_of(row: Row) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Every two of a row's answers, in the order of its names."""
    return set(combinations(sorted(row.items()), 2))


def all_pairs(choices: dict[str, list[str]], possible: Callable[[Row], bool]) -> list[Row]:
    """Return rows in which every possible pair of choices stands at least once (greedy).

    Each row begins with a pair not yet seen; every other name then takes the value that adds most
    new pairs to the row. Deterministic.
    """
    wanted = [
        {a: x, b: y}
        for a, b in combinations(choices, 2)
        for x, y in product(choices[a], choices[b])
    ]
    left = set().union(*(pairs_of(pair) for pair in wanted if possible(pair)))
    rows = []
    while left:
        row = dict(min(left))
        for name, values in choices.items():
            if name not in row:
                fit = [row | {name: value} for value in values if possible(row | {name: value})]
                row = max(fit, key=lambda longer: len(pairs_of(longer) & left))
        left -= pairs_of(row)
        rows.append({name: row[name] for name in choices})
    return rows
