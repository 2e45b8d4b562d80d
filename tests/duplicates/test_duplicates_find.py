"""Found pictures: planted copies are paired, strangers are not, on made and on real data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance

from proofolio import duplicates, images

DATA = Path(__file__).parents[2] / "../shared/data"


def picture(seed, *, like=None, share=0.0):
    """Return a smooth random picture, 192 x 160, mixed with `share` of the picture `like`."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    made = Image.fromarray(coarse).resize((160, 192), Image.Resampling.BICUBIC)
    return made if like is None else Image.blend(made, picture(like), share)


def scanned(root):
    """Return the scanned table of every file in a folder; ids are the names."""
    names = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.*") if p.is_file())
    return images.scan(root, names, progress=False).assign(id=names, path=names)


def pairs(root):
    """Return the pairs found in a folder as (a, b, kind), whatever the order of rows."""
    table = scanned(root)
    found = duplicates.find(table, root, progress=False)
    again = duplicates.find(table.iloc[::-1], root, progress=False)
    pd.testing.assert_frame_equal(found, again)
    return list(zip(found["a"], found["b"], found["kind"], strict=True)), found


COPIES = {
    "reencoded": lambda p, to: p.save(to / "z.jpg", quality=30),
    "half": lambda p, to: p.resize((80, 96)).save(to / "z.jpg", quality=75),
    "larger": lambda p, to: p.resize((480, 576)).save(to / "z.webp"),
    "brighter": lambda p, to: ImageEnhance.Brightness(p).enhance(1.1).save(to / "z.png"),
    "grey": lambda p, to: p.convert("L").save(to / "z.png"),
    "squashed": lambda p, to: p.resize((160, 160)).save(to / "z.png"),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_planted_copy_is_found_and_no_stranger(tmp_path, kind):
    for seed in range(12):
        picture(seed).save(tmp_path / f"{seed:02d}.png")
    COPIES[kind](picture(7), tmp_path)
    found, frame = pairs(tmp_path)
    assert [(a, b[0], k) for a, b, k in found] == [("07.png", "z", "near")]
    hashes = scanned(tmp_path).set_index("id")["perceptual"]
    distance = (int(hashes[frame["a"][0]], 16) ^ int(hashes[frame["b"][0]], 16)).bit_count()
    assert frame["distance"][0] == distance <= duplicates.MAX_DISTANCE


def test_equal_files_are_listed_once_each_and_stand_for_their_near_copies(tmp_path):
    picture(1).save(tmp_path / "b.png")
    for name in ("a", "c", "d"):
        (tmp_path / f"{name}.png").write_bytes((tmp_path / "b.png").read_bytes())
    picture(1).save(tmp_path / "e.jpg", quality=60)
    found, _ = pairs(tmp_path)
    copies = [("a.png", f"{x}.png", "exact") for x in "bcd"]
    assert found == [*copies, ("a.png", "e.jpg", "near")]


def test_pictures_of_one_pose_are_strangers(tmp_path):
    """Like X-rays: a shared half makes hashes near, the thumbnails still tell them apart."""
    for seed in range(1, 60):
        picture(seed, like=0, share=0.7).save(tmp_path / f"{seed:02d}.png")
    hashes = [int(h, 16) for h in scanned(tmp_path)["perceptual"]]
    proposed, *_ = duplicates.near_pairs(np.array(hashes, dtype=np.uint64), 5)
    assert len(proposed)  # else nothing would be left to tell apart
    assert pairs(tmp_path)[0] == []


def test_blank_pictures_prove_nothing(tmp_path):
    for level in (0, 1, 128):
        Image.new("L", (64, 64), level).save(tmp_path / f"{level}.png")
    assert pairs(tmp_path)[0] == []


def test_the_comparison_refuses_each_kind_of_difference():
    rng = np.random.default_rng(0)
    base = rng.uniform(60, 150, (32, 32))
    shown = [
        base + rng.normal(0, 2, base.shape),
        base + rng.normal(0, 12, base.shape),
        base + 60,
        np.full(base.shape, 100.0),
    ]
    first = np.repeat(base[None], len(shown), axis=0).astype(np.uint8)
    same = duplicates._same_picture(first, np.array(shown).astype(np.uint8))
    assert list(same) == [True, False, False, False]


def real(folder):
    """Return a folder of real pictures, or skip."""
    if not (DATA / folder).is_dir():
        pytest.skip(f"../shared/data/{folder} is not beside the repository")
    return DATA / folder


@pytest.mark.data
@pytest.mark.slow
def test_chest_x_rays_of_strangers_are_not_paired():
    root = real("kermany_cxr")
    table = scanned(root)
    found = duplicates.find(table, root, progress=False)
    assert found["kind"].value_counts().to_dict() == {"exact": 32}
    hashes = np.array([int(h, 16) for h in table["perceptual"]], dtype=np.uint64)
    distance = [np.bitwise_count(hashes[k + 1 :] ^ h) for k, h in enumerate(hashes)]
    within = sum(int((d <= duplicates.MAX_DISTANCE).sum()) for d in distance)
    assert len(duplicates.near_pairs(hashes)[0]) == within  # no pair is lost to a full window


@pytest.mark.data
@pytest.mark.slow
def test_pet_photographs_hold_the_copies_seen_by_eye():
    root = real("oxford_pets")
    found = duplicates.find(scanned(root / "images"), root / "images", progress=False)
    assert found["kind"].value_counts().to_dict() == {"near": 43}
    listed = set(zip(found["a"], found["b"], strict=True))
    assert {
        ("boxer_162.jpg", "boxer_172.jpg"),
        ("Abyssinian_151.jpg", "Abyssinian_99.jpg"),
        ("keeshond_104.jpg", "keeshond_170.jpg"),
    } <= listed
    assert ("newfoundland_172.jpg", "newfoundland_2.jpg") not in listed  # two shots of one scene
