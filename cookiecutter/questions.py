"""Write cookiecutter.json from copier.yml: `python cookiecutter/questions.py`.

The two doors ask the same questions, in the same order, with the same defaults. `--check` changes
nothing and exits 1 when the file differs.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
FILE = HERE / "cookiecutter.json"


def choices(question: dict) -> dict[str, str]:
    """Return value and label of each choice of a Copier question; none for a free one."""
    given = question.get("choices", [])
    if isinstance(given, list):
        return {value: value for value in given}
    values = {k: v["value"] if isinstance(v, dict) else v for k, v in given.items()}
    return {value: label for label, value in values.items()}


def default(text: str, before: list[str]) -> str:
    """Return a Copier default as Cookiecutter reads it: answers are found under `cookiecutter`."""
    used = [name for name in before if re.search(rf"\b{name}\b", text)]
    return "".join(f"{{% set {name} = cookiecutter.{name} %}}" for name in used) + text


def converted(questions: dict) -> dict:
    """Return what cookiecutter.json says for the questions of copier.yml."""
    asked: dict = {}
    prompts: dict = {}
    for name, question in questions.items():
        if name.startswith("_"):
            continue
        offered = choices(question)
        asked[name] = list(offered) or default(question["default"], list(asked))
        note = " (not used where the kind does not ask for it)" if "when" in question else ""
        said = question["help"] + note
        prompts[name] = {"__prompt__": said, **offered} if offered else said
    return asked | {
        "__accepted": "{{ cookiecutter | accepted }}",
        "__folder": "{{ cookiecutter.package_name | slugify }}",
        "__prompts__": prompts,
        "_extensions": ["local_extensions.SecondDoor"],
    }


def main() -> int:
    """Write or check the file; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 on a difference"
    )
    check = parser.parse_args().check
    copier = yaml.safe_load((HERE.parent / "copier.yml").read_text(encoding="utf-8"))
    text = json.dumps(converted(copier), indent=2, ensure_ascii=False) + "\n"
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{'differs' if check else 'written'}: {FILE.relative_to(HERE.parent).as_posix()}")
    if not check:
        FILE.write_text(text, encoding="utf-8")
    return int(check)


if __name__ == "__main__":
    sys.exit(main())
