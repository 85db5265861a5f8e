"""The pairs of LFW's protocols: View 2 in ten folds, View 1 for development."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from visavis.datasets.lfw import read_lfw
from visavis.datasets.listing import lines
from visavis.datasets.pairing import Pair, assemble
from visavis.datasets.records import PairList
from visavis.datasets.table import records
from visavis.errors import BadDataset


def read_lfw_pairs(file: Path, images: Path) -> PairList:
    """The pairs of `pairs.txt`, `pairsDev*.txt`, or of such a list as CSV (Kaggle's mirror).

    `images` is LFW in any layout; the list's set is all of it, so that its embeddings serve other
    protocols as well. A CSV has lost its counts: a fold begins where same pairs follow different
    ones, if that gives folds of one size. Raises BadDataset where counts and lines do not fit.
    """
    dataset = read_lfw(images)
    places = {p.name.rpartition(".")[0]: at for at, p in enumerate(dataset.pictures)}
    match file.suffix.lower():
        case ".csv":
            folds = _from_csv(file)
        case _:
            folds = _from_text(file)
    return assemble(_title(file, dataset.name), dataset, folds, places)


def is_lfw_list(file: Path) -> bool:
    """Whether the file begins as LFW's lists do, with counts or with LFW's header."""
    if file.suffix.lower() == ".csv":
        header = next((row for _, row in records(file)), [])
        return "imagenum1" in (field.lower() for field in header)
    first = next(iter(lines(file)), "").split()
    return len(first) in (1, 2) and all(word.isdecimal() for word in first)


def _from_text(file: Path) -> list[list[Pair]]:
    """Folds of as many same pairs and as many different ones as the first line says."""
    header, *body = [line.split() for line in lines(file)] or [[]]
    if len(header) not in (1, 2) or not all(word.isdecimal() for word in header):
        raise BadDataset(f"expected counts in the first line of {file}, got {' '.join(header)!r}")
    count, size = (1, int(header[0])) if len(header) == 1 else map(int, header)
    if not size or len(body) != count * size * 2:
        raise BadDataset(f"expected {count} x {size} x 2 pairs in {file}, got {len(body)}")
    pairs = [_pair(fields, file) for fields in body]
    folds = [pairs[at : at + 2 * size] for at in range(0, len(pairs), 2 * size)]
    for number, fold in enumerate(folds, 1):
        if [pair.same for pair in fold] != [True] * size + [False] * size:
            raise BadDataset(f"expected {size} same, then {size} different pairs in fold {number}")
    return folds


def _from_csv(file: Path) -> list[list[Pair]]:
    rows = [row for _, row in records(file)][1:]
    pairs = [_pair([field for field in row if field], file) for row in rows]
    folds = list(_turns(pairs))
    return folds if len({len(fold) for fold in folds}) == 1 else [pairs]


def _turns(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Cut where a same pair follows a different one."""
    folds: list[list[Pair]] = []
    for pair in pairs:
        if not folds or (pair.same and not folds[-1][-1].same):
            folds.append([])
        folds[-1].append(pair)
    return folds


def _pair(fields: Sequence[str], file: Path) -> Pair:
    match fields:
        case [name, first, second] if first.isdecimal() and second.isdecimal():
            return Pair(_stem(name, first), _stem(name, second), True)
        case [name, first, other, second] if first.isdecimal() and second.isdecimal():
            return Pair(_stem(name, first), _stem(other, second), False)
        case _:
            raise BadDataset(f"expected a pair of LFW, got {' '.join(fields)!r} in {file}")


def _stem(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}"


def _title(file: Path, dataset: str) -> str:
    match file.stem.lower():
        case "pairs":
            return f"{dataset} View 2"
        case stem if stem.endswith("devtrain"):
            return f"{dataset} View 1, train"
        case stem if stem.endswith("devtest"):
            return f"{dataset} View 1, test"
        case _:
            return f"{dataset} {file.stem}"
