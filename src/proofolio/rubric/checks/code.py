"""What the source code of a stranger shows of its split, without a record: read, never run."""

import ast
import re
from collections.abc import Iterator

from proofolio.rubric import parsing
from proofolio.rubric.subject import Subject

_UNIT = (
    r"(?:patient|subject|person|user|customer|client|card|account|recording|speaker|photographer"
    r"|donor|animal|lesion|slide|site|group|unit|author)"
)
BY_UNIT = (  # scikit-learn's splitters by group, or a list of units that is split
    r"Group(?:KFold|ShuffleSplit|TimeSeriesSplit)|LeaveOneGroupOut|LeavePGroupsOut|groups\s*="
    rf"|(?:train_test_split|random_split)\(\s*[\w.\[\]\"']{{0,60}}(?:{_UNIT}(?:_?ids?|s)\b|unique)"
)
_BY_ROW = (
    r"(?<![A-Za-z_.])(?<!def )(?:sklearn\.model_selection\.|model_selection\.|torch\.utils\.data\.|"
    r"data\.)?(?:train_test_split|random_split|(?:Stratified)?(?:KFold|ShuffleSplit))\("
)
_STEERED = (
    r"(?:validation_data|eval_set|val_dataloaders)\s*=\s*[\[(]{0,2}\s*(?:[xX]_?)?[tT]est"
    r"|\.fit\([^()\n]{0,80}\btest_(?:loader|dataloader|dl|ds|dataset|generator)\b"
)
_TESTED = r"\b[xX]_?test\b|\btest_(?:loader|dataloader|dl|ds|set|df|data)\b|\btest\["
_TESTED += r"|\.(?:predict|predict_proba|evaluate|score)\(\s*(?:[xX]_?)?test\b|trainer\.test\("
_FITS = {"fit_transform", "fit_resample"}
_SPLITS = {"train_test_split", "random_split"}
# Encodes labels, or makes a picture for the eye: nothing that a model learns from test.
_HARMLESS = re.compile(r"label|encoder|binari[sz]er|\ble\b|\blb\b|tsne|umap", re.IGNORECASE)


def by_row(subject: Subject) -> str | None:
    """Return where single rows are drawn into the parts, so that units can stand on two sides."""
    return subject.in_code(_BY_ROW)


def steered_by_test(subject: Subject) -> str | None:
    """Return where data named test is given to the training loop as validation data."""
    return subject.in_code(_STEERED)


def tested(subject: Subject) -> str | None:
    """Return where the code uses a part named test."""
    return subject.in_code(_TESTED)


def fitted_before_split(subject: Subject) -> str | None:
    """Return where one function or notebook fits a transform on rows that it splits later."""
    for name, text in subject.sources.items():
        if not any(word in text for word in _FITS) or not any(s in text for s in _SPLITS):
            continue
        kept = "\n".join("" if x.lstrip()[:1] in ("!", "%") else x for x in text.split("\n"))
        try:
            tree = parsing.read_python(kept)
        except parsing.Refused as error:
            subject.tree.note(f"{name}: {error}")
            continue
        for body in _scopes(tree):
            calls = sorted(_calls(body), key=lambda call: (call.lineno, call.col_offset))
            cut = next((c.lineno for c in calls if _name(c) in _SPLITS), 0)
            for call in calls:
                if call.lineno < cut and _name(call) in _FITS and _learns(call):
                    return f"{subject.place(name, call.lineno)}: {_name(call)} before the split"
    return None


def _scopes(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.body


def _calls(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """Yield the calls of a scope; a function inside it runs at another time."""
    inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    todo: list[ast.AST] = [node for node in body if not isinstance(node, inner)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            yield node
        todo += [n for n in ast.iter_child_nodes(node) if not isinstance(n, inner)]


def _name(call: ast.Call) -> str:
    named = call.func
    return named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")


def _learns(call: ast.Call) -> bool:
    """Whether a fit is of a transform of features, on rows that are not named train."""
    given = " ".join(ast.unparse(value)[:200] for value in call.args[:2])
    return "train" not in given.lower() and not _HARMLESS.search(ast.unparse(call.func)[:200])
