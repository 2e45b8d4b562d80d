"""Tests of this case's own code: names to table, the archive, augmentation."""

import functools
import http.server
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image
from proofolio.contract import TableError
from proofolio.files import sha256_file

from medical_imaging import data, dataset, models, overpaint

NAMES = (
    "train/PNEUMONIA/person7_bacteria_24.jpeg",
    "train/PNEUMONIA/person7_virus_11.jpeg",
    "val/NORMAL/NORMAL2-IM-1427-0001.jpeg",
    "test/NORMAL/IM-0011-0001-0002.jpeg",
    "test/NORMAL/IM-0011-0001.jpeg",
)


def write(folder, names=NAMES):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), 90, np.uint8)).save(folder / name)
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


def test_patients_are_series_and_number(tmp_path):
    table = data.table(write(tmp_path)).set_index("id")
    assert table.loc["person7_bacteria_24", "unit"] != table.loc["person7_virus_11", "unit"]
    assert table.loc["IM-0011-0001", "unit"] == table.loc["IM-0011-0001-0002", "unit"]
    assert table.loc["NORMAL2-IM-1427-0001", "official"] == "train"
    assert (table["official"] == "test").sum() == 2


def test_archive_and_copy_give_the_same_table(tmp_path, publisher):
    folder = write(tmp_path / "chest_xray")
    packed = publisher[0] / "look_alike.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*.jpeg")):
            archive.write(path, path.relative_to(tmp_path))
            archive.writestr(f"__MACOSX/{path.relative_to(tmp_path).parent}/._{path.name}", b"")
    raw = tmp_path / "data" / "raw"
    data.download(raw, f"{publisher[1]}/{packed.name}", sha256_file(packed))
    columns = ["id", "unit", "label", "official", "slice_number", "slice_print"]
    assert data.table(raw)[columns].equals(data.table(folder)[columns])


def test_a_wrong_archive_is_refused(tmp_path, publisher):
    (publisher[0] / "wrong.zip").write_bytes(b"not the archive")
    with pytest.raises(ValueError, match="hash"):
        data.download(tmp_path / "data" / "raw", f"{publisher[1]}/wrong.zip", "0" * 64)
    assert not (tmp_path / "data" / "raw").exists()


def test_a_strange_name_is_named(tmp_path):
    write(tmp_path, [*NAMES, "train/NORMAL/holiday.jpeg"])
    with pytest.raises(TableError, match=r"holiday\.jpeg"):
        data.table(tmp_path)


@pytest.mark.parametrize("policy", ["xray_light", "xray_strong"])
def test_augmentation_keeps_kind_and_size(policy):
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 1), dtype=np.uint8)
    change = dataset.augmentation(policy, 32)
    changed = [change(picture, np.random.default_rng(k)) for k in range(8)]
    assert all(c.shape == picture.shape and c.dtype == np.uint8 for c in changed)
    assert any((c != picture).any() for c in changed)
    assert (changed[1] == change(picture, np.random.default_rng(1))).all()


def test_features_tell_flat_from_rough():
    rng = np.random.default_rng(0)
    flat = np.full((1, 32, 32, 1), 128, np.uint8)
    rough = rng.integers(0, 255, (1, 32, 32, 1), dtype=np.uint8)
    assert np.abs(models.describe(flat) - models.describe(rough)).max() > 0.1


def test_a_number_of_both_germs_is_one_coarse_key(tmp_path):
    names = [*NAMES, "test/PNEUMONIA/person7_virus_12.jpeg"]
    table = data.table(write(tmp_path, names)).set_index("id")
    assert table.loc["person7_bacteria_24", "slice_number"] == "in train and test"
    assert table.loc["IM-0011-0001", "slice_number"] == "in one folder"


def test_paint_changes_the_boxes_alone():
    pictures = np.random.default_rng(0).integers(0, 255, (2, 40, 40, 1), dtype=np.uint8)
    changed = overpaint.painted(pictures, overpaint.VOLTAGE) != pictures
    assert changed[:, 36:, 35:].mean() > 0.9 and not changed[:, :36].any()
    assert not changed[:, :, :35].any()
