"""A copy of this repository's site with stubs for case studies, so that it builds in seconds."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"case_studies/(\w+)/([\w/]+\.md)(?:#([\w-]+))?")


def copy(into: Path) -> Path:
    """Copy mkdocs.yml and docs without built pages; return the folder of the case studies.

    Pages of case studies that other pages link to are there, with the anchors asked for alone.
    """
    shutil.copy(ROOT / "mkdocs.yml", into / "mkdocs.yml")
    shutil.copytree(ROOT / "docs", into / "docs")
    cases = into / "docs" / "case_studies"
    for old in (path for path in cases.iterdir() if path.is_dir()):
        shutil.rmtree(old)
    asked: dict[Path, set[str]] = {}
    for page in sorted((into / "docs").rglob("*.md")):
        for case, name, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
            asked.setdefault(cases / case / name, set()).add(anchor)
    for path, anchors in asked.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        places = "".join(f'<a id="{anchor}"></a>\n' for anchor in sorted(anchors) if anchor)
        path.write_text(f"# Not built here\n\n{places}", encoding="utf-8")
    return cases
