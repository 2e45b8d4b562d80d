"""The try-out's page gets what it runs with before MkDocs looks for files (`hooks` in mkdocs.yml).

Without npm or an exported network the build goes on, and the page says that it was not built.
"""

import sys
from pathlib import Path
from typing import Any


def on_pre_build(config: Any) -> None:
    """Fetch onnxruntime-web and lay the network beside it in docs/try/built."""
    root = Path(config["config_file_path"]).parent
    sys.path.insert(0, str(root / "src"))  # where the project is not installed
    try:
        from dog_breeds import web

        print(f"try-out: {web.build(root)}", flush=True)
    except ImportError as error:
        print(f"try-out: not built: {error}", flush=True)
    finally:
        sys.path.remove(str(root / "src"))
