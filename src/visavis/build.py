"""The composition root: the only place that names concrete backends."""

from pathlib import Path
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

from visavis.detect.mtcnn import Mtcnn
from visavis.detect.second_look import SecondLook
from visavis.detect.yunet import YuNet
from visavis.embed.fusion import FlipAverage, Fusion, Part, parse
from visavis.embed.onnx import OnnxEmbedder
from visavis.errors import ConfigError
from visavis.gallery import DATABASE
from visavis.image import ImageLimits
from visavis.models.catalogue import ModelCard, Runtime, card
from visavis.models.graph import optimised
from visavis.models.session import open_session
from visavis.models.weights import Weights
from visavis.pipeline import Pipeline
from visavis.policy import Calibration
from visavis.protocols import Detector, Embedder
from visavis.recognizer import Recognizer
from visavis.settings import Settings

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.vault import Keyring

DEEPFACE: Final = "deepface:"
"""Before a name of DeepFace's own: an embedder that has no card."""
_DLIB_POINTS: Final = "dlib-5-points"


def build_recognizer(settings: Settings | None = None) -> Recognizer:
    """A Recognizer with its gallery, made and given a master key on first use.

    Raises MissingWeights, CorruptWeights, WrongKey, ModelMismatch, ConfigError.
    """
    settings = settings or Settings.load()
    return Recognizer(
        build_pipeline(settings),
        build_gallery(settings),
        collection=settings.collection,
        policy=settings.policy,
        keep_crops=settings.keep_crops,
    )


def build_pipeline(settings: Settings) -> Pipeline:
    """Detector and embedder, loaded; no gallery."""
    return Pipeline(
        build_detector(settings),
        build_embedder(settings),
        limits=ImageLimits(settings.max_bytes, settings.max_pixels),
    )


def build_detector(settings: Settings) -> Detector:
    """The detector of the settings; YuNet with a second look at each face.

    Detectors always run in ONNX Runtime (`benchmarks/foundation/runtimes.py` says why).
    """
    model = _card(settings.detector, "detect")
    match model.family:
        case "yunet":
            session = open_session(
                _graph(model, settings, "onnxruntime"),
                device=settings.device,
                threads=settings.threads,
            )
            first = YuNet(session, sideways=settings.sideways)
            return SecondLook(first, YuNet(session, close_ups=False))
        case "mtcnn":
            with ZipFile(build_weights(settings).locate(model)) as file:
                graphs = [file.read(f"{name}.onnx") for name in ("pnet", "rnet", "onet")]
            return Mtcnn(
                *(open_session(g, device=settings.device, threads=settings.threads) for g in graphs)
            )
        case family:
            raise ConfigError(f"no detector is built for the family {family!r}")


def build_embedder(settings: Settings) -> Embedder:
    """The embedder of the settings: one model, `@flip` of it, or several joined by `+`.

    `settings.calibration` names a table that stands before the model's own.
    """
    parts = parse(settings.embedder)
    table = _table(settings)
    match parts:
        case [part]:
            return _embedder(part, settings, table)
        case _:
            return Fusion([_embedder(part, settings) for part in parts], calibration=table)


def _embedder(part: Part, settings: Settings, table: Calibration | None = None) -> Embedder:
    if part.flip:
        return FlipAverage(_embedder(Part(part.model), settings), table)
    if part.model.startswith(DEEPFACE):
        from visavis.embed.deepface import DeepFaceEmbedder

        return DeepFaceEmbedder(part.model.removeprefix(DEEPFACE), table)
    model = _card(part.model, "embed")
    match model.family:
        case "sface" | "mobilefacenet":
            session = open_session(
                _graph(model, settings, settings.runtime),
                runtime=settings.runtime,
                device=settings.device,
                threads=settings.threads,
                precision=settings.precision,
            )
            return OnnxEmbedder(session, model, table)
        case "dlib":
            from visavis.embed.dlib import DlibEmbedder

            weights = build_weights(settings)
            points = weights.locate(card(_DLIB_POINTS))
            return DlibEmbedder(weights.locate(model), points, model, table)
        case family:
            raise ConfigError(f"no embedder is built for the family {family!r}")


def cards_of(settings: Settings) -> tuple[ModelCard, ...]:
    """The cards of all models that the settings put to work, each once.

    DeepFace's models have none: their files are DeepFace's business.
    """
    names = [part.model for part in parse(settings.embedder)]
    found = [_card(settings.detector, "detect")]
    found += [_card(name, "embed") for name in names if not name.startswith(DEEPFACE)]
    if any(model.family == "dlib" for model in found):
        found.append(card(_DLIB_POINTS))
    return tuple(dict.fromkeys(found))


def build_weights(settings: Settings) -> Weights:
    """Where model files are found. Only an explicit `pull` downloads."""
    return Weights(
        settings.model_dir,
        settings.cache_dir / "models",
        explicit=settings.model_files,
        accept_non_commercial=settings.accept_non_commercial,
        download=False,
    )


def build_gallery(settings: Settings) -> "Gallery":
    """The gallery alone: what needs no model opens quickly."""
    from visavis.gallery.gallery import Gallery

    keyring = build_keyring(settings)
    return Gallery(settings.gallery, keyring, keys=settings.key_store)


def build_keyring(settings: Settings) -> "Keyring":
    """The master keys: from the environment, a command, or the key file, made if need be.

    A key file is made only where there is no gallery yet: a lost key is an error, not a reason
    for a new one.
    """
    from visavis.gallery.vault import Keyring

    if settings.master_key is not None:
        return Keyring.parse(settings.master_key.get_secret_value())
    if settings.master_key_command is not None:
        return Keyring.from_command(settings.master_key_command)
    if settings.master_key_file.exists():
        return Keyring.load(settings.master_key_file)
    if settings.key_store.exists() or (settings.gallery / DATABASE).exists():
        raise ConfigError(
            f"the gallery's master key is missing: expected it in {settings.master_key_file}, "
            "VISAVIS_MASTER_KEY or VISAVIS_MASTER_KEY_COMMAND; restore it from a key export"
        )
    try:
        return Keyring.create(settings.master_key_file)
    except ConfigError:  # another process was quicker
        return Keyring.load(settings.master_key_file)


def _table(settings: Settings) -> Calibration | None:
    """The calibration file of the settings, if they name one."""
    if settings.calibration is None:
        return None
    from visavis.models.calibration import load

    return load(settings.calibration, settings.embedder)


def _card(name: str, task: str) -> ModelCard:
    found = card(name)
    if found.task != task:
        raise ConfigError(f"expected a model for the task {task!r}, got {name} ({found.task})")
    return found


def _graph(model: ModelCard, settings: Settings, runtime: Runtime) -> Path | bytes:
    """The model's file, located and verified, with the load-time fixes for a runtime."""
    path = build_weights(settings).locate(model)
    return optimised(path, model, settings.cache_dir / "graphs", runtime=runtime)
