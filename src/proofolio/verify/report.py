"""What verification hands back: problems that break a rule, notes on what could not be checked."""

from dataclasses import dataclass, field

# Numbers are those of the contract's "Rules that are checked, not promised".
RULES = {
    "schema": "every file has the fields the contract names",
    "files": "small, plain, portable files without NaN",
    "hashes": "recorded hashes and counts equal what they were taken from",
    "1": "no unit, cluster or copied content stands in two parts",
    "2": "every id of a scored part has a class and is scored exactly once; part ood has no class",
    "3": "metrics, intervals and results follow from predictions",
    "4": "one changed key per run, declared seeds",
    "5": "steps fitted on their part; test opened once, after a committed selection",
    "6": "failed and negative runs stay",
    "7": "demo data is called so",
    "claims": "published numbers are those of the evidence",
}


@dataclass(frozen=True)
class Problem:
    """A broken rule: a key of `RULES`, the file or run, what is wrong, and the way out."""

    rule: str
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return one line with all four."""
        return f"[{self.rule}] {self.where}: {self.what}; remedy: {self.remedy}"


@dataclass
class Report:
    """Problems and notes, in the order of the checks."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, rule: str, where: str, what: str, remedy: str) -> None:
        """Add a problem once; `rule` is a key of `RULES`."""
        problem = Problem(rule, where, " ".join(what.split()), remedy)
        assert rule in RULES, rule
        if problem not in self.problems:
            self.problems.append(problem)

    def note(self, text: str) -> None:
        """Add a note once."""
        if text not in self.notes:
            self.notes.append(text)

    def broken(self, rule: str, where: str = "") -> bool:
        """Whether a rule was reported broken, anywhere or at `where`."""
        return any(p.rule == rule and (not where or p.where == where) for p in self.problems)
