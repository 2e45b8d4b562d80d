"""Stands in for pip where a page of the Start section is run as it is shown.

It downloads nothing. `install` demands that the environment of the tests meets every requirement
and theirs, gives the virtual environment their commands, and puts the `src` of a project that is
installed with `-e` on its path. Everything else is refused.
"""

import argparse
import re
import sys
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

SCRIPT = """#!{python}
import sys
from importlib.metadata import EntryPoint
sys.exit(EntryPoint({name!r}, {value!r}, "console_scripts").load()())
"""


def main(words: list[str]) -> None:
    """Install what is asked for, or say what is missing."""
    parser = argparse.ArgumentParser(prog="pip stand-in")
    parser.add_argument("command", choices=["install"])
    parser.add_argument("-c", dest="constraints", type=Path)
    parser.add_argument("-U", dest="upgrade", action="store_true")
    parser.add_argument("-e", dest="editable")
    parser.add_argument("requirements", nargs="*")
    asked = parser.parse_args(words)
    if asked.constraints and not asked.constraints.is_file():
        sys.exit(f"{asked.constraints} is not there")
    wanted = [*asked.requirements, *(project(asked.editable) if asked.editable else [])]
    seen = set()
    for text in wanted:
        provide(Requirement(text), seen)


def project(asked: str) -> list[str]:
    """Put a project's `src` on the path of the environment; return what it requires."""
    folder, _, extras = asked.removesuffix("]").partition("[")
    root = Path(folder).resolve()
    stated = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = Path(sysconfig.get_path("purelib"))
    site.joinpath(f"{stated['name']}.pth").write_text(f"{root / 'src'}\n", encoding="utf-8")
    optional = stated["optional-dependencies"]
    named = [name for name in re.split(r",\s*", extras) if name]
    return [*stated["dependencies"], *(line for name in named for line in optional[name])]


def provide(requirement: Requirement, seen: set[str]) -> None:
    """Write the commands of a distribution and of what it needs; exit where it is not as asked."""
    if str(requirement) in seen:
        return
    seen.add(str(requirement))
    try:
        found = metadata.distribution(requirement.name)
    except metadata.PackageNotFoundError:
        sys.exit(f"{requirement} is asked for, and the environment of the tests has none")
    if not requirement.specifier.contains(found.version, prereleases=True):
        sys.exit(
            f"{requirement} is asked for, and the environment of the tests has {found.version}"
        )
    for point in found.entry_points.select(group="console_scripts"):
        path = Path(sysconfig.get_path("scripts")) / point.name
        text = SCRIPT.format(python=sys.executable, name=point.name, value=point.value)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    for needed in map(Requirement, found.requires or []):
        extras = ["", *requirement.extras]
        if not needed.marker or any(needed.marker.evaluate({"extra": name}) for name in extras):
            provide(needed, seen)


if __name__ == "__main__":
    main(sys.argv[1:])
