"""What the second door needs of Copier: its filters for the defaults, its word on the answers.

Cookiecutter loads this file before it asks anything, so a missing Copier is said at once. After the
last question `{{ cookiecutter | accepted }}` has Copier judge all answers, before a folder is made.
The hook gets answers and origin by `{{ cookiecutter | handed_over }}`, as a Python literal.
"""

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment

try:
    from copier import run_copy
    from copier.errors import CopierError
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


def origin(template: str, folder: str) -> str:
    """Return the template's address, as Copier records it for updates.

    Args:
        template: What the user gave to Cookiecutter: a folder, an address, an abbreviation.
        folder: Where Cookiecutter found the template: below `template` where that is a folder, in
            its own cache of clones otherwise.
    """
    local = Path(folder).is_relative_to(template)
    return str(ROOT) if local else git("config", "--get", "remote.origin.url")


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


def judge(answers: dict[str, str]) -> None:
    """Have Copier try the answers without writing anything.

    Raises:
        FailedHookException: The words of the question that refuses its answer, or no clone by git;
            Cookiecutter prints this one without a traceback.
    """
    try:
        commit = git("rev-parse", "HEAD")
    except (OSError, subprocess.CalledProcessError) as error:
        raise FailedHookException(
            f"{ROOT} is not a clone made by git, so a project made from it could never be updated: "
            "give Cookiecutter the address of the repository, or a clone of it"
        ) from error
    try:
        with TemporaryDirectory() as nowhere:
            run_copy(
                str(ROOT),
                nowhere,
                data=answers,
                defaults=True,
                vcs_ref=commit,
                quiet=True,
                pretend=True,
            )
    except (CopierError, ValueError) as error:
        raise FailedHookException(f"{error} Nothing was made.") from error


class SecondDoor(CopierFilters):
    """Copier's filters, the one that judges, and the one that hands everything to the hook."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)

        def accepted(context: dict[str, str]) -> str:
            judge(asked(environment, context)[0])
            return "yes"

        def handed_over(context: dict[str, str]) -> str:
            answers, left = asked(environment, context)
            given = {
                "answers": answers,
                "left": left,
                "src_path": origin(context["_template"], context["_repo_dir"]),
                "vcs_ref": git("rev-parse", "HEAD"),
            }
            return repr(json.dumps(given))

        environment.filters |= {"accepted": accepted, "handed_over": handed_over}
