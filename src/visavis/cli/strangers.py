"""What `visavis cluster` runs: faces found, grouped, drawn and enrolled."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from visavis.batching import batch
from visavis.cli.console import progress
from visavis.cli.context import open_recognizer
from visavis.cli.filming import open_film, swept
from visavis.cli.pictures import SUFFIXES, tree
from visavis.cli.video import clock
from visavis.draw import grid
from visavis.errors import DuplicateSubject, InputError, VisavisError
from visavis.gallery import DATABASE
from visavis.gallery.vault import private_file
from visavis.image import encode
from visavis.recognizer import Recognizer
from visavis.settings import Settings
from visavis.types import Identification, Image, Sample, Threshold
from visavis.video.appearances import SweepRules
from visavis.video.gathering import Gathering, Group, Stranger, photos, portrait

_SHOWN: Final = 24  # faces on a sheet
_ENROLLED: Final = 6  # photos of a person
_COLUMNS: Final = 6


@dataclass(frozen=True, slots=True)
class Found:
    """The people who were told apart. `code` stands for who is in which group."""

    groups: tuple[Group, ...]
    threshold: Threshold
    faces: int
    known: Mapping[str, int]
    unclear: int
    unreadable: int

    @property
    def code(self) -> str:
        """8 hexadecimal digits, of files, places and groups; nothing of a face is in it."""
        lines = (
            f"{group.number} {face.source} {face.span} {_box(face)}"
            for group in self.groups
            for face in group.faces
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """How the enrolment of a person ended."""

    number: int
    subject: str
    templates: int = 0
    error: VisavisError | None = None


@contextmanager
def opened(settings: Settings, *, create: bool) -> Iterator[Recognizer]:
    """A recognizer, with the gallery where there is one or it is to be made."""
    if create or (settings.gallery / DATABASE).is_file():
        with open_recognizer(settings, create=create) as recognizer:
            yield recognizer
    else:
        from visavis.build import build_pipeline

        yield Recognizer(build_pipeline(settings), policy=settings.policy)


def find(recognizer: Recognizer, settings: Settings, sources: Sequence[Path], least: int) -> Found:
    """Who is in photos and films, file by file in the order given, folders by name."""
    gathering = Gathering()
    eyes = _Eyes(recognizer, settings, asks=(settings.gallery / DATABASE).is_file())
    pictures, films = _sorted(sources)
    unreadable = eyes.photos(pictures, gathering)
    for film in films:
        eyes.film(film, gathering)
    policy = settings.policy
    threshold = policy.verification(recognizer.pipeline.embedder.calibration)
    groups = tuple(gathering.groups(threshold.score, least))
    known, unclear = dict(sorted(gathering.known.items())), gathering.unclear
    return Found(groups, threshold, len(gathering), known, unclear, unreadable)


def _sorted(sources: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Photos and films, each file once. Raises InputError where there is neither."""
    pictures: dict[Path, None] = {}
    films: dict[Path, None] = {}
    for source in sources:
        if source.is_dir():
            pictures.update(dict.fromkeys(tree(source)))
        else:
            (pictures if source.suffix.lower() in SUFFIXES else films)[source] = None
    if not pictures and not films:
        raise InputError(f"expected photos or films, found none in {sources[0]}")
    return list(pictures), list(films)


class _Eyes:
    """Looks at photos and films, and asks whether faces are known."""

    def __init__(self, recognizer: Recognizer, settings: Settings, *, asks: bool) -> None:
        self._recognizer = recognizer
        self._settings = settings
        self._asks = asks

    def photos(self, paths: Sequence[Path], gathering: Gathering) -> int:
        """Takes the faces of photos; gives how many cannot be read."""
        unreadable = 0
        with (
            progress("looking at photos", len(paths)) as advance,
            closing(batch(self._look, paths)) as outcomes,
        ):
            for outcome in outcomes:
                advance(outcome.index + 1, len(paths))
                if isinstance(outcome.error, InputError):
                    unreadable += 1
                    continue
                found = outcome.unwrap()
                for one in found:
                    self._note(one)
                gathering.photo(str(paths[outcome.index]), found)
        return unreadable

    def film(self, path: Path, gathering: Gathering) -> None:
        source, rules = open_film(str(path), self._settings), SweepRules(shots=True)
        with progress(f"looking at {path.name}", unit="seconds") as advance:
            parts = swept(
                source,
                self._recognizer,
                self._settings,
                rules,
                self._decide,
                note=self._note,
                tick=lambda at: advance(int(at), None),
            )
            with closing(parts):
                for part in parts:
                    gathering.film(str(path), part)

    def _look(self, path: Path) -> list[Identification]:
        samples = self._recognizer.pipeline.samples(path, self._settings.policy)
        return [self._decide(sample) for sample in samples]

    def _decide(self, sample: Sample) -> Identification:
        policy = self._settings.policy
        if self._asks:
            return self._recognizer.decide(sample, policy)
        return Identification(
            sample, (), Threshold(1.0), reasons=policy.limits.reasons(sample.quality)
        )

    def _note(self, found: Identification) -> None:
        if self._asks:
            self._recognizer.note(found)


def written(found: Found, folder: Path, recognizer: Recognizer) -> dict[int, Path]:
    """A contact sheet of each person, readable by the owner alone; the paths by number."""
    decode = lru_cache(maxsize=4)(recognizer.pipeline.decode)

    def picture(source: str) -> Image:
        return decode(source)

    made: dict[int, Path] = {}
    for group in found.groups:
        shown = group.faces[:_SHOWN]
        sheet = grid(
            [portrait(face, picture) for face in shown], [_caption(f) for f in shown], _COLUMNS
        )
        made[group.number] = folder / f"person-{group.number:03}.png"
        with private_file(made[group.number], replace=True) as part:
            part.write_bytes(encode(sheet, "PNG"))
    return made


def enrolled(recognizer: Recognizer, group: Group, subject: str) -> Enrolled:
    """Enrols the best photos of a person, as reviewed as any others."""
    try:
        made = recognizer.enrol(subject, list(photos(group, _ENROLLED)))
    except (InputError, DuplicateSubject) as error:
        return Enrolled(group.number, subject, error=error)
    return Enrolled(group.number, subject, len(made.templates))


def _caption(face: Stranger) -> str:
    name = Path(face.source).name
    return name if face.span is None else f"{name} {clock(face.span[0])}"


def _box(face: Stranger) -> list[int]:
    return [] if face.face is None else [round(float(edge)) for edge in face.face.box]
