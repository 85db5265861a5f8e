"""One door to every layout of labelled pictures."""

from pathlib import Path
from typing import Literal, TypeAlias

from visavis.datasets.attributes import read_attributes, tables
from visavis.datasets.celeba import is_celeba, read_celeba
from visavis.datasets.folder import holds_people, read_folder
from visavis.datasets.lfw import images_folder, read_lfw
from visavis.datasets.listing import contents
from visavis.datasets.records import Dataset
from visavis.datasets.vggface2 import is_vggface2, read_vggface2
from visavis.errors import BadDataset

Layout: TypeAlias = Literal["auto", "lfw", "folder", "vggface2", "celeba", "attributes"]


def read(root: Path, layout: Layout = "auto") -> Dataset:
    """The pictures of a set in `root`, with their identities and attributes.

    Raises BadDataset that says what was looked for and what is there.
    """
    if not root.is_dir():
        raise BadDataset(f"expected a folder of pictures, got {root}")
    match recognise(root) if layout == "auto" else layout:
        case "lfw":
            return read_lfw(root)
        case "folder":
            return read_folder(root)
        case "vggface2":
            return read_vggface2(root)
        case "celeba":
            return read_celeba(root)
        case "attributes":
            return read_attributes(root)
        case other:
            raise BadDataset(f"expected a layout of a data set, got {other!r}")


def recognise(root: Path) -> Layout:
    """The layout of `root`, by its most telling files first. Raises BadDataset for none.

    Labels come before folders: FairFace lies in folders too, which are no people. An index.csv
    alone comes last: it may go with folders of people.
    """
    if is_celeba(root):
        return "celeba"
    if is_vggface2(root):
        return "vggface2"
    if images_folder(root) is not None:
        return "lfw"
    labelled = tables(root)
    if labelled and labelled[0].name != "index.csv":
        return "attributes"
    if holds_people(root):
        return "folder"
    if labelled:
        return "attributes"
    raise BadDataset(
        "expected <Name>/<Name>_0001.jpg (lfw), <identity>/<picture> (folder), train/n000001 "
        "(vggface2), img_celeba or img_align_celeba (celeba) or labels.csv (attributes) in "
        f"{root}, got {contents(root)}"
    )
