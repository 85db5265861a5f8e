"""Figures that others publish for the models compared here, each with its crop and its source."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Published:
    """An accuracy in per cent on LFW View 2, as its source states it.

    `crop` says how faces were cut out, which moves the figure more than most networks do.
    """

    embedder: str
    accuracy: float
    crop: str
    source: str


PUBLISHED: Final = (
    Published(
        "sface-2021dec",
        99.40,
        "faces found by OpenCV Zoo's detector, cv2.FaceRecognizerSF.alignCrop",
        "OpenCV Zoo, models/face_recognition_sface/README.md",
    ),
    Published(
        "sface-2021dec-int8bq",
        99.42,
        "faces found by OpenCV Zoo's detector, cv2.FaceRecognizerSF.alignCrop",
        "OpenCV Zoo, models/face_recognition_sface/README.md",
    ),
    Published(
        "mobilefacenet",
        99.48,
        "ArcFace's own LFW crops by MTCNN, the face and its mirror image added",
        "foamliu/MobileFaceNet, README.md",
    ),
    Published(
        "dlib-resnet-v1",
        99.38,
        "dlib's own detector and landmarks",
        "davisking/dlib-models, README.md",
    ),
)


def published(embedder: str) -> Published | None:
    """What is published for an embedder."""
    return next((p for p in PUBLISHED if p.embedder == embedder), None)
