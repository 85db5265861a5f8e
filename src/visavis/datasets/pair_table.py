"""Lists of comparisons that name files: CSV as deepface's, or plain lines "a b 1"."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from visavis.datasets.listing import inside, lines
from visavis.datasets.pairing import Pair, assemble
from visavis.datasets.records import Dataset, PairList, Picture
from visavis.datasets.table import records
from visavis.errors import BadDataset

_YES: Final = ("yes", "1", "true", "same")
_NO: Final = ("no", "0", "-1", "false", "different", "diff")


def read_pair_table(file: Path, images: Path) -> PairList:
    """Pairs of files below `images`: two paths and whether they show one person.

    A header is optional; a column headed `fold` makes folds, in order of appearance, else there
    is one. The list's set is the pictures it names; who they show is not known. Raises BadDataset
    for lines of another kind.
    """
    header, rows = _parsed(file)
    fold = header.index("fold") if "fold" in header else None
    at = [place for place in range(len(header)) if place != fold and header[place]][:3]
    folds: dict[str, list[Pair]] = {}
    for number, row in rows:
        if len(at) < 3 or len(row) <= max(*at, fold or 0):
            raise BadDataset(f"expected two files and a decision in line {number} of {file}")
        first, second, decision = (row[place] for place in at)
        pair = Pair(first, second, _same(decision, number, file))
        folds.setdefault("" if fold is None else row[fold], []).append(pair)
    dataset, places = _pictures(file, images, list(folds.values()))
    return assemble(file.stem, dataset, list(folds.values()), places)


def _parsed(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Lower-case names of the columns, made up where there is no header, and the lines."""
    if file.suffix.lower() == ".csv":
        rows = list(records(file))
    else:
        rows = [(at, line.split()) for at, line in enumerate(lines(file), 1)]
    if not rows:
        raise BadDataset(f"expected pairs of pictures, got an empty file: {file}")
    _, first = rows[0]
    if len(first) >= 3 and _is_pair(first):
        return ["file_x", "file_y", "decision"], rows
    return [field.lower() for field in first], rows[1:]


def _is_pair(row: Sequence[str]) -> bool:
    """Whether a line is a pair and no header; "same" may head a column."""
    decision = row[2].lower()
    return decision in _YES + _NO and (decision != "same" or "." in row[0])


def _same(decision: str, line: int, file: Path) -> bool:
    match decision.lower():
        case word if word in _YES:
            return True
        case word if word in _NO:
            return False
        case _:
            raise BadDataset(f"expected Yes or No in line {line} of {file}, got {decision!r}")


def _pictures(
    file: Path, images: Path, folds: Sequence[Sequence[Pair]]
) -> tuple[Dataset, Mapping[str, int]]:
    """The named pictures that are there, and the place of each name."""
    names = list(dict.fromkeys(n for fold in folds for pair in fold for n in pair[:2]))
    paths = {name: inside(images, name) for name in names}
    there = {name: path for name, path in paths.items() if path.is_file()}
    pictures = {p: Picture(p, p.relative_to(images).as_posix()) for p in there.values()}
    dataset = Dataset(file.stem, images, tuple(pictures.values()))
    order = {path: at for at, path in enumerate(pictures)}
    return dataset, {name: order[path] for name, path in there.items()}
