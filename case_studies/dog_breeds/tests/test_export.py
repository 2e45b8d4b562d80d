"""The export: one graph, smaller weights, limits, any picture, clear refusals."""

import warnings

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from proofolio import files
from proofolio.contract import RunError, StaleError
from proofolio_torch import data, weights
from proofolio_torch.pictures import onnx_file

from dog_breeds import export, measure, network, pictures, predict, train, web

SIZE = 24
NAMES = [f"breed_{k}" for k in range(6)]


def answer(head=True, mirror=True):
    with weights.seeded(0):
        body = torch.nn.Sequential(
            torch.nn.Conv2d(3, 48, 5, stride=3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(2),
            torch.nn.Flatten(), *([] if head else [torch.nn.Linear(192, 6)]),
        )  # fmt: skip
        linear = torch.nn.Linear(192, 6) if head else None
    made = network.Network(body, linear, data.Normalise((0.4,) * 3, (0.2,) * 3), mirror)
    return network.Answer(made, 0.5).eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The three files of a small network, and the network."""
    folder, made = tmp_path_factory.mktemp("export"), answer()
    picture = torch.zeros((SIZE, SIZE, 3), dtype=torch.uint8)
    onnx_file.write(made, picture, folder / "float32.onnx", outputs=network.OUTPUTS)
    for name in onnx_file.NAMES[1:]:
        onnx_file.shrink(folder / "float32.onnx", folder / f"{name}.onnx", name)
    return folder, made


@pytest.fixture
def project(tmp_path, exported):
    """A project with a committed network."""
    (tmp_path / "models").mkdir()
    model = tmp_path / predict.MODEL
    model.write_bytes((exported[0] / "int8.onnx").read_bytes())
    limits = {"set": {"level": 0.9, "quantile": 0.9}, "not_a_dog": {"score": "energy", "cut": 99}}
    about = {"size": SIZE, "classes": NAMES, "onnx_sha256": files.sha256_file(model)}
    files.write_json(model.with_suffix(".json"), about | limits)
    return tmp_path


def images(n=12):
    return np.random.default_rng(1).integers(0, 256, (n, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.mark.parametrize("mirror", [False, True])
def test_a_graph_averages_features_over_views_then_calibrates(mirror):
    made, picture = answer(mirror=mirror), images(1)[0]
    p, energy = made(torch.from_numpy(picture))
    normal = data.Normalise((0.4,) * 3, (0.2,) * 3)(torch.from_numpy(picture[None]))
    views = [normal, normal.flip(3)] if mirror else [normal]
    with torch.no_grad():
        logits = made.head(torch.stack([made.body(v) for v in views]).mean(0)).numpy()
    raw, expected_energy = train.confidence(logits)
    expected = raw**2 / (raw**2).sum()  # temperature 0.5
    assert np.allclose(p.detach().numpy(), expected[0], atol=1e-5)
    assert np.isclose(energy.item(), expected_energy[0], atol=1e-5)


def test_without_a_head_both_views_probabilities_are_averaged():
    made, picture = answer(head=False), images(1)[0]
    p, energy = made(torch.from_numpy(picture))
    normal = data.Normalise((0.4,) * 3, (0.2,) * 3)(torch.from_numpy(picture[None]))
    with torch.no_grad():
        told = [train.confidence(made.body(v).numpy()) for v in (normal, normal.flip(3))]
    raw = (told[0][0] + told[1][0]) / 2
    assert np.allclose(p.detach().numpy(), raw[0] ** 2 / (raw[0] ** 2).sum(), atol=1e-5)
    assert np.isclose(energy.item(), (told[0][1][0] + told[1][1][0]) / 2, atol=1e-5)


def test_onnx_says_what_torch_says_and_smaller_files_nearly_so(exported):
    folder, made = exported
    reference = measure.by_torch(made, images())
    codes = reference[0].argmax(1)
    differences = {}
    for name in onnx_file.NAMES:
        told = measure.by_onnx(folder / f"{name}.onnx", images())
        differences[name] = measure.row(name, told, reference, codes)["max_difference"]
    assert differences["float32"] < 1e-6 < differences["int8"] < 0.02
    assert differences["float32"] < differences["float16"] < differences["int8"]
    sizes = [(folder / f"{name}.onnx").stat().st_size for name in onnx_file.NAMES]
    assert sizes == sorted(sizes, reverse=True)


def test_a_file_holds_no_path_of_the_machine(exported):
    assert b"site-packages" not in (exported[0] / "float32.onnx").read_bytes()
    assert b"stack_trace" not in (exported[0] / "float32.onnx").read_bytes()


def test_the_least_loss_that_fits_is_kept(exported):
    made = {name: exported[0] / f"{name}.onnx" for name in onnx_file.NAMES}
    half = made["float16"].stat().st_size
    assert export.smallest_loss(made) == "float32"
    assert export.smallest_loss(made, half) == "float16"
    assert export.smallest_loss(made, half - 1) == "int8"
    with pytest.raises(RunError, match="no export fits"):
        export.smallest_loss(made, 10)


def test_another_network_than_the_recorded_is_refused():
    rows = [{"compared": "torch", "max_difference": 1e-6}, {"compared": "recorded"}]
    with pytest.raises(RunError, match="not the one of the run"):
        export._demand([rows[0], rows[1] | {"agreement": 0.9}])
    with pytest.raises(RunError, match="differ"):
        export._demand([rows[0] | {"max_difference": 1e-3}, rows[1] | {"agreement": 1.0}])


def test_limits_keep_what_they_promise():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(4, 0.4), 400)
    codes = np.array([rng.choice(4, p=row) for row in p])
    fitted = measure.limits((p, -p.max(1)), codes)
    told = measure.told(fitted)
    names = list("abcd")
    held = [names[c] in predict.fitting(dict(zip(names, row, strict=True)), told["set"])
            for c, row in zip(codes, p, strict=True)]  # fmt: skip
    assert 0.9 <= np.mean(held) < 0.93
    assert np.isclose(np.mean(p.max(1) >= told["not_a_dog"]["cut"]), 0.95, atol=0.01)


def test_test_is_never_looked_at(tmp_path):
    with pytest.raises(ValueError, match="val or calib"):
        measure.Photographs(None, None, "test", tmp_path)


@pytest.mark.parametrize("shape", [(256, 256), (500, 375), (100, 80), (261, 400), (1, 1)])
def test_stretching_is_that_of_the_training_cache(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    how = cv2.INTER_AREA if shape[0] * shape[1] > 260 * 260 else cv2.INTER_LINEAR
    expected = cv2.resize(picture, (260, 260), interpolation=how)
    assert np.abs(pictures.stretch(picture, 260).astype(int) - expected).max() <= 1


def saved(folder, mode, suffix):
    grey = np.linspace(0, 255, 40 * 30).reshape(30, 40)
    if mode == "I;16":
        picture = Image.fromarray((grey * 257).astype(np.uint16))
    else:
        picture = Image.fromarray(grey.astype(np.uint8)).convert(mode)
    path = folder / f"picture.{suffix}"
    picture.save(path)
    return path


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("RGB", "png"), ("L", "png"), ("P", "gif"), ("LA", "png"), ("RGBA", "webp"), ("1", "png"),
     ("CMYK", "jpg"), ("I;16", "png"), ("F", "tiff")],
)  # fmt: skip
def test_every_mode_of_picture_is_read(tmp_path, mode, suffix):
    got = pictures.read(saved(tmp_path, mode, suffix), SIZE)
    assert got.shape == (SIZE, SIZE, 3) and got.dtype == np.uint8
    assert got[0].mean() < 40 and got[-1].mean() > 215


def test_transparent_is_white_and_sideways_is_turned(tmp_path):
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (pictures.read(tmp_path / "clear.png", SIZE) == 255).all()
    exif = Image.Exif()
    exif[0x0112] = 6
    half = Image.fromarray(np.repeat([[[0] * 3] * 32, [[255] * 3] * 32], 16, 0).astype(np.uint8))
    half.save(tmp_path / "turned.png", exif=exif)
    got = pictures.read(tmp_path / "turned.png", SIZE)
    assert got[:, 0].mean() > 250 and got[:, -1].mean() < 5


def broken(folder):
    """Write what people hand in by mistake; return name and a word of the refusal."""
    Image.new("RGB", (64, 64)).save(folder / "whole.jpg")
    (folder / "half.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:400])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    Image.new("1", (10_000, 6_000)).save(folder / "large.png")
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    return {"missing.jpg": "is not there", "half.jpg": "cannot be read", "empty.jpg": "is empty",
            "text.jpg": "is no picture", "large.png": "too many pixels",
            "bomb.png": "too many pixels", ".": "is a folder"}  # fmt: skip


def test_what_is_no_picture_is_said_and_the_others_are_answered(project, tmp_path, capsys):
    refused = broken(tmp_path)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert not predict.say(project, [*(tmp_path / n for n in refused), tmp_path / "whole.jpg"])
    assert not warned
    told = capsys.readouterr()
    assert [word in told.err for word in refused.values()] == [True] * len(refused)
    assert told.out.count("breed_") >= predict.SHOWN and "may not be a dog" in told.out


def test_nothing_exported_or_another_file_is_refused(project, tmp_path):
    with pytest.raises(RunError, match="no network was exported"):
        predict.Exported(tmp_path / "nowhere" / "champion.onnx")
    (project / predict.MODEL).write_bytes(b"another")
    with pytest.raises(StaleError, match="about another file"):
        predict.Exported(project / predict.MODEL)


def test_without_npm_the_page_is_not_built_and_says_so(project, monkeypatch):
    def unreachable(root):
        raise OSError("no route")

    monkeypatch.setattr(web, "runtime", unreachable)
    into = project / "docs" / "try"
    assert web.build(project) == "not built: onnxruntime-web could not be fetched: no route"
    assert not (into / "built").exists()
    (project / predict.MODEL).unlink()
    assert "no network was exported" in web.build(project)
