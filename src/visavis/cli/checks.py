"""What the doctor looks at. Nothing here writes: no key, no gallery and no download is made."""

import os
import platform
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from visavis.cli.version import installed
from visavis.cli.words import count, size
from visavis.errors import VisavisError
from visavis.settings import Settings

if TYPE_CHECKING:
    from visavis.gallery.vault import Keyring

Status = Literal["ok", "warn", "fail"]
LEAST_DISK, LITTLE_DISK = 100 * 2**20, 2**30


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's findings, and what to do about it."""

    name: str
    status: Status
    detail: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """All checks, in the order in which one rests on the other."""
    yield from (_python(), _packages(), _extras(), _cores(settings))
    for name, check in (
        ("weights", _weights),
        ("speed", _speed),
        ("master key", _master_key),
        ("key places", _places),
        ("gallery", _gallery),
        ("disk", _disk),
    ):
        yield from _guarded(name, check, settings)


def _guarded(
    name: str, check: Callable[[Settings], Iterator[Check]], settings: Settings
) -> Iterator[Check]:
    """The findings of one check; an error is a finding too."""
    try:
        yield from check(settings)
    except VisavisError as error:
        yield Check(name, "fail", f"{error} ({error.code})")
    except OSError as error:
        yield Check(name, "fail", f"{error.strerror}: {error.filename}")


def _python() -> Check:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    fit = sys.version_info >= (3, 11)
    return Check("Python", "ok" if fit else "fail", detail, "" if fit else "needs 3.11 or later")


def _packages() -> Check:
    needed = [name for name, extra in _requirements() if extra is None]
    missing = [name for name in needed if installed(name) is None]
    if missing:
        return Check("packages", "fail", f"missing: {', '.join(missing)}", "pip install visavis")
    return Check("packages", "ok", f"all {len(needed)} are installed")


def _extras() -> Check:
    extras: dict[str, bool] = {}
    for name, extra in _requirements():
        if extra not in (None, "dev", "test"):
            extras[str(extra)] = extras.get(str(extra), True) and installed(name) is not None
    there = ", ".join(name for name, whole in extras.items() if whole)
    absent = ", ".join(name for name, whole in extras.items() if not whole)
    hint = f"not installed: {absent} (pip install 'visavis[…]')" if absent else ""
    return Check("extras", "ok", there or "none", hint)


def _requirements() -> Iterator[tuple[str, str | None]]:
    """The distributions that visavis asks for, each with the extra it belongs to."""
    for line in metadata.requires("visavis") or ():
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        if name and name[0].lower() != "visavis":
            yield name[0], extra[1] if extra else None


def _cores(settings: Settings) -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    detail = f"{cores} usable, {count(settings.threads, 'thread')} a model"
    if settings.threads > (cores or 1):
        return Check("cores", "warn", detail, "more threads than cores are slower: VISAVIS_THREADS")
    return Check("cores", "ok", detail)


def _weights(settings: Settings) -> Iterator[Check]:
    from visavis.build import build_weights, cards_of

    try:
        cards = cards_of(settings)
    except VisavisError as error:
        yield Check("models", "fail", str(error), "visavis models list")
        return
    weights = build_weights(settings)
    for card in cards:
        try:
            path = weights.find(card)
        except VisavisError as error:
            yield Check(card.id, "fail", str(error), "remove the file, then: visavis models pull")
            continue
        if path is None:
            how = card.obtain or f"visavis models pull {card.id}"
            yield Check(card.id, "fail", "not on this machine", how)
        else:
            yield Check(card.id, "ok", f"SHA-256 is right: {path}")


def _speed(settings: Settings) -> Iterator[Check]:
    """One real detection and embedding, of noise with a face marked in it."""
    import numpy as np

    from visavis.build import build_pipeline
    from visavis.image import ARCFACE
    from visavis.types import Face

    began = time.perf_counter()
    pipeline = build_pipeline(settings)
    loaded = time.perf_counter() - began
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    face = Face(np.array([200, 100, 424, 324]), ARCFACE * 2 + (200, 100), 1.0)
    detecting = _milliseconds(lambda: pipeline.detector.detect(image))
    embedding = _milliseconds(lambda: pipeline.embedder.embed(image, [face]))
    yield Check(
        "speed",
        "ok",
        f"detect 640x480 {detecting:.0f} ms, embed {embedding:.0f} ms, load {loaded * 1e3:.0f} ms "
        f"({settings.runtime}, {settings.device})",
    )


def _milliseconds(work: Callable[[], object]) -> float:
    """The median of five runs after a first one."""
    times = []
    for _ in range(6):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) * 1e3


def _master_key(settings: Settings) -> Iterator[Check]:
    from visavis.build import build_keyring

    name = "master key"
    file = settings.master_key_file
    given = settings.master_key or settings.master_key_command
    if not given and not file.exists() and not settings.key_store.exists():
        yield Check(name, "ok", f"none yet; will be made on first use: {file}")
        return
    ring: Keyring = build_keyring(settings)
    if settings.master_key is not None:
        source = "from VISAVIS_MASTER_KEY"
    elif settings.master_key_command is not None:
        source = "from VISAVIS_MASTER_KEY_COMMAND"
    else:
        source = f"{file}, mode {file.stat().st_mode & 0o777:04o}"
    advice = "without it the gallery is lost: visavis keys export"
    yield Check(name, "ok", f"{ring.active_id}, {source}", advice)


def _places(settings: Settings) -> Iterator[Check]:
    """Keys beside the data travel with its backups."""
    from_file = settings.master_key is None and settings.master_key_command is None
    if from_file and _inside(settings.master_key_file, settings.gallery):
        yield Check(
            "key file",
            "warn",
            f"lies in the gallery's folder: {settings.master_key_file}",
            "whoever copies the folder can read it: move the file, set VISAVIS_MASTER_KEY_FILE",
        )
    if _inside(settings.key_store, settings.gallery):
        yield Check(
            "key store",
            "warn",
            f"lies in the gallery's folder: {settings.key_store}",
            "a backup of the whole folder brings forgotten people back: use visavis gallery "
            "backup, or put the store elsewhere with VISAVIS_KEYS",
        )
    else:
        yield Check("key store", "ok", f"apart from the gallery: {settings.key_store}")


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _gallery(settings: Settings) -> Iterator[Check]:
    from visavis.build import build_gallery
    from visavis.gallery import DATABASE

    if not (settings.gallery / DATABASE).is_file():
        yield Check("gallery", "ok", f"none yet; will be made on first use: {settings.gallery}")
        return
    with build_gallery(settings) as gallery:
        held = gallery.collections()
        orphans = len(gallery.orphans())
    people = count(sum(c.subjects for c in held), "subject")
    yield Check("gallery", "ok", f"opens: {count(len(held), 'collection')}, {people}")
    if orphans:
        yield Check(
            "lost keys",
            "warn",
            f"{count(orphans, 'subject')} cannot be read: the key store lacks their keys",
            "restore the key store: visavis keys import",
        )


def _disk(settings: Settings) -> Iterator[Check]:
    place = next(p for p in (settings.gallery, *settings.gallery.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    status: Status = "fail" if free < LEAST_DISK else "warn" if free < LITTLE_DISK else "ok"
    advice = "" if status == "ok" else "make room: a full disk stops enrolment"
    yield Check("disk", status, f"{size(free)} free at {place}", advice)
