"""Tests of this case's own code: lists to table, the archives, breeds, the start of fine-tuning."""

import functools
import http.server
import tarfile
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from proofolio import project as projects
from proofolio.contract import ProjectError, TableError
from proofolio.files import sha256_file
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_contract import ROOT

from dog_breeds import backbone, breeds, data, dataset, train

TRAINVAL = ("beagle_1 9 2 5", "Persian_3 24 1 8", "american_bulldog_10 2 2 1")
TEST = ("beagle_2 9 2 5", "Persian_4 24 1 8")


def write(folder, trainval=TRAINVAL, test=TEST):
    """Write the publisher's layout: lists, pictures, and what no list names."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    for name, lines in (("trainval.txt", trainval), ("test.txt", test)):
        (folder / "annotations" / name).write_text("\n".join(("#Image CLASS-ID", *lines)) + "\n")
    for name in [line.split()[0] for line in (*trainval, *test)] + ["beagle_99"]:
        Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(folder / "images" / f"{name}.jpg")
    return folder


@pytest.fixture
def publisher(tmp_path):
    """Serve a folder on this machine, as the publisher does; yields folder and address."""
    folder = tmp_path / "published"
    folder.mkdir()
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def packed(folder, source):
    """Pack a copy as the publisher does, with files beside it; return name -> SHA-256."""
    extra = source / "annotations" / "README"
    extra.write_text("research purposes only\n")
    (source / "images" / "beagle_1.mat").write_bytes(b"stray")
    (source / "images" / "._beagle_1.jpg").write_bytes(b"stray")
    hashes = {}
    for part in ("images", "annotations"):
        path = folder / f"{part}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(source / part, part)
        hashes[path.name] = sha256_file(path)
    return hashes


def test_archives_and_copy_give_the_same_table(tmp_path, publisher):
    copy = write(tmp_path / "copy")
    raw = tmp_path / "data" / "raw"
    data.download(raw, publisher[1], packed(publisher[0], copy))
    assert data.table(raw).equals(data.table(copy))
    assert sorted(p.name for p in (raw / "annotations").iterdir()) == ["test.txt", "trainval.txt"]
    assert not list((raw / "images").glob("*.mat")) and not list((raw / "images").glob("._*"))


def test_a_wrong_archive_is_refused(tmp_path, publisher):
    (publisher[0] / "images.tar.gz").write_bytes(b"not the archive")
    with pytest.raises(ValueError, match="hash"):
        data.download(tmp_path / "data" / "raw", publisher[1], {"images.tar.gz": "0" * 64})
    assert not (tmp_path / "data" / "raw").exists()


def test_breed_species_and_membership_come_from_the_lists(tmp_path):
    table = data.table(write(tmp_path)).set_index("id")
    assert "beagle_99" not in table.index and len(table) == 5
    assert table.loc["american_bulldog_10", "label"] == "american_bulldog"
    assert table.loc["beagle_2", "official"] == "test"
    assert table.loc["Persian_3", "slice_group"] == breeds.CATS
    assert table.loc["american_bulldog_10", "slice_imagenet"] == "no ImageNet class"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("beagle_1 9 1 5",), "another species"),
        (("holiday_1 9 2 5",), "cannot be read"),
        (("beagle_1",), "cannot be read"),
        ((), "cannot be read"),
    ],
)
def test_strange_lists_are_named(tmp_path, lines, message):
    with pytest.raises(TableError, match=message):
        data.table(write(tmp_path, lines))


def test_a_listed_picture_must_be_there(tmp_path):
    write(tmp_path)
    (tmp_path / "images" / "beagle_2.jpg").unlink()
    with pytest.raises(TableError, match="beagle_2"):
        data.table(tmp_path)


def test_every_breed_has_a_group_and_the_project_names_them_all():
    author = projects.load(ROOT)
    assert author.classes == [*breeds.FCI, *breeds.CAT_BREEDS]
    assert author.classes_of("primary") == author.classes_of("no_look_alikes") == [*breeds.FCI]
    assert author.classes_of("all37") == author.classes
    assert set(map(breeds.group, author.classes)) == {
        *breeds.FCI_GROUPS.values(), breeds.NOT_FCI, breeds.CATS,
    }  # fmt: skip


def test_imagenet_names_are_those_of_imagenet():
    from timm.data import ImageNetInfo

    known = ImageNetInfo("imagenet-1k")
    for breed, (number, name) in breeds.IMAGENET.items():
        names = known.index_to_description(number).casefold().split(", ")
        assert name.casefold() in names, breed
    every = " ".join(known.index_to_description(k) for k in range(1000)).casefold()
    for word in ("american bulldog", "havanese", "shiba", "abyssinian", "ragdoll", "sphynx"):
        assert word not in every
    missing = set(breeds.FCI) - set(breeds.IMAGENET)
    assert missing == {"american_bulldog", "havanese", "shiba_inu"}


@pytest.mark.parametrize("policy", ["light", "strong"])
def test_augmentation_keeps_kind_and_size(policy):
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    change = dataset.augmentation(policy, 32)
    changed = [change(picture, np.random.default_rng(k)) for k in range(8)]
    assert all(c.shape == picture.shape and c.dtype == np.uint8 for c in changed)
    assert any((c != picture).any() for c in changed)
    assert (changed[1] == change(picture, np.random.default_rng(1))).all()


def test_rounding_keeps_probabilities():
    p = np.random.default_rng(0).dirichlet(np.full(25, 0.1), 200)
    kept = dataset.rounded(p)
    assert np.abs(kept.sum(axis=1) - 1).max() < 1e-4 and np.abs(kept / p - 1).max() < 1e-4
    assert (np.asarray(kept, np.float32) == kept).all()


def study(**config):
    return SimpleNamespace(config=config, classes=["a", "b", "c"], run=SimpleNamespace(seed=1))


def lite0(freeze="none"):
    import timm

    return backbone.freeze(timm.create_model("tf_efficientnet_lite0", num_classes=3), freeze)


def test_a_folded_head_gives_the_probabilities_of_the_probe():
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, (90, 1280)), np.arange(90) % 3
    fitted = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(x, y)
    model = lite0()
    backbone.put_head(model, *backbone.folded(fitted))
    with torch.no_grad():
        logits = model.get_classifier()(torch.from_numpy(x).float()).numpy()
    assert np.abs(train.confidence(logits)[0] - fitted.predict_proba(x)).max() < 1e-4


def test_energy_is_minus_logsumexp():
    logits = np.random.default_rng(0).normal(0, 3, (20, 5))
    p, energy = train.confidence(logits)
    assert np.allclose(energy, -np.log(np.exp(logits).sum(axis=1)))
    assert np.allclose(p, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("how", ["none", "norm", "stem", "all_but_last"])
def test_freezing_leaves_learning_what_it_says(how):
    model = lite0(how).train()
    learns = {n for n, p in model.named_parameters() if p.requires_grad}
    every = {n for n, _ in model.named_parameters()}
    norms = [m.training for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert all(norms) if how == "none" else not any(norms)
    assert "classifier.weight" in learns
    if how == "all_but_last":
        assert {n.split(".")[0] for n in learns} == {"blocks", "conv_head", "bn2", "classifier"}
        assert {n.split(".")[1] for n in learns if n.startswith("blocks")} == {"6"}
    elif how == "stem":
        assert "conv_stem.weight" in every - learns and "blocks.3.0.conv_pw.weight" in learns
    else:
        assert learns == every


@pytest.mark.parametrize("config", [{"freeze": "most"}, {"head_start": "zero"}])
def test_unknown_starts_are_refused(config, tmp_path):
    known = {"backbone": "tf_efficientnet_lite0", "weights": None, "freeze": "none"}
    asked = study(**(known | {"head_start": "random"} | config))
    asked.layout = SimpleNamespace(work=tmp_path)
    with pytest.raises(ProjectError, match="unknown"):
        backbone.start(asked)


def test_a_mirror_is_the_mean_of_both_views(monkeypatch):
    from proofolio_torch import predict

    seen = []

    def logits(model, examples, *, runtime, normalise):
        images = normalise(torch.arange(12, dtype=torch.float32).reshape(1, 1, 3, 4))
        seen.append(images)
        return images.reshape(1, -1)[:, :3].numpy()

    monkeypatch.setattr(predict, "logits", logits)
    p, energy = train.scored(None, None, lambda images: images, None, flip=True)
    assert torch.equal(seen[1], seen[0].flip(3))
    both = [train.confidence(view.reshape(1, -1)[:, :3].numpy()) for view in seen]
    assert np.allclose(p, (both[0][0] + both[1][0]) / 2)
    assert np.allclose(energy, (both[0][1] + both[1][1]) / 2)
