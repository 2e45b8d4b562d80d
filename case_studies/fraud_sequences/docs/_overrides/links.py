"""Links that leave `docs/`, to evidence and code, become something the site has.

In the repository such a link opens the file. The site holds no such page: cards lead to their
copies beside the result, other files to `repo_url` of mkdocs.yml where it names one, and stand as a
path where it names none. MkDocs calls `on_page_markdown` for every page (`hooks` in mkdocs.yml).
"""

import posixpath
import re
from typing import Any

LINK = re.compile(r"\[(?P<text>[^\[\]]+)\]\((?P<path>\.\./[^)\s#]*)(?P<anchor>#[^)\s]*)?\)")
ON_SITE = {
    "README.md": "result/index.md",
    "MODEL_CARD.md": "result/model_card.md",
    "DATA_CARD.md": "result/data_card.md",
}


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Return a page's Markdown with every link that leaves `docs/` mended."""
    folder = posixpath.dirname(page.file.src_uri)
    repository = (config.get("repo_url") or "").rstrip("/").removesuffix(".git")
    return LINK.sub(lambda link: _mended(link, folder, repository), markdown)


def _mended(link: re.Match[str], folder: str, repository: str) -> str:
    text, anchor = link["text"], link["anchor"] or ""
    target = posixpath.normpath(posixpath.join("docs", folder, link["path"]))
    if target.startswith("docs/"):
        return link[0]
    if target in ON_SITE:
        return f"[{text}]({posixpath.relpath(ON_SITE[target], folder or '.')}{anchor})"
    if repository and not target.startswith("../"):
        return f"[{text}]({repository}/blob/HEAD/{target}{anchor})"
    path = target.lstrip("./") or "."
    named = text.strip("`") == posixpath.basename(target)
    return f"`{path}`" if named else f"{text} (`{path}`)"
