"""Render the project with Copier, from the commit whose questions were answered.

Runs in the new, empty folder. Where anything is refused, exit status 1 makes Cookiecutter remove
that folder: nothing half made stays.
"""

import json
import sys
from pathlib import Path

from copier import run_copy
from copier.errors import CopierError

GIVEN = json.loads({{cookiecutter | handed_over}})  # noqa: F821
PLACE = Path.cwd()


def main() -> str | None:
    """Return what is wrong, None where the project is there."""
    (PLACE / ".placeholder").unlink()
    if any(PLACE.iterdir()):
        return (
            f"{PLACE} is not empty: choose another package name, or `copier update` what is there"
        )
    for name in GIVEN["left"]:
        print(f"{name}: not a question of this kind of project; the answer is left out")
    try:
        run_copy(
            GIVEN["src_path"],
            PLACE,
            data=GIVEN["answers"],
            defaults=True,
            vcs_ref=GIVEN["vcs_ref"],
            quiet=True,
        )
    except (CopierError, ValueError) as error:
        return str(error)
    print(f"made {PLACE}; to update it later: commit it, then `copier update`")
    return None


if __name__ == "__main__":
    sys.exit(main())
