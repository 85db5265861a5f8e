"""From pictures to training crops: detect, align, resize, split by person, and write an index."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

from visavis.batching import Outcome, Progress, batch
from visavis.datasets.records import Dataset, Picture
from visavis.datasets.split import PARTS, Part, Split, key
from visavis.errors import InputError, LowQuality
from visavis.evaluate.prepared import CropFolder, Entry, line
from visavis.image import ImageLimits, align, decode, save
from visavis.pipeline import choose
from visavis.policy import Policy, QualityLimits
from visavis.protocols import Detector
from visavis.quality import assess

_JPEG_QUALITY: Final = 95
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Preparation:
    """How crops are made: what must be the same for a run to be taken up again.

    Crops are `size` pixels a side, with the landmarks at ArcFace's places (Deng et al., CVPR
    2019), as RGB uint8. Networks take (x - mean) / std of them: that is written down with them,
    and done in arrays. `detector` names what finds faces.
    """

    detector: str
    size: int = 112
    face: Literal["only", "dominant", "largest", "central"] = "central"
    limits: QualityLimits | None = None
    split: Split = field(default_factory=Split)
    suffix: Literal[".jpg", ".png"] = ".jpg"
    mean: float = 127.5
    std: float = 127.5

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 1024:
            raise InputError(f"expected crops of 16 to 1024 pixels a side, got {self.size}")


@dataclass(frozen=True, slots=True)
class PartCount:
    """How many crops, of how many people, are in one part."""

    part: Part
    crops: int
    identities: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of it: `failures` are (picture, code); `resumed` counts what was there before."""

    folder: Path
    pictures: int
    resumed: int
    failures: tuple[tuple[str, str], ...]
    parts: tuple[PartCount, ...]
    notes: tuple[str, ...]

    @property
    def crops(self) -> int:
        return sum(part.crops for part in self.parts)

    @property
    def codes(self) -> tuple[tuple[str, int], ...]:
        """How often each code failed a picture, the most frequent first."""
        return tuple(Counter(code for _, code in self.failures).most_common())


def prepare(
    detector: Detector,
    dataset: Dataset,
    out: Path,
    preparation: Preparation,
    *,
    image_limits: ImageLimits | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """One aligned crop of each picture in `out`, on all cores, with an index and the failures.

    May be stopped at any point, even killed, and called again: what is done is not done again,
    and what was added to the set is. Raises InputError where `out` holds something else or was
    made with other settings.
    """
    folder = CropFolder(out, preparation.suffix)
    _check_names(dataset, folder)
    folder.claim({"format": _FORMAT, "dataset": dataset.name, **asdict(preparation)})
    entries = folder.done(dataset)
    resumed = len(entries)
    todo = [picture for picture in dataset.pictures if picture.name not in entries]
    limits = image_limits or ImageLimits()

    def crop(picture: Picture) -> Entry:
        return _crop(detector, picture, folder.crop(picture), preparation, limits)

    with folder.journal() as journal, closing(batch(crop, todo)) as outcomes:
        for outcome in outcomes:
            entry = _entry(outcome, todo[outcome.index])
            entries[entry.name] = entry
            journal.write(line(entry))
            journal.flush()
            if progress is not None:
                progress(len(entries), len(dataset))
    folder.write_index(dataset, entries, preparation.split)
    failures = [(n, e) for p in dataset.pictures if (e := entries[n := p.name].error)]
    kept = [p for p in dataset.pictures if not entries[p.name].error]
    parts, notes = _count(kept, preparation.split), _notes(dataset)
    return Prepared(out, len(dataset), resumed, tuple(failures), parts, notes)


def _crop(
    detector: Detector, picture: Picture, target: Path, how: Preparation, limits: ImageLimits
) -> Entry:
    image = decode(picture.path, limits)
    face = choose(detector.detect(image), Policy(face=how.face), image)
    quality = assess(image, face)
    if how.limits is not None and (reasons := how.limits.reasons(quality)):
        raise LowQuality(f"the face is unfit: {', '.join(reasons)}", reasons)
    target.parent.mkdir(parents=True, exist_ok=True)
    save(align(image, face.landmarks, how.size), target, _JPEG_QUALITY)
    return Entry.of(picture.name, picture.path.stat().st_size, face, quality)


def _entry(outcome: Outcome[Entry], picture: Picture) -> Entry:
    if outcome.error is None:
        return outcome.unwrap()
    size = picture.path.stat().st_size if picture.path.exists() else -1
    return Entry(picture.name, size, outcome.error.code)


def _check_names(dataset: Dataset, folder: CropFolder) -> None:
    """Raises InputError where two pictures would share a crop, be it on a forgiving file system."""
    crops = Counter(folder.crop(picture).as_posix().lower() for picture in dataset.pictures)
    name, times = crops.most_common(1)[0]
    if times > 1:
        raise InputError(f"expected a crop for each picture, got {times} for {name}")


def _count(kept: Sequence[Picture], split: Split) -> tuple[PartCount, ...]:
    people: dict[Part, list[str | None]] = {part: [] for part in PARTS}
    for picture in kept:
        people[split.part(key(picture))].append(picture.identity)
    return tuple(PartCount(p, len(who), len({*who} - {None})) for p, who in people.items())


def _notes(dataset: Dataset) -> tuple[str, ...]:
    nameless = sum(picture.identity is None for picture in dataset.pictures)
    told = f"{nameless} pictures of nobody in particular: dealt out one by one, not by person"
    return (*dataset.notes, told) if nameless else dataset.notes
