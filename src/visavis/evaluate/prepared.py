"""A folder of aligned crops: its settings, the journal of a run, and the index it ends in."""

import csv
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, TextIO

from visavis.datasets.records import Dataset, Picture
from visavis.datasets.split import Split, key
from visavis.errors import InputError
from visavis.types import Face, Quality

INDEX: Final = "labels.csv"
FAILURES: Final = "failures.csv"
SETTINGS: Final = "prepare.json"
_JOURNAL: Final = "journal.jsonl"
_POINTS: Final = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
_MEASURES: Final = tuple(f.name for f in fields(Quality))
COLUMNS: Final = (
    *("file", "name", "identity", "split", "x1", "y1", "x2", "y2"),
    *(f"{point}_{axis}" for point in _POINTS for axis in "xy"),
    *("detector_score", "quality", *_MEASURES[1:]),
)
"""The index's columns before the set's own labels. Boxes and landmarks are in pixels of the
picture, left and right as one looks at it; `quality` is `Quality.score`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one picture of `bytes` bytes: an error's code, or what was found in it.

    `values`: box, landmarks and score of the face, and the measures of its quality, as in COLUMNS.
    """

    name: str
    bytes: int
    error: str = ""
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, name: str, size: int, face: Face, quality: Quality) -> "Entry":
        measures = (float(getattr(quality, measure)) for measure in _MEASURES)
        places = (*face.box.tolist(), *face.landmarks.ravel().tolist())
        return cls(name, size, values=(*places, float(face.score), *measures))


@dataclass(frozen=True, slots=True)
class CropFolder:
    """Where crops, `labels.csv`, `failures.csv` and `prepare.json` go."""

    path: Path
    suffix: str

    def crop(self, picture: Picture) -> Path:
        """Where a picture's crop lies: `crops/`, then the picture's name."""
        name = picture.name
        return self.path / "crops" / (name if name.endswith(self.suffix) else name + self.suffix)

    def claim(self, settings: Mapping[str, object]) -> None:
        """Makes the folder, or finds it made with the same settings. Raises InputError."""
        file = self.path / SETTINGS
        wanted = json.loads(json.dumps(settings))
        if file.exists():
            there = json.loads(file.read_text(encoding="utf-8"))
            if others := [name for name in wanted if wanted[name] != there.get(name)]:
                told = "; ".join(f"{n} {there.get(n)}, not {wanted[n]}" for n in others)
                raise InputError(f"{self.path} was made with {told}: choose another folder")
        elif self.path.exists() and any(self.path.iterdir()):
            raise InputError(f"expected an empty folder or one begun before, got {self.path}")
        else:
            self.path.mkdir(parents=True, exist_ok=True)
            with _replacing(file) as text:
                json.dump(wanted, text, indent=2)

    def done(self, dataset: Dataset) -> dict[str, Entry]:
        """What the journal says of pictures that have not changed and whose crop is there."""
        sizes = {p.name: p.path.stat().st_size if p.path.exists() else -1 for p in dataset.pictures}
        crops = {p.name: self.crop(p) for p in dataset.pictures}
        return {
            entry.name: entry
            for entry in self._read()
            if entry.bytes == sizes.get(entry.name) and (entry.error or crops[entry.name].exists())
        }

    @contextmanager
    def journal(self) -> Iterator[TextIO]:
        """The journal, open for more lines; a line cut short by a kill is ended first."""
        path = self.path / _JOURNAL
        torn = path.exists() and path.read_bytes()[-1:] != b"\n"
        with path.open("a", encoding="utf-8") as text:
            text.write("\n" if torn else "")
            yield text

    def write_index(self, dataset: Dataset, entries: Mapping[str, Entry], split: Split) -> None:
        """Puts the index and the failures in place, in the set's order, each in one step."""
        labels = list(dict.fromkeys(n for p in dataset.pictures for n in p.attributes))
        heads = [f"set_{name}" if name in COLUMNS else name for name in labels]
        rows, failed = [], []
        for picture in dataset.pictures:
            entry = entries[picture.name]
            if entry.error:
                failed.append((picture.name, picture.identity or "", entry.error))
                continue
            file = self.crop(picture).relative_to(self.path).as_posix()
            about = (file, picture.name, picture.identity or "", split.part(key(picture)))
            own = (picture.attributes.get(name, "") for name in labels)
            rows.append((*about, *(f"{value:.6g}" for value in entry.values), *own))
        self._table(INDEX, (*COLUMNS, *heads), rows)
        self._table(FAILURES, ("name", "identity", "code"), failed)

    def _read(self) -> Iterator[Entry]:
        path = self.path / _JOURNAL
        if not path.exists():
            return
        with path.open(encoding="utf-8") as text:
            for line in text:
                with suppress(ValueError, TypeError):  # a line that a kill cut short
                    entry = Entry(**json.loads(line))
                    yield Entry(entry.name, entry.bytes, entry.error, tuple(entry.values))

    def _table(self, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        with _replacing(self.path / name) as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


def line(entry: Entry) -> str:
    """The journal's line for an entry."""
    return json.dumps(asdict(entry)) + "\n"


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when the block ends, or never."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("x", newline="", encoding="utf-8") as text:
            yield text
            text.flush()
            os.fsync(text.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
