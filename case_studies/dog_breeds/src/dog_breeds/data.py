"""From raw files to the example table. Try it: `python -m dog_breeds prepare`.

The Oxford-IIIT Pet data set of Parkhi, Vedaldi, Zisserman and Jawahar (2012). The publisher's two
archives and any copy that keeps `images/` and `annotations/` give the same table.
"""

import re
import tarfile
from pathlib import Path

import pandas as pd
from proofolio.contract import TableError

from dog_breeds import breeds

SITE = "https://thor.robots.ox.ac.uk/~vgg/data/pets"
# SHA-256 as TensorFlow Datasets pins them for this address; torchvision pins the same files by MD5
# 5c4f3ee8e5d25df40f4fd59a7f44e54c and 95a8c909bbe2e81eed6a22bccdf3f68f.
ARCHIVES = {
    "images.tar.gz": "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
    "annotations.tar.gz": "52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
}
NAME = re.compile(r"(?P<breed>[A-Za-z]+(?:_[A-Za-z]+)*)_\d+")
LISTS = {"trainval.txt": "train", "test.txt": "test"}
CAT, DOG = "1", "2"  # column species of the lists


def fetch(raw: Path) -> None:
    """Bring the files to `raw`: link a copy that stands beside the repository, or download."""
    shared = Path(__file__).resolve().parents[5] / "shared" / "data" / "oxford_pets"
    if shared.is_dir():
        raw.parent.mkdir(parents=True, exist_ok=True)
        raw.symlink_to(shared, target_is_directory=True)
    else:
        download(raw)


def download(raw: Path, site: str = SITE, archives: dict[str, str] | None = None) -> None:
    """Download the publisher's archives (0.8 GB), check their SHA-256, unpack pictures and lists.

    Raises:
        ValueError: an archive is not the published one; nothing of it is unpacked.
    """
    import pooch

    stored = {}
    for name, sha256 in (archives or ARCHIVES).items():
        stored[name] = pooch.retrieve(
            f"{site}/{name}", f"sha256:{sha256}", fname=name, path=raw.parent, progressbar=False
        )
    for path in stored.values():
        with tarfile.open(path) as archive:
            wanted = [m for m in archive.getmembers() if m.isfile() and _wanted(m.name)]
            checked = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since 3.11.4
            archive.extractall(raw, members=wanted, **checked)


def _wanted(name: str) -> bool:
    """Whether a file of the archives is a picture or one of the two lists."""
    folder, _, file = name.removeprefix("./").rpartition("/")
    picture = folder == "images" and file.endswith(".jpg") and not file.startswith(".")
    return picture or (folder == "annotations" and file in LISTS)


def table(raw: Path) -> pd.DataFrame:
    """Return one row per listed photograph: id, unit, label, path, official and two slices.

    No dog and no photographer is recorded, so the unit is the photograph itself; `prepare` joins
    look-alikes to clusters. The archive holds a few pictures that neither list names: no row.

    Raises:
        TableError: the lists are missing or disagree with names, or a listed picture is not there.
    """
    if not raw.exists():
        fetch(raw)
    rows = [row for name, part in LISTS.items() for row in _listed(raw, name, part)]
    frame = pd.DataFrame(rows, columns=["id", "label", "species", "official"])
    wrong = frame[(frame["species"] == CAT) != frame["label"].isin(breeds.CAT_BREEDS)]
    absent = frame[[not (raw / "images" / f"{name}.jpg").is_file() for name in frame["id"]]]
    for offenders, what in ((wrong, "have another species"), (absent, "are not in images/")):
        if len(offenders):
            raise TableError(
                f"{len(offenders)} of {len(frame)} listed photographs {what}",
                expected="images/<breed>_<k>.jpg for every line of trainval.txt and test.txt",
                received=", ".join(offenders["id"].head(5)),
                remedy="unpack both archives of the publisher unchanged into data/raw",
            )
    return frame.drop(columns="species").assign(
        unit=frame["id"],
        path="images/" + frame["id"] + ".jpg",
        slice_group=frame["label"].map(breeds.group),
        slice_imagenet=frame["label"].map(breeds.in_imagenet),
    )


def _listed(raw: Path, name: str, part: str) -> list[tuple[str, str, str, str]]:
    """Return id, breed, species and part of every line of a list, sorted by id."""
    path = raw / "annotations" / name
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    rows, strange = [], []
    for line in sorted(line for line in lines if not line.startswith("#")):
        fields = line.split()
        match = NAME.fullmatch(fields[0]) if len(fields) == 4 else None
        known = match and match["breed"] in {*breeds.FCI, *breeds.CAT_BREEDS}
        if not known or fields[2] not in (CAT, DOG):
            strange.append(line)
        else:
            rows.append((fields[0], match["breed"], fields[2], part))
    if strange or not rows:
        raise TableError(
            f"annotations/{name}: {len(strange)} line(s) cannot be read",
            expected="<breed>_<k>, class, species (1 cat, 2 dog) and breed number, of 37 breeds",
            received="; ".join(strange[:5]) or "no line",
            remedy="unpack the publisher's annotations.tar.gz unchanged into data/raw",
        )
    return rows
