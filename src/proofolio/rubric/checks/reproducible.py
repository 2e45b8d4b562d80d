"""Reproducibility: pinned versions, provenance of runs, CI, licences, secrets, commits."""

import re
from pathlib import PurePosixPath

from proofolio.rubric import parsing
from proofolio.rubric.outcome import Outcome, check, failed, partial, passed
from proofolio.rubric.subject import Subject
from proofolio.rubric.tree import DATA

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pipfile.lock", "pixi.lock", "conda-lock.y*ml")
_LISTS = ("constraints*.txt", "requirements*.txt", "requirements/*.txt", "environment*.y*ml")
_DEPENDENCY = re.compile(
    r"^\s*-?\s*[\"']?[A-Za-z][\w.\[\]-]*\s*(?P<pin>===?|=(?!=)|[<>~!]=?|$|;|#)"
)
_PINNED, _FEW = 0.8, 3
_LONGEST, _MOST_LISTED = 200, 20_000  # characters of a line, lines of a list
_CI = (
    ".github/workflows/*.y*ml", ".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml",
    ".travis.yml", "jenkinsfile", ".woodpecker*.y*ml", ".drone.yml",
)  # fmt: skip
_RUNS_TESTS = re.compile(r"\b(?:pytest|py\.test|tox|nox|unittest|make (?:test|check)|hatch test)\b")
_TRACKED = r"git\W+rev-parse|mlflow\.|wandb\.init|save_hyperparameters|hydra\.main|dvc\."
_DATA_LICENCE = (
    r"(?:data|dataset|images)[^.\n]{0,80}licen[cs]e|licen[cs]e[^.\n]{0,60}data"
    r"|(?:data|dataset|images)[^.\n]{0,80}\bcc[ -](?:by|0)"
)
_SECRETS = {  # what each begins with is looked for first: that is fast in a file of any size
    "an AWS key": r"\bAKIA[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:ghp|gho|ghs|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{60,}",
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "an OpenAI or Anthropic key": r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}\b",
    "a Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "a Kaggle key": r'"key"\s*:\s*"[0-9a-f]{32}"',
    "a private key": r"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----",
}
_BEGIN = (
    ("AKIA",), ("ghp_", "gho_", "ghs_", "ghr_", "github_pat_"), ("hf_",), ("sk-",), ("AIza",),
    ("xox",), ('"key"',), ("PRIVATE KEY-----",),
)  # fmt: skip
_RUNS_CODE = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".dill", ".sav"}
_TEXT = {".py", ".md", ".txt", ".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".sh", ".ipynb"}
_MOST_SCANNED = 400_000  # bytes of a file that is searched for secrets
_COMMITS, _DAYS = 8, 2


@check("RT1", static=True)
def pinned(subject: Subject) -> Outcome:
    """A lock file, or lists in which nearly every version is exact."""
    tree = subject.tree
    if lock := tree.first(*_LOCKS):
        return passed(f"{lock} locks every version", lock)
    lists = [n for n in tree.match(*_LISTS) if n.count("/") <= 1]
    exact: dict[str, tuple[int, int]] = {}
    for name in lists:
        pins = [m["pin"] for m in map(_DEPENDENCY.match, _lines(tree.text(name))) if m]
        exact[name] = (sum(p in ("==", "===", "=") for p in pins), len(pins))
    for name, (n, total) in exact.items():
        if total >= _FEW and n / total >= _PINNED:
            return passed(f"{name} pins {n} of {total} versions", name)
    if lists:
        counted = [f"{name} pins {n} of {total}" for name, (n, total) in exact.items()]
        return partial("versions are named, not pinned", *counted)
    pins = _declared(subject)
    if len(pins) >= _FEW and sum("==" in p for p in pins) / len(pins) >= _PINNED:
        return passed(f"pyproject.toml pins its {len(pins)} dependencies", "pyproject.toml")
    named = tree.first("pyproject.toml", "setup.py", "setup.cfg", "pipfile", "dockerfile")
    if named:
        return partial(f"{named} names dependencies; no file pins their versions", named)
    return failed("nothing says with which versions this ran")


def _lines(text: str) -> list[str]:
    """Return the beginnings of lines: a requirement stands in few characters."""
    return [line[:_LONGEST] for line in text.splitlines()[:_MOST_LISTED]]


def _declared(subject: Subject) -> list[str]:
    """Return the dependencies that pyproject.toml declares; empty where it cannot be read."""
    try:
        found = parsing.read_toml(subject.tree.text("pyproject.toml"))
        listed = found["project"]["dependencies"]
    except (parsing.Refused, KeyError, TypeError):
        return []
    return [str(x) for x in listed] if isinstance(listed, list) else []


@check("RT2")
def provenance(subject: Subject) -> Outcome:
    """Each run names a clean commit; its hashes are those of the record."""
    if broken := subject.broken("RT2"):
        return failed("recorded hashes are not those of what they stand for", *broken)
    if subject.e is None:
        stated = subject.in_code(_TRACKED)
        if stated:
            return partial(f"runs are tracked; no record is here: {subject.without}", stated)
        return failed(f"no run says what made it: {subject.without}")
    runs = subject.primary_runs
    if not runs:
        return failed("no run on the primary split is recorded")
    unknown = [r.id for r in runs if r.git.commit is None]
    dirty = [r.id for r in runs if r.git.dirty]
    if unknown:
        return partial(f"{len(unknown)} of {len(runs)} runs name no commit", *unknown)
    if dirty:
        told = f"{len(dirty)} of {len(runs)} runs were made with uncommitted changes"
        return partial(told, *dirty)
    return passed(f"{len(runs)} runs, each with commit, data and config hashes, versions")


@check("RT4", static=True)
def continuous_integration(subject: Subject) -> Outcome:
    """A workflow runs the tests."""
    files = subject.tree.match(*_CI)
    for name in files:
        lines = [x for x in subject.tree.text(name).splitlines() if not x.lstrip().startswith("#")]
        found = _RUNS_TESTS.search("\n".join(lines))
        if found:
            return passed(f"{name} runs {found[0]}", name)
    if files:
        return partial("a workflow is there; none of its steps runs tests", *files)
    return failed("no continuous integration is set up")


@check("RT6", static=True)
def licences(subject: Subject) -> Outcome:
    """A licence file, and the licence of the data."""
    code = subject.tree.first("license*", "licence*", "copying*", "licenses/*")
    data = subject.stated("data", "license")
    recorded = subject.tree.json("evidence/dataset.json")
    if not data and isinstance(recorded, dict):
        data = str(recorded.get("license") or "")
    prose = subject.says(_DATA_LICENCE) or _beside_data(subject)
    if code and data:
        return passed(f"code: {code}; data: {data}", code)
    if code and prose:
        return partial("the data's licence is told in prose only", code, prose)
    if code or data or prose:
        lacking = "the data's licence is not stated" if code else "there is no LICENSE file"
        return partial(lacking, code or "", prose or "")
    return failed("neither the licence of the code nor that of the data is stated")


def _beside_data(subject: Subject) -> str | None:
    """Return the README inside a folder of data that speaks of a licence."""
    names = subject.tree.match(*(f"{folder}/readme*" for folder in DATA))[:3]
    return next((n for n in names if re.search(r"licen[cs]e", subject.tree.text(n).lower())), None)


@check("RT7", static=True)
def nothing_secret(subject: Subject) -> Outcome:
    """No key in a text file, no file that runs code when it is loaded, nothing foreign."""
    tree, found = subject.tree, list(subject.broken("RT7"))
    tracked = subject.history.tracked
    for name, size in tree.sizes.items():
        path = PurePosixPath(name)
        if tracked is not None and name not in tracked:
            continue
        if path.suffix.lower() in _RUNS_CODE:
            found.append(f"{name}: loading it runs code")
        is_text = path.suffix.lower() in _TEXT or path.name.startswith(".env")
        if not is_text or size > _MOST_SCANNED or path.parts[0] in {*DATA, "evidence"}:
            continue
        found += _secret(name, tree.text(name))
    if found:
        return failed("keys, or files that run code when they are loaded", *found)
    return passed("no key in any text file, and nothing that runs code when it is loaded")


def _secret(name: str, text: str) -> list[str]:
    """Return file, line and kind of the first key in a text, as a list of one or none."""
    for begins, (kind, pattern) in zip(_BEGIN, _SECRETS.items(), strict=True):
        match = re.search(pattern, text) if any(b in text for b in begins) else None
        if match:
            return [f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {kind}"]
    return []


@check("RT8", static=True)
def iteration(subject: Subject) -> Outcome:
    """Commits over days, several of which change code."""
    commits = subject.history.commits
    if not commits:
        return failed(subject.history.why or "there is no git history")
    days = {c.time // 86_400 for c in commits}
    coded = [c for c in commits if any(n.endswith((".py", ".ipynb")) for n in c.files)]
    many = "commit" if len(commits) == 1 else "commits"
    told = f"{len(commits)} {many} on {len(days)} day(s), {len(coded)} of them change code"
    lines = [f"{c.sha[:8]} {c.subject}" for c in coded[:3]]
    enough = len(commits) >= _COMMITS and len(coded) >= _COMMITS // 2
    if enough and (len(days) >= _DAYS or len(commits) >= 3 * _COMMITS):
        return passed(told, *lines)
    return partial(told, *lines) if len(coded) >= 3 else failed(told)
