"""What the second door needs of Copier: its filters for the defaults, its questions for the hook.

Cookiecutter loads this file before it asks anything, so a missing Copier is said at once. The hook
gets answers and origin by `{{ cookiecutter | handed_over }}`, as a Python literal.
"""

import json
import subprocess
from pathlib import Path

import yaml
from jinja2 import Environment

try:
    import copier  # noqa: F401
    from jinja2_ansible_filters import AnsibleCoreFiltersExtension as CopierFilters
except ImportError as error:
    raise ImportError(
        f"this door hands your answers to Copier, and Copier is not installed beside Cookiecutter "
        f'({error}): python -m pip install "copier>=9.17.2" (pipx: pipx inject cookiecutter copier)'
    ) from error

ROOT = Path(__file__).resolve().parents[1]


def git(*words: str) -> str:
    """Return what git says of the repository this file stands in."""
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def origin(template: str, folder: str) -> dict[str, str]:
    """Return where the project comes from, as Copier records it for updates.

    Args:
        template: What the user gave to Cookiecutter: a folder, an address, an abbreviation.
        folder: Where Cookiecutter found the template; below `template` where that is a folder,
            in its cache of clones otherwise.

    Raises:
        ValueError: The template is no git repository, so no update could follow.
    """
    try:
        commit = git("rev-parse", "HEAD")
        cloned = not Path(folder).is_relative_to(template)
        return {
            "src_path": git("remote", "get-url", "origin") if cloned else str(ROOT),
            "vcs_ref": commit,
        }
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(
            f"{template} is not a clone made by git, so a project made from it could never be "
            "updated: give the address of the repository, or a clone of it"
        ) from error


def asked(environment: Environment, answers: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the answers Copier would have asked for, and the names of those it would not."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    kept, left = {}, []
    for name, value in answers.items():
        when = questions[name].get("when", "true") if not name.startswith("_") else "false"
        if environment.from_string(str(when)).render(answers).lower() == "true":
            kept[name] = value
        elif not name.startswith("_"):
            left.append(name)
    return kept, left


class SecondDoor(CopierFilters):
    """Copier's filters, and the one that hands everything to the hook."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)

        def handed_over(context: dict[str, str]) -> str:
            answers, left = asked(environment, context)
            try:
                come = origin(context["_template"], context["_repo_dir"])
            except ValueError as error:
                come = {"refused": str(error)}
            return repr(json.dumps({"answers": answers, "left": left, **come}))

        environment.filters["handed_over"] = handed_over
