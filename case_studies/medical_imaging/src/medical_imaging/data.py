"""From raw files to the example table. Try it: `python -m medical_imaging prepare`.

The chest X-rays of Kermany, Zhang and Goldbaum (2018). The publisher's archive and any copy that
keeps its file names give the same table, whatever the folders above `train` and `test` are called.
"""

import re
import zipfile
from pathlib import Path

import pandas as pd
from proofolio.contract import TableError

ARCHIVE = (
    "https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
    "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded"
)
ARCHIVE_SHA256 = "13efc055629733dbab07877f8b3c9f81097840dbcdaa326a8542322c2281ce36"
NAME = re.compile(
    r"(?:person(?P<person>\d+)_(?P<germ>bacteria|virus)_\d+(?:_\d+)?"
    r"|(?P<normal>NORMAL2-IM|IM)-(?P<number>\d+)-\d+(?:-\d+)?)\.jpeg"
)
PRINTED = Path(__file__).parents[2] / "annotations" / "printed_voltage.txt"
LABELS = {"NORMAL": "normal", "PNEUMONIA": "pneumonia"}
FOLDERS = {"train": "train", "val": "train", "test": "test"}  # the 16 of val join train


def fetch(raw: Path) -> None:
    """Bring the images to `raw`: link a copy that stands beside the repository, or download."""
    shared = Path(__file__).resolve().parents[5] / "shared" / "data" / "kermany_cxr"
    if shared.is_dir():
        raw.parent.mkdir(parents=True, exist_ok=True)
        raw.symlink_to(shared, target_is_directory=True)
    else:
        download(raw)


def download(raw: Path, url: str = ARCHIVE, sha256: str = ARCHIVE_SHA256) -> None:
    """Download the publisher's archive (1.2 GB), check its SHA-256 and unpack its images.

    Raises:
        ValueError: the archive is not the published one; nothing is unpacked.
    """
    import pooch

    archive = pooch.retrieve(
        url, f"sha256:{sha256}", fname="chest_xray.zip", path=raw.parent, progressbar=False
    )
    with zipfile.ZipFile(archive) as stored:
        names = [n for n in stored.namelist() if n.endswith(".jpeg") and "__MACOSX" not in n]
        stored.extractall(raw, members=names)


def table(raw: Path) -> pd.DataFrame:
    """Return one row per image: id, unit, label, path, official and three slices.

    The patient is read from the file name: series and number, since the four series number their
    patients independently as far as can be told. That is an inference, not a record. A coarser
    reading takes bacteria and virus as one series; `slice_number` tells the images whose number
    then stands in both published folders, train and test, from those where it stands in one.
    `slice_print` tells whether the tube voltage is printed in the picture (annotations/README.md).

    Raises:
        TableError: file names that do not follow the publisher's pattern.
    """
    if not raw.exists():
        fetch(raw)
    rows, strange = [], []
    for path in sorted(raw.rglob("*.jpeg")):
        part, label = path.parts[-3:-1]
        match = NAME.fullmatch(path.name)
        if match is None or part not in FOLDERS or label not in LABELS:
            strange.append(path.relative_to(raw).as_posix())
            continue
        series = match["germ"] or match["normal"]
        unit = f"{series}-{int(match['person'] or match['number']):04d}"
        relative = path.relative_to(raw).as_posix()
        number = f"{'person' if match['germ'] else series}-{unit[-4:]}"
        rows.append((path.stem, unit, LABELS[label], relative, FOLDERS[part], series, number))
    if strange or not rows:
        raise TableError(
            f"{len(strange)} of {len(strange) + len(rows)} images do not follow the names",
            expected="train|val|test / NORMAL|PNEUMONIA / person<n>_<germ>_<k>.jpeg or IM-<n>-<k>",
            received=", ".join(strange[:5]) or f"no .jpeg file below {raw.name}",
            remedy="unpack the publisher's archive unchanged into data/raw",
        )
    columns = ["id", "unit", "label", "path", "official", "slice_series", "slice_number"]
    frame = pd.DataFrame(rows, columns=columns)
    folders = frame.groupby("slice_number")["official"].transform("nunique")
    printed = frame["id"].isin(PRINTED.read_text(encoding="utf-8").split())
    return frame.assign(
        slice_number=folders.map({1: "in one folder", 2: "in train and test"}),
        slice_print=printed.map({True: "tube voltage", False: "none found"}),
    )
