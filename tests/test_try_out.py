"""The dogs' try-out in headless Chromium: the page says what `predict` says, and asks nobody else.

Without a committed network a tiny one with random weights takes its place, so that the way from a
dropped file to an answer is tested on every clone.
"""

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import browser
import numpy as np
import pytest
from PIL import Image

from proofolio import files, splits
from proofolio.contract import Layout

ROOT = Path(__file__).parents[1]
CASE = ROOT / "case_studies" / "dog_breeds"
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "oxford_pets"
MOST_BYTES = 20_000_000
MOST_MS, VISITS = 3000, 5
SAME_PIXELS, SAME_FILE = 1e-3, 0.02  # largest difference in p: the same bytes; two JPEG decoders
DROP = """([zone, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.querySelector(zone).dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""

sys.path.insert(0, str(CASE / "src"))
pytestmark = browser.MARKS


def stand_in(path):
    """Write a network of random weights, and limits that belong to it, as the export does."""
    import torch
    from dog_breeds import network

    from proofolio_torch import data, weights
    from proofolio_torch.pictures import onnx_file

    with weights.seeded(0):
        body = torch.nn.Sequential(
            torch.nn.Conv2d(3, 48, 7, stride=4), torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(),
        )  # fmt: skip
        head = torch.nn.Linear(192, 6)
    built = network.Network(body, head, data.Normalise((0.5,) * 3, (0.25,) * 3), mirror=True)
    picture, answer = torch.zeros((64, 64, 3), dtype=torch.uint8), network.Answer(built, 0.5)
    onnx_file.write(answer, picture, path.with_name("float32.onnx"), outputs=network.OUTPUTS)
    onnx_file.shrink(path.with_name("float32.onnx"), path, "int8")
    told = {
        "size": 64, "classes": [f"breed_{k}" for k in range(6)],
        "onnx_sha256": files.sha256_file(path),
        "set": {"level": 0.9, "quantile": 0.85},
        "not_a_dog": {"score": "energy", "cut": 1e3},
    }  # fmt: skip
    files.write_json(path.with_suffix(".json"), told)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page built as its case study builds it, with the committed network or a stand-in."""
    root = tmp_path_factory.mktemp("try") / "case"
    ignored = shutil.ignore_patterns("built", "result", "__pycache__")
    for folder in ("docs", "src", "web"):
        shutil.copytree(CASE / folder, root / folder, ignore=ignored)
    shutil.copyfile(CASE / "mkdocs.yml", root / "mkdocs.yml")
    (CASE / "work").mkdir(exist_ok=True)
    (root / "work").symlink_to(CASE / "work")  # keeps what npm fetched
    (root / "models").mkdir()
    committed = CASE / "models" / "champion.onnx"
    if committed.is_file():
        for suffix in (".onnx", ".json"):
            shutil.copy(committed.with_suffix(suffix), root / "models")
    else:
        stand_in(root / "models" / "champion.onnx")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    if not (root / "site" / "try" / "built").is_dir():
        pytest.skip(done.stdout.strip().splitlines()[-1])
    return root


@pytest.fixture
def visit(built, chromium):
    """Open a page of the built site from this machine; notes requests, keeps the site's folder."""
    with browser.served(built / "site") as base:
        context = chromium.new_context()
        page = context.new_page()
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        yield SimpleNamespace(page=page, base=base, asked=asked, root=built)
        context.close()


def drop(page, path):
    """Drop a file on the page; return the answer as it is shown, and milliseconds until then."""
    page.wait_for_selector(".try-zone")
    data = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(DROP, [".try-zone", path.name, data])
    page.wait_for_selector(".try-breeds li", timeout=60_000)
    shown = page.locator(".try-breeds li").all()
    p = {line.get_attribute("data-breed"): float(line.get_attribute("data-p")) for line in shown}
    fits = page.locator(".try-set").get_attribute("data-fits").split()
    doubted = page.locator(".try-note").is_visible()
    return p, fits, doubted, int(page.locator("#try").get_attribute("data-took"))


def compare(visit, path, tolerance):
    """Drop a file and hold the answer against Python's; return the time it took."""
    from dog_breeds import predict

    visit.page.goto(f"{visit.base}try/")
    p, fits, doubted, took = drop(visit.page, path)
    exported = predict.Exported(visit.root / predict.MODEL)
    expected = exported.answer(path)
    assert len(p) == predict.SHOWN
    difference = max(abs(value - expected.p[name]) for name, value in p.items())
    print(f"\n{path.name}: largest difference {difference:.2e}, answered in {took} ms")
    assert difference <= tolerance
    strict, loose = [*expected.p][: predict.SHOWN], [*p]
    gaps = -np.diff([expected.p[name] for name in strict])
    assert set(strict) == set(loose) or gaps.min() < 2 * tolerance
    assert strict == loose or gaps.min() < 2 * tolerance
    edge = 1 - exported.told["set"]["quantile"]
    if min(abs(value - edge) for value in expected.p.values()) > tolerance:
        assert fits == expected.fits
    if exported.told["not_a_dog"]["score"] == "max_softmax":
        cut = exported.told["not_a_dog"]["cut"]
        assert doubted is not expected.known or abs(max(expected.p.values()) - cut) < tolerance
    return took


@pytest.fixture
def synthetic(tmp_path):
    """A smooth colourful picture, larger than the network's input, partly transparent."""
    y, x = np.mgrid[0:375, 0:500]
    waves = [127 + 120 * np.sin(x / (20 + 9 * k) + y / (35 - 6 * k)) for k in range(3)]
    alpha = np.where(x + y < 60, 0, 255)
    picture = Image.fromarray(np.stack([*waves, alpha], 2).astype(np.uint8))
    path = tmp_path / "waves.png"
    picture.save(path)
    return path


def test_the_page_answers_as_python_does_and_asks_nobody_else(visit, synthetic):
    compare(visit, synthetic, SAME_PIXELS)
    assert [u for u in visit.asked if not u.startswith((visit.base, "blob:"))] == []
    loaded = {u.removeprefix(visit.base) for u in visit.asked if u.startswith(visit.base)}
    assert any(name.endswith("champion.onnx") for name in loaded)
    own = [visit.root / "site" / name for name in loaded if name.startswith("try/")]
    assert sum(path.stat().st_size for path in own if path.is_file()) < MOST_BYTES


def test_a_photograph_that_lies_sideways_is_turned(visit, synthetic, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "sideways.jpg"
    Image.open(synthetic).convert("RGB").save(path, quality=95, exif=exif)
    compare(visit, path, SAME_FILE)


@pytest.mark.data
@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="no ../shared/data beside the repository")
@pytest.mark.alone
def test_a_photograph_of_val_is_answered_within_three_seconds(visit):
    """First answer, dropped as soon as the page is there: the best of a few fresh visits counts.

    What other programs do to the machine meanwhile is no property of the page.
    """
    parts = splits.read(Layout(CASE), "primary")
    name = parts.loc[parts["part"] == "val", "id"].iloc[0]
    path, took = PHOTOGRAPHS / "images" / f"{name}.jpg", []
    while not took or (min(took) >= MOST_MS and len(took) < VISITS):
        took.append(compare(visit, path, SAME_FILE))
    assert min(took) < MOST_MS


def test_by_keyboard_with_a_label_and_a_live_region(visit, synthetic):
    page = visit.page
    page.goto(f"{visit.base}try/")
    page.wait_for_selector("#try-file")
    page.locator("#try-file").focus()
    assert page.evaluate("document.activeElement.id") == "try-file"
    assert "photograph" in page.locator("label[for=try-file]").inner_text()
    assert page.locator(".try-result").get_attribute("aria-live") == "polite"
    page.locator("#try-file").set_input_files(synthetic)
    page.wait_for_selector(".try-breeds li", timeout=60_000)
    assert "seconds" in page.locator(".try-status").inner_text()


def test_a_file_that_is_no_picture_is_named_so(visit, tmp_path):
    path = tmp_path / "text.jpg"
    path.write_text("no picture")
    visit.page.goto(f"{visit.base}try/")
    visit.page.set_input_files("#try-file", path)
    visit.page.wait_for_function(
        "document.querySelector('.try-status').innerText.includes('no pic')"
    )
    assert visit.page.locator(".try-result").is_hidden()


def test_without_webassembly_or_assets_the_page_says_so(visit):
    visit.page.route("**/champion.json", lambda route: route.fulfill(status=404))
    visit.page.goto(f"{visit.base}try/")
    visit.page.wait_for_selector(".try-message:has-text('not built')")
    visit.page.unroute("**/champion.json")
    visit.page.add_init_script("delete globalThis.WebAssembly")
    visit.page.goto(f"{visit.base}try/")
    visit.page.wait_for_selector(".try-message:has-text('WebAssembly')")


def test_from_the_file_system_the_page_says_how_to_serve_it(visit):
    visit.page.goto((visit.root / "site" / "try" / "index.html").as_uri())
    visit.page.wait_for_selector(".try-message:has-text('http.server')")


def test_other_pages_load_nothing_of_it(visit):
    visit.page.goto(visit.base)
    visit.page.wait_for_load_state("networkidle")
    assert not [url for url in visit.asked if "/try/" in url]
