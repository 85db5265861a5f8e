"""What the liveness benchmarks share: the checks, and their logits kept between runs."""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict as verdict

from visavis.build import build_detector, build_fused
from visavis.datasets.records import Dataset, Picture
from visavis.evaluate.fuse import looks
from visavis.evaluate.liveness import Answers, Check, Role
from visavis.liveness.look import Looker
from visavis.models.catalogue import CATALOGUE, card
from visavis.models.weights import sha256
from visavis.settings import Settings
from visavis.targets import DEFAULT_TARGET, Combination, FusionTable, LiveTarget, by_face
from visavis.train.minifasnet import FILES, pack, read
from visavis.types import Floats

OURS, PAIR, OTHER = "visavis-pad-1", "minifasnet", "antispoof-vietanh954"
TITLES = {OURS: "ours", PAIR: "MiniFASNet pair", OTHER: "VietAnh954"}
FUSED = "fused"


def arguments(description: str | None, **extra: object) -> argparse.Namespace:
    """`--data DIR`, `--results DIR` for what the report is made from, and `extra` flags."""
    parser = argparse.ArgumentParser(description=description)
    data = os.environ.get("VISAVIS_TEST_DATA")
    parser.add_argument("--data", type=Path, default=data and Path(data))
    parser.add_argument("--results", type=Path, default=Path("out/liveness"))
    for name, default in extra.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    found = parser.parse_args()
    if not found.data or not found.data.is_dir():
        sys.exit("expected data: give --data DIR or set VISAVIS_TEST_DATA")
    found.results.mkdir(parents=True, exist_ok=True)
    return found


@contextmanager
def settings(**flags: object) -> Iterator[Settings]:
    """Settings in which Minivision's pair is there if its two .pth files are in the model folder:
    converted for the time, by `visavis.train.minifasnet`.
    """
    plain = Settings.load(**flags)
    found = {} if plain.model_dir is None else _by_digest(plain.model_dir, set(FILES.values()))
    if len(found) < len(FILES):
        yield plain
        return
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        made = Path(folder) / card(PAIR).file
        made.write_bytes(pack(read(*(found[digest] for digest in FILES.values()))))
        yield Settings.load(model_files={**plain.model_files, PAIR: made}, **flags)


def _by_digest(folder: Path, wanted: set[str]) -> dict[str, Path]:
    files = (p for p in sorted(folder.rglob("*.pth")) if p.is_file())
    return {digest: p for p in files if (digest := sha256(p)) in wanted}


@dataclass(frozen=True)
class Asked:
    """The checks that are there, and the table that joins them."""

    lookers: Sequence[Looker]
    table: FusionTable
    settings: Settings

    @property
    def names(self) -> list[str]:
        return [looker.name for looker in self.lookers]

    def logits(self, pictures: Sequence[Picture], what: str, cache: Path) -> dict[str, Floats]:
        """(N,) logits of each check; kept in `cache` under the pictures' and networks' digests."""
        whole = hashlib.sha256()
        for picture in pictures:
            whole.update(picture.name.encode() + picture.path.read_bytes())
        for name in self.names:
            whole.update(card(name).sha256.encode())
        file = cache / f"{what}-{whole.hexdigest()[:16]}.npz"
        if file.exists():
            with np.load(file) as kept:
                return dict(kept)
        found = looks(build_detector(self.settings), self.lookers, pictures, progress=said(what))
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(file, **found)
        return found


def asked(found: Settings) -> Asked:
    fused = build_fused(found)
    return Asked(fused.lookers, fused.table, found)


def for_fitting(dataset: Dataset) -> tuple[Dataset, Dataset]:
    """A quarter of the people, by their names, for fitting thresholds; the others to measure on."""
    ours = [p.name for p in dataset.pictures if zlib.crc32(str(p.identity).encode()) % 4 == 0]
    others = {p.name for p in dataset.pictures} - set(ours)
    return dataset.only(ours), dataset.only(others)


def said(what: str) -> "Report":
    return Report(what)


class Report:
    """A line on stderr every tenth of the way."""

    def __init__(self, what: str) -> None:
        self._what, self._last = what, -1

    def __call__(self, done: int, total: int) -> None:
        if 10 * done // total != self._last:
            self._last = 10 * done // total
            print(f"{self._what}: {done} of {total}", file=sys.stderr, flush=True)


def joined(
    table: FusionTable,
    logits: Mapping[str, Floats],
    names: Sequence[str],
    target: LiveTarget = DEFAULT_TARGET,
) -> tuple[Floats, Floats]:
    """Scores and thresholds (N,) of some checks together: of each face by those that could tell."""
    whole = sorted(names)
    stacked = np.stack([logits[name] for name in whole], axis=1)
    told = ~np.isnan(stacked)
    scores, limits = np.full((2, len(stacked)), np.nan, np.float32)
    for pattern in np.unique(told, axis=0):
        rows = (told == pattern).all(axis=1)
        present = [n for n, there in zip(whole, pattern, strict=True) if there]
        if present:
            _put(table.of(present), stacked[rows][:, pattern], rows, scores, limits, target)
    for name in (by_face(n) for n in names if by_face(n) in logits):
        rows = ~told.any(axis=1) & ~np.isnan(logits[name])
        _put(table.of([name]), logits[name][rows][:, None], rows, scores, limits, target)
    return scores, limits


def _put(
    found: Combination,
    logits: Floats,
    rows: NDArray[np.bool_],
    scores: Floats,
    limits: Floats,
    target: LiveTarget,
) -> None:
    scores[rows] = found.scores(logits)
    limits[rows] = found.table.threshold(target)


def answers(
    table: FusionTable, logits: Mapping[str, Floats], shown: str, **how: str
) -> tuple[Answers, ...]:
    """What each check alone, and all of them fused, said of a set."""
    found = []
    names = [name for name in logits if card_of(name)]
    for name, members in [*((n, [n]) for n in names), (FUSED, names)]:
        scores, limits = joined(table, logits, members)
        usual = float(table.of(members).table.threshold(DEFAULT_TARGET))
        found.append(Answers(name, shown, usual, scores, thresholds=limits, **how))  # type: ignore[arg-type]
    return tuple(found)


def card_of(name: str) -> bool:
    """Whether it is a check's own name, not that of its judgements by the face alone."""
    return any(entry.id == name for entry in CATALOGUE)


def checks(names: Sequence[str], results: Path) -> tuple[Check, ...]:
    """How the checks stand in the report, with the times that `speed.py` left there, if it has."""
    file = results / "times.json"
    times = json.loads(file.read_text()) if file.exists() else {}
    made = []
    for name in names:
        model = card(name)
        trained = "; ".join(s.name for s in model.training_data)
        role: Role = "ours" if name == OURS else "public"
        title = TITLES.get(name, name)
        made.append(Check(name, title, role, trained, model.licence, times.get(name), model.bytes))
    return (*made, Check(FUSED, "fused default", "fused", milliseconds=times.get(FUSED)))
