"""Films that are gone through for `video index` and `cluster`: opened, read in step, resumed."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visavis.build import build_eyes
from visavis.errors import BadStream
from visavis.image import ImageLimits
from visavis.recognizer import Recognizer
from visavis.settings import Settings
from visavis.types import Identification, Sample
from visavis.video.appearances import UNHURRIED, Part, SweepRules, sweep
from visavis.video.index import Filmed
from visavis.video.notebook import Notebook
from visavis.video.reader import Reader
from visavis.video.source import Source, SourceOptions
from visavis.video.sources import open_source, require_extra
from visavis.video.watch import Decide, Watcher, WatchRules


def open_film(address: str, settings: Settings) -> Source:
    """A film or a folder of pictures. Raises BadStream for a camera: it has no end."""
    require_extra("reading films")
    limits = ImageLimits(settings.max_bytes, settings.max_pixels)
    source = open_source(address, SourceOptions(limits=limits))
    if source.live:
        raise BadStream(f"expected a film or a folder of pictures, got {source.name}")
    return source


def swept(
    source: Source,
    recognizer: Recognizer,
    settings: Settings,
    rules: SweepRules,
    decide: Decide,
    **options: Any,
) -> Generator[Part, None, None]:
    """The parts of a film: see `sweep`."""
    pipeline = recognizer.pipeline
    eyes = build_eyes(pipeline.detector)

    def begin() -> Watcher:
        return Watcher(pipeline, eyes, decide, settings.policy, WatchRules(pace=UNHURRIED))

    with Reader(source) as reader:
        yield from sweep(reader, begin, rules, **options)


@dataclass(slots=True)
class Book:
    """A film with what is done of it. `length`: its seconds, where they are known."""

    name: str
    source: Source
    notes: Notebook
    length: int | None = None

    def filmed(self, parts: Iterable[Part]) -> Filmed:
        """The whole film. Raises BadStream for one without a frame."""
        found = tuple(parts)
        if not found:
            raise BadStream(f"expected a film, got one without frames: {self.name}")
        return Filmed(self.name, found)

    def drop(self) -> None:
        self.notes.drop()


class Films:
    """Goes through films for who is in them; each finished part is kept at once."""

    def __init__(self, recognizer: Recognizer, settings: Settings, rules: SweepRules) -> None:
        self._recognizer = recognizer
        self._settings = settings
        self._rules = rules
        self._how = _how(recognizer, settings, rules)

    def open(self, address: str) -> Book:
        """A film and its notes. Raises BadStream."""
        source = open_film(address, self._settings)
        about = "\n".join([_what(Path(address)), self._how])
        folder = self._settings.cache_dir / "films"
        notes = Notebook(folder, self._recognizer.collection, about)
        return Book(source.name, source, notes)

    def through(self, book: Book, tick: Callable[[float], None]) -> Generator[Part, None, None]:
        """All parts of a film, those of earlier runs first."""
        done = book.notes.read()
        yield from done
        for part in swept(
            book.source,
            self._recognizer,
            self._settings,
            self._rules,
            self._decide,
            after=done[-1].number if done else -1,
            note=self._recognizer.note,
            tick=tick,
        ):
            book.notes.add(part)
            yield part

    def _decide(self, sample: Sample) -> Identification:
        return self._recognizer.decide(sample, self._settings.policy)


def _what(path: Path) -> str:
    """What tells a film from another, and from itself after a change."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    stats = [(file.name, file.stat()) for file in files if file.exists()]
    lines = (f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats)
    return "\n".join([str(path.resolve()), *lines])


def _how(recognizer: Recognizer, settings: Settings, rules: SweepRules) -> str:
    """Who could be known, and by what: where that changes, a film is begun anew."""
    people = ((one.id, one.templates) for one in recognizer.collection.subjects())
    made = (settings.detector, settings.embedder, settings.precision, settings.runtime)
    return repr((recognizer.collection.name, made, settings.policy, rules, sorted(people)))
