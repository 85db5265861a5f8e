"""Where sets of faces come from, on what terms, and how to cite them.

Addresses and SHA-256 sums of LFW are those that scikit-learn carries (`datasets/_lfw.py`, BSD
licence). A set whose files have no digest known for certain is not downloaded: it says how to get
it instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from visavis.errors import InputError


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to download: addresses tried in order, its digest, and its size where known.

    An `archive` (.tgz, .tar or .zip) is unpacked, and not kept.
    """

    name: str
    urls: tuple[str, ...]
    sha256: str
    bytes: int | None = None
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A set by name. Without `files`, `instructions` say what its user must do."""

    name: str
    title: str
    terms: str
    citation: str
    page: str
    files: tuple[RemoteFile, ...] = ()
    instructions: str = ""


def _figshare(name: str, number: int, sha256: str, size: int | None = None) -> RemoteFile:
    url = f"https://ndownloader.figshare.com/files/{number}"
    return RemoteFile(name, (url,), sha256, size, archive=name.endswith(".tgz"))


_LFW_LISTS: Final = (
    _figshare(
        "pairs.txt",
        5976006,
        "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592",
        155_335,
    ),
    _figshare(
        "pairsDevTrain.txt",
        5976012,
        "1d454dada7dfeca0e7eab6f65dc4e97a6312d44cf142207be28d688be92aabfa",
        56_579,
    ),
    _figshare(
        "pairsDevTest.txt",
        5976009,
        "7cb06600ea8b2814ac26e946201cdb304296262aad67d046a16a7ec85d0ff87c",
        26_002,
    ),
)
_LFW_TERMS: Final = (
    "Published for research; no licence comes with it. The pictures are news photographs of real "
    "people; its publishers warn that it is no measure of fitness for deployment."
)
_LFW_CITATION: Final = (
    "G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller: Labeled Faces in the Wild, University of "
    "Massachusetts, Amherst, Technical Report 07-49, 2007"
)
_LFW_PAGE: Final = "http://vis-www.cs.umass.edu/lfw/"

CATALOGUE: Final = (
    Source(
        "lfw",
        "Labeled Faces in the Wild, as found",
        _LFW_TERMS,
        _LFW_CITATION,
        _LFW_PAGE,
        (
            *_LFW_LISTS,
            _figshare(
                "lfw.tgz",
                5976018,
                "055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0",
            ),
        ),
    ),
    Source(
        "lfw-funneled",
        "Labeled Faces in the Wild, aligned by funnelling",
        _LFW_TERMS,
        _LFW_CITATION + "; G. B. Huang, V. Jain, E. Learned-Miller, ICCV 2007 (alignment)",
        _LFW_PAGE,
        (
            *_LFW_LISTS,
            _figshare(
                "lfw-funneled.tgz",
                5976015,
                "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
            ),
        ),
    ),
    Source(
        "lfw-deepfunneled",
        "Labeled Faces in the Wild, aligned by deep funnelling",
        _LFW_TERMS,
        _LFW_CITATION + "; G. B. Huang et al., NIPS 2012 (alignment)",
        _LFW_PAGE,
        instructions="kaggle datasets download -d jessicali9530/lfw-dataset --unzip -p DIR\n"
        "DIR then holds lfw-deepfunneled/ and pairs.csv; both are read as they are.",
    ),
    Source(
        "vggface2",
        "VGGFace2: 9,131 people, 3.3 million pictures",
        "Offered by mirrors alone. The pictures were found on the web: the copyright stays "
        "with their owners, and the people did not consent. Keep to the terms of whoever gives "
        "it to you.",
        "Q. Cao, L. Shen, W. Xie, O. M. Parkhi, A. Zisserman: VGGFace2, FG 2018",
        "https://www.robots.ox.ac.uk/~vgg/data/vgg_face2/",
        instructions="kaggle datasets download -d hearfool/vggface2 --unzip -p DIR\n"
        "DIR then holds train/n000002/… and val/n000001/…; put identity_meta.csv beside them for "
        "genders.",
    ),
    Source(
        "celeba",
        "CelebA: 10,177 people, 202,599 pictures, 40 attributes",
        "Non-commercial research only; no pictures may be passed on.",
        "Z. Liu, P. Luo, X. Wang, X. Tang: Deep Learning Face Attributes in the Wild, ICCV 2015",
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        instructions="kaggle datasets download -d jessicali9530/celeba-dataset --unzip -p DIR\n"
        "That copy has no identities: ask the authors for identity_CelebA.txt, as their page says, "
        "and put it in DIR.",
    ),
    Source(
        "fairface",
        "FairFace: 108,501 faces with perceived age, gender and race",
        "CC BY 4.0.",
        "K. Karkkainen, J. Joo: FairFace, WACV 2021",
        "https://github.com/joojs/fairface",
        instructions="Download the pictures and fairface_label_train.csv and "
        "fairface_label_val.csv from the links on the page, and put train/, val/ and both tables "
        "in DIR.",
    ),
    Source(
        "cfp",
        "Celebrities in Frontal-Profile: 500 people, 7,000 pictures",
        "Published for research; see the page.",
        "S. Sengupta, J.-C. Chen, C. Castillo, V. M. Patel, R. Chellappa, D. W. Jacobs: Frontal to "
        "Profile Face Verification in the Wild, WACV 2016",
        "http://www.cfpw.io/",
        instructions="Download cfp-dataset.zip from the page and unpack it: Data/Images and "
        "Protocol are read as they are.",
    ),
    Source(
        "nuaa",
        "NUAA Photograph Imposter Database: printed photographs before a camera, 15 people",
        "Published for research; ask its authors.",
        "X. Tan, Y. Li, J. Liu, L. Jiang: Face Liveness Detection from a Single Image with Sparse "
        "Low Rank Bilinear Discriminative Model, ECCV 2010",
        "https://parnec.nuaa.edu.cn/",
        instructions="Ask the authors for the database. Put ClientRaw in DIR as real/ and "
        "ImposterRaw as spoof/, or write an index.csv with the columns file,label,subject,session.",
    ),
)
"""All known sources."""


def source(name: str, catalogue: Sequence[Source] = CATALOGUE) -> Source:
    """The source of that name. Raises InputError that lists the known ones."""
    found = next((one for one in catalogue if one.name == name), None)
    if found is None:
        raise InputError(f"expected one of {', '.join(s.name for s in catalogue)}, got {name!r}")
    return found
