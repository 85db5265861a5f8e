"""One door to every list of comparisons."""

from pathlib import Path
from typing import Literal, TypeAlias

from visavis.datasets.cfp import Part, read_cfp
from visavis.datasets.lfw_pairs import is_lfw_list, read_lfw_pairs
from visavis.datasets.pair_table import read_pair_table
from visavis.datasets.records import PairList
from visavis.errors import BadDataset

PairKind: TypeAlias = Literal["auto", "lfw", "cfp", "csv"]


def read_pairs(file: Path, images: Path, kind: PairKind = "auto", *, part: Part = "FP") -> PairList:
    """The comparisons of a protocol over the pictures in `images`.

    `file` is a list, or CFP's folder Protocol, of which `part` is taken. Pairs whose pictures are
    not there are left out with a note. Raises BadDataset.
    """
    match _recognise(file) if kind == "auto" else kind:
        case "lfw":
            return read_lfw_pairs(file, images)
        case "cfp":
            return read_cfp(file, images, part)
        case "csv":
            return read_pair_table(file, images)
        case other:
            raise BadDataset(f"expected lfw, cfp or csv, got {other!r}")


def _recognise(file: Path) -> PairKind:
    """CFP's protocol is a folder; LFW's lists begin with counts or a header of their own."""
    if file.is_dir():
        return "cfp"
    if not file.is_file():
        raise BadDataset(f"expected a list of pairs or CFP's folder Protocol, got {file}")
    return "lfw" if is_lfw_list(file) else "csv"
