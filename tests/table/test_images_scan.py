"""Scanning files: statistics against known pictures, and every unreadable file named."""

import io
import sys

import numpy as np
import pytest
from PIL import Image, ImageFile

from proofolio import files, images
from proofolio.contract import TableError


def noise(size=(48, 64), seed=0):
    """Return a noisy colour picture of (height, width)."""
    levels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    return Image.fromarray(levels)


def test_statistics_of_a_framed_picture(tmp_path):
    level = np.full((64, 32), 200, dtype=np.uint8)
    level[:4], level[-4:], level[:, :2], level[:, -2:] = 10, 10, 10, 10
    Image.fromarray(level).save(tmp_path / "framed.png")
    row = images.scan(tmp_path, ["framed.png"]).iloc[0]
    assert (row["width"], row["height"]) == (32, 64)
    assert row["bytes"] == (tmp_path / "framed.png").stat().st_size
    assert row["content"] == files.sha256_file(tmp_path / "framed.png")
    assert row["brightness"] == pytest.approx(level.mean())
    assert row["contrast"] == pytest.approx(level.std(), rel=1e-5)
    assert row["border"] == 10
    assert np.isnan(row["quality"])
    assert len(row["perceptual"]) == 16


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 82, 95, 100])
def test_jpeg_quality_is_read_from_the_tables(tmp_path, quality):
    noise().save(tmp_path / "a.jpg", quality=quality)
    assert images.scan(tmp_path, ["a.jpg"])["quality"][0] == quality


def test_rows_keep_the_order_asked_for(tmp_path):
    for k in range(20):
        Image.new("L", (8, 8), k).save(tmp_path / f"{k}.png")
    paths = [f"{k}.png" for k in reversed(range(20))]
    scanned = images.scan(tmp_path, paths, workers=4)
    assert list(scanned["brightness"]) == list(reversed(range(20)))
    assert list(images.scan(tmp_path, [])) == list(images.SCANNED)


@pytest.mark.parametrize("cut", [1, 2, 200, 0.5])
def test_a_truncated_jpeg_is_caught_and_named(tmp_path, monkeypatch, cut):
    # Some libraries switch this on for the whole process; a scan must not be lenient with them.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    stream = io.BytesIO()
    noise().save(stream, "JPEG")
    data = stream.getvalue()
    (tmp_path / "whole.jpg").write_bytes(data)
    keep = len(data) - (int(cut * len(data)) if cut < 1 else cut)
    (tmp_path / "cut.jpg").write_bytes(data[:keep])
    with pytest.raises(TableError, match=r"1 of 2 pictures(.|\n)*cut\.jpg .*truncated"):
        images.scan(tmp_path, ["whole.jpg", "cut.jpg"])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_many_faults_show_five_and_the_count(tmp_path):
    for k in range(9):
        (tmp_path / f"{k}.png").write_text("no picture")
    with pytest.raises(TableError) as refused:
        images.scan(tmp_path, [f"{k}.png" for k in range(9)] + ["lost.png"])
    text = str(refused.value)
    assert "10 of 10" in text
    assert "4.png" in text and "5.png" not in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "1", "LA"])
def test_every_mode_is_read(tmp_path, mode):
    name = "a.tif" if mode == "CMYK" else "a.png"
    picture = noise().convert(mode)
    options = {"transparency": bytes(range(100))} if mode == "P" else {}
    picture.save(tmp_path / name, **options)
    assert 80 < images.scan(tmp_path, [name])["brightness"][0] < 180


def test_sixteen_bit_levels_are_scaled_not_clipped(tmp_path):
    level = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(level).save(tmp_path / "deep.png")
    assert images.scan(tmp_path, ["deep.png"])["brightness"][0] == pytest.approx(127, abs=1)


def test_a_line_off_the_terminal_and_a_bar_on_it(tmp_path, capsys, monkeypatch):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    images.scan(tmp_path, ["a.png"])
    assert "scan: 1 files" in capsys.readouterr().out
    images.scan(tmp_path, ["a.png"], progress=False)
    assert capsys.readouterr().out == ""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    images.scan(tmp_path, ["a.png"])
    assert "scan" in terminal.getvalue()
    assert capsys.readouterr().out == ""
