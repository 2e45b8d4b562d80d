"""The package API: every exported name has words of its own and stands on its room's page."""

import importlib
import inspect
import re

import pytest
from pages.test_site_nav import hook

ROOMS = hook("api").ROOMS
MODULES = [
    *(f"proofolio.{room}" for room in ROOMS),
    "proofolio_torch.pictures",
    "proofolio_torch.service",
]


@pytest.fixture(scope="module")
def api():
    return hook("api")


@pytest.fixture(scope="module")
def made(api):
    return api.made()


@pytest.mark.parametrize("path", MODULES)
def test_every_public_name_has_a_docstring_and_stands_on_the_page(made, path):
    module = importlib.import_module(path)
    page = made[f"reference/api/{path}.md"]
    assert inspect.cleandoc(module.__doc__).splitlines()[0] in page
    for name in getattr(module, "__all__", ()):
        assert re.search(rf"^## {name}$", page, re.MULTILINE), name
        member = getattr(module, name)
        block = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        if inspect.isroutine(member) or inspect.isclass(member):
            assert member.__doc__, f"{path}.{name} has no docstring"
            told = inspect.cleandoc(member.__doc__).splitlines()[0].replace("<", "&lt;")
            assert told in block.replace("<", "&lt;").replace("&&lt;", "&lt;"), name
            assert re.search(rf"```python\n(class )?{name}\b", block), name
        elif inspect.ismodule(member):
            assert inspect.cleandoc(member.__doc__).splitlines()[0] in block
        else:
            assert f"{name} = " in block


def test_every_room_of_the_package_is_there_and_every_page_is_linked(made):
    package = importlib.import_module("proofolio")
    folder = next(iter(package.__path__))
    import pkgutil

    found = {m.name for m in pkgutil.iter_modules([folder]) if not m.name.startswith("_")}
    assert found - set(ROOMS) == {"cli", "memo"}  # a program, and what one call keeps in memory
    index = made["reference/api/index.md"]
    for uri in set(made) - {"reference/api/index.md"}:
        assert f"]({uri.removeprefix('reference/api/')})" in index


def test_arguments_and_errors_are_lists_and_long_heads_have_a_line_for_each_parameter(made):
    page = made["reference/api/proofolio.splits.md"]
    block = page.split("\n## make\n")[1].split("\n## ")[0]
    assert "\nmake(\n    table: pd.DataFrame,\n" in block
    assert "\n**Arguments**\n\n- `table`: " in block and "\n**Raises**\n\n- `SplitError`: " in block


def test_a_class_says_how_it_is_made_and_heads_each_method(made):
    page = made["reference/api/proofolio_torch.service.md"]
    block = page.split("\n## DecisionLog\n")[1].split("\n## ")[0]
    assert "\nDecisionLog(\n    path: Path,\n" in block and "-> None\n```\n\nOne" not in block
    assert "\n### DecisionLog.append\n\n```python\nappend(entries: " in block


def test_a_long_constant_is_broken(made):
    lines = made["reference/api/proofolio.contract.md"].splitlines()
    assert max(map(len, (line for line in lines if line.startswith("    ")))) <= 88


def test_a_page_is_no_heavier_than_a_reader_can_bear(made):
    assert max(len(text) for text in made.values()) < 60_000


def test_no_docstring_opens_a_tag(api):
    assert api._safe("a <b> `<c>` d") == "a &lt;b> `<c>` d"
