"""The composition root: the only place that names concrete backends."""

from pathlib import Path
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

from visavis.detect.mtcnn import Mtcnn
from visavis.detect.second_look import SecondLook
from visavis.detect.yunet import YuNet
from visavis.embed.fusion import FlipAverage, Fusion, Part, parse
from visavis.embed.onnx import OnnxEmbedder
from visavis.errors import ConfigError, LicenceNotAccepted
from visavis.gallery import DATABASE
from visavis.image import ImageLimits
from visavis.liveness.fusion import Fused
from visavis.models.catalogue import CATALOGUE, ModelCard, Runtime, card
from visavis.models.graph import optimised
from visavis.models.session import open_session
from visavis.models.weights import Weights
from visavis.pipeline import Pipeline
from visavis.policy import Calibration
from visavis.protocols import Detector, Embedder, LivenessCheck, ModelSession
from visavis.recognizer import Recognizer
from visavis.settings import Settings

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.vault import Keyring
    from visavis.liveness.look import Looker
    from visavis.video.watch import Eyes

DEEPFACE: Final = "deepface:"
"""Before a name of DeepFace's own: an embedder or a liveness check that has no card."""
OWN_CHECK: Final = "visavis-pad-1"
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
    """Detector, embedder and, unless liveness is off, its check, loaded; no gallery."""
    return Pipeline(
        build_detector(settings),
        build_embedder(settings),
        None if settings.liveness == "off" else build_liveness(settings),
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


def build_eyes(detector: Detector) -> "Eyes":
    """What watches streams: the first look of a detector alone, and the second where it is worth
    its time.
    """
    from visavis.video.watch import Eyes

    match detector:
        case SecondLook():
            return Eyes(detector.first, detector.again)
        case _:
            return Eyes(detector, lambda _, face: face)


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


def build_liveness(settings: Settings) -> LivenessCheck:
    """The liveness check of the settings, whether they ask for one or not.

    Its networks run in ONNX Runtime in full precision, as they did when they were calibrated.
    Raises ConfigError where nothing was measured of these checks together, MissingWeights.
    """
    if not settings.check.startswith(DEEPFACE):
        return build_fused(settings)
    from visavis.liveness.deepface import DeepFaceLiveness

    if settings.check != f"{DEEPFACE}Fasnet":
        raise ConfigError(f"expected deepface:Fasnet, which fuses with none, got {settings.check}")
    if settings.bpcer is not None or settings.apcer is not None:
        raise ConfigError(
            "nothing was measured of deepface:Fasnet: expected live_threshold, got a rate"
        )
    limit = settings.live_threshold
    return DeepFaceLiveness() if limit is None else DeepFaceLiveness(limit)


def build_fused(settings: Settings) -> Fused:
    """The settings' own networks, fused by the packaged table or by that of `live_calibration`.

    Raises as `build_liveness`.
    """
    from visavis.models.liveness_table import load, packaged

    path = settings.live_calibration
    table = packaged() if path is None else load(path)
    return Fused(build_lookers(settings), table)


def build_lookers(settings: Settings) -> "list[Looker]":
    """The networks of the settings' checks, each by itself and uncalibrated."""
    return [_looker(model, settings) for model in checks_of(settings)]


def checks_of(settings: Settings) -> list[ModelCard]:
    """The cards of the checks that the settings name; by `auto` ours and all whose file is here.

    DeepFace's has none.
    """
    if settings.check.startswith(DEEPFACE):
        return []
    if settings.check != "auto":
        return [_card(name, "liveness") for name in settings.check.split("+")]
    weights = build_weights(settings)
    own = card(OWN_CHECK)
    others = [c for c in CATALOGUE if c.task == "liveness" and c.family != own.family]
    return [own, *(c for c in others if _is_here(c, weights))]


def _is_here(model: ModelCard, weights: Weights) -> bool:
    try:
        return weights.find(model) is not None
    except LicenceNotAccepted:
        return False


def _looker(model: ModelCard, settings: Settings) -> "Looker":
    def session(graph: Path | bytes) -> ModelSession:
        return open_session(graph, device=settings.device, threads=settings.threads)

    match model.family:
        case "visavis-pad":
            from visavis.liveness.passive import Passive

            return Passive(session(build_weights(settings).locate(model)), model)
        case "minifasnet":
            from visavis.liveness.minifasnet import MiniFasNetPair

            with ZipFile(build_weights(settings).locate(model)) as file:
                near, far = (session(file.read(f"{name}.onnx")) for name in ("v2", "v1se"))
            return MiniFasNetPair(near, far, model)
        case "antispoof":
            from visavis.liveness.antispoof import AntiSpoof

            return AntiSpoof(session(_graph(model, settings, "onnxruntime")), model)
        case family:
            raise ConfigError(f"no liveness check is built for the family {family!r}")


def cards_of(settings: Settings) -> tuple[ModelCard, ...]:
    """The cards of all models that the settings put to work, each once.

    DeepFace's models have none: their files are DeepFace's business.
    """
    names = [part.model for part in parse(settings.embedder)]
    found = [_card(settings.detector, "detect")]
    found += [_card(name, "embed") for name in names if not name.startswith(DEEPFACE)]
    if any(model.family == "dlib" for model in found):
        found.append(card(_DLIB_POINTS))
    if settings.liveness != "off":
        found += checks_of(settings)
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
