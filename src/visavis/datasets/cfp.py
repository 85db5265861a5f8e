"""Celebrities in Frontal-Profile (Sengupta et al., WACV 2016): 500 people, ten folds each way.

`Protocol/Pair_list_F.txt` and `Pair_list_P.txt` number the frontal and the profile pictures;
`Protocol/Split/FF/01/same.txt` holds rows "1,10" of such numbers. In FP the first number is a
frontal picture and the second a profile.
"""

from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

from visavis.datasets.listing import contents, folders, lines
from visavis.datasets.pairing import Pair, assemble
from visavis.datasets.records import Dataset, PairList, Picture
from visavis.errors import BadDataset

Part: TypeAlias = Literal["FF", "FP"]


def read_cfp(protocol: Path, images: Path, part: Part = "FP") -> PairList:
    """The pairs of frontal with frontal (FF) or frontal with profile pictures (FP).

    `protocol` is the folder Protocol or the one above; `images` is `Data/Images` or a folder
    above it. Pictures are named `001/frontal/01.jpg`. Raises BadDataset for missing lists.
    """
    protocol = protocol / "Protocol" if (protocol / "Protocol").is_dir() else protocol
    if not (protocol / "Split" / part).is_dir():
        raise BadDataset(f"expected Split/{part} in {protocol}, got {contents(protocol)}")
    first = _numbered(protocol / "Pair_list_F.txt")
    second = first if part == "FF" else _numbered(protocol / "Pair_list_P.txt")
    folds = [_fold(folder, first, second) for folder in folders(protocol / "Split" / part)]
    dataset = _dataset(part, images, {*first.values(), *second.values()})
    places = {picture.name: at for at, picture in enumerate(dataset.pictures)}
    return assemble(f"CFP-{part}", dataset, folds, places)


def _numbered(file: Path) -> dict[int, str]:
    """Picture names by number; lists write "1 ../Data/Images/001/frontal/01.jpg"."""
    found = {}
    for line in lines(file):
        number, _, path = line.partition(" ")
        parts = PurePosixPath(path.strip().replace("\\", "/")).parts[-3:]
        if not number.isdecimal() or len(parts) != 3 or ".." in parts:
            raise BadDataset(f"expected a number and <id>/<pose>/<picture> in {file}, got {line!r}")
        found[int(number)] = "/".join(parts)
    return found


def _fold(folder: Path, first: dict[int, str], second: dict[int, str]) -> list[Pair]:
    return [
        _pair(line, first, second, same)
        for name, same in (("same.txt", True), ("diff.txt", False))
        for line in lines(folder / name)
    ]


def _pair(line: str, first: dict[int, str], second: dict[int, str], same: bool) -> Pair:
    try:
        one, other = (int(number) for number in line.split(","))
        return Pair(first[one], second[other], same)
    except (ValueError, KeyError):
        raise BadDataset(f"expected two numbers of listed pictures, got {line!r}") from None


def _dataset(part: str, images: Path, names: set[str]) -> Dataset:
    """The listed pictures that are there; the identity is the person's number."""
    places = (images / "Data" / "Images", images / "Images", images)
    root = next((place for place in places if place.is_dir()), images)
    found = tuple(
        Picture(root / name, name, name.partition("/")[0], {"pose": name.split("/")[1]})
        for name in sorted(names)
        if (root / name).is_file()
    )
    return Dataset(f"CFP-{part}", root, found)
