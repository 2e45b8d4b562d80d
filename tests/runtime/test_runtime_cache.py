"""The image cache: right pixels, safe rebuilds, refusals."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from runtime_support import COUNT, SIZE

from proofolio.contract import TableError
from proofolio_torch import cache


def test_pixels_equal_the_files_in_the_order_of_ids(images, pictures):
    root, table = pictures
    assert images.shape == (COUNT, SIZE, SIZE, 3)
    assert images.array.dtype == np.uint8
    for k in (0, 7, COUNT - 1):
        expected = cv2.imread(str(root / table.path[k]))[..., ::-1]
        np.testing.assert_array_equal(images.array[images.positions([table.id[k]])[0]], expected)


def test_row_order_of_the_table_does_not_matter(images, pictures):
    root, table = pictures
    again = cache.build(
        root, table.sample(frac=1, random_state=1), size=SIZE, folder=images.folder.parent
    )
    assert again.folder == images.folder


@pytest.mark.parametrize("change", [{"size": 8}, {"mode": "pad"}, {"channels": 1}])
def test_another_size_mode_or_channel_count_is_another_cache(images, pictures, change):
    root, table = pictures
    options = {"size": SIZE} | change
    other = cache.build(root, table[:4], folder=images.folder.parent, **options)
    same = cache.build(root, table[:4], folder=images.folder.parent, size=SIZE)
    assert other.folder != same.folder


def test_changed_content_is_another_cache(pictures):
    table = pictures[1].copy()
    before = cache.key_of(table, (8, 8), "stretch", 3)
    table.loc[0, "content"] = "0" * 64
    assert cache.key_of(table, (8, 8), "stretch", 3) != before


def test_the_map_is_read_only_and_travels_as_a_path(images):
    images.array  # noqa: B018  opened here, and not to be sent along
    sent = pickle.dumps(images)
    assert len(sent) < 1000
    with pytest.raises(ValueError, match="read-only"):
        pickle.loads(sent).array[0] = 0


def test_pad_keeps_the_aspect_ratio_and_stretch_does_not(tmp_path):
    cv2.imwrite(str(tmp_path / "wide.png"), np.full((10, 40, 3), 200, np.uint8))
    padded = cache.decode(tmp_path / "wide.png", (20, 20, 3), "pad")
    assert (padded[:7] == 0).all()
    assert (padded[8:12] == 200).all()
    assert (cache.decode(tmp_path / "wide.png", (20, 20, 3), "stretch") == 200).all()


def test_offsets_beyond_two_gib_are_right(tmp_path):
    """A sparse file of 3 GiB: the last image lies past what 32 bits can address."""
    shape = (3 * 2**30 // (256 * 256 * 3) + 1, 256, 256, 3)
    array = np.lib.format.open_memmap(
        tmp_path / "images.npy", mode="w+", dtype=np.uint8, shape=shape
    )
    array[-1] = 77
    array.flush()
    del array
    opened = cache.Cache(tmp_path).array
    assert opened[-1].min() == 77
    assert opened[-2].max() == 0


def test_unreadable_files_are_listed_and_leave_no_cache(pictures, tmp_path):
    root, table = pictures
    table = table.copy()
    (tmp_path / "text.png").write_text("no picture")
    table.loc[3, "path"] = str(tmp_path / "text.png")
    table.loc[5, "path"] = "missing.png"
    with pytest.raises(TableError, match=r"2 images cannot be decoded[\s\S]*missing\.png"):
        cache.build(root, table, size=SIZE, folder=tmp_path / "caches")
    assert not [p for p in (tmp_path / "caches").iterdir() if p.suffix != ".lock"]


def test_a_killed_build_is_built_again(pictures, tmp_path):
    root, table = pictures
    table.to_parquet(tmp_path / "table.parquet")
    code = (
        "import os, sys; from pathlib import Path; import pandas as pd\n"
        "from proofolio_torch import cache\n"
        "real = cache.decode\n"
        "cache.decode = lambda p, *a: os._exit(9) if p.name.endswith('_030.png') else real(p, *a)\n"
        "cache.build(Path(sys.argv[1]), pd.read_parquet(sys.argv[2]), size=16,"
        " folder=Path(sys.argv[3]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, root, tmp_path / "table.parquet", tmp_path / "caches"],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    key = cache.key_of(table, (SIZE, SIZE), "stretch", 3)
    assert not (tmp_path / "caches" / key).exists()
    built = cache.build(root, table, size=SIZE, folder=tmp_path / "caches")
    assert (built.array.reshape(COUNT, -1).max(axis=1) > 0).all()


def test_unknown_ids_and_unprepared_tables_are_refused(images, pictures, tmp_path):
    root, table = pictures
    with pytest.raises(TableError, match="1 ids are not in the image cache"):
        images.positions(["p001", "stranger"])
    with pytest.raises(TableError, match="prepare"):
        cache.build(root, table.drop(columns="content"), size=SIZE, folder=tmp_path)
    with pytest.raises(TableError, match="stretch or pad"):
        cache.build(root, table, size=SIZE, folder=tmp_path, mode="crop")
    with pytest.raises(TableError, match="1 or 3"):
        cache.build(root, table, size=SIZE, folder=tmp_path, channels=4)


def test_non_ascii_file_names_are_read(tmp_path):
    ok, data = cv2.imencode(".png", np.full((4, 4, 3), 9, np.uint8))
    path = Path(tmp_path / "Röntgen 像.png")
    path.write_bytes(data.tobytes())
    assert ok
    assert cache.decode(path, (4, 4, 1), "stretch").shape == (4, 4, 1)
