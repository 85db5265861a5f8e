"""Calibration tables as files: one format for those that come with Visavis and for your own.

The packaged ones are in `models/tables`, each written by `visavis calibrate LFW --out FILE`.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visavis.errors import ConfigError
from visavis.policy import Calibration, Tail

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

KIND: Final = "visavis-calibration"
VERSION: Final = 1
_ENDING: Final = ".json"


def save(path: Path, model: str, calibration: Calibration) -> None:
    """Writes the table of a model whole: rates, thresholds and counts, nothing about anybody."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(to_text(model, calibration), encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, model: str) -> Calibration:
    """The table of `model` in a file. Raises ConfigError for another file or another model's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the calibration file {path}: {error}") from None
    return from_text(text, model, str(path))


def table(model: str) -> Calibration | None:
    """The packaged table of a model or of embedders made of others; None where there is none."""
    found = _files().get(model)
    return None if found is None else from_text(found.read_text("utf-8"), model, found.name)


def required(found: Calibration | None, model: str) -> Calibration:
    """The table. Raises ConfigError where nothing has been measured for the model."""
    if found is None:
        raise ConfigError(
            f"{model} has no calibration table: give a threshold, or measure a table with "
            "`visavis calibrate`"
        )
    return found


def to_text(model: str, calibration: Calibration) -> str:
    """The file's text: JSON with one point a line."""
    facts = {
        "kind": KIND,
        "version": VERSION,
        "model": model,
        "dataset": calibration.dataset,
        "pairs": calibration.pairs,
        "identities": calibration.identities,
        "measured": calibration.measured,
        "tail": asdict(calibration.tail) if calibration.tail else None,
    }
    names = ("fmr", "threshold", "low", "high")
    rows = (dict(zip(names, map(_short, point), strict=False)) for point in calibration.points)
    points = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    return json.dumps(facts, indent=2)[:-2] + f',\n  "points": [\n{points}\n  ]\n}}\n'


def from_text(text: str, model: str, where: str) -> Calibration:
    """The table in a file's text; `where` names it in errors."""
    try:
        found = json.loads(text)
        if (found["kind"], found["version"]) != (KIND, VERSION):
            raise ConfigError(
                f"{where}: expected {KIND} version {VERSION}, got {found['kind']} version "
                f"{found['version']}"
            )
        if found["model"] != model:
            raise ConfigError(f"{where}: expected the table of {model}, got {found['model']}'s")
        return _calibration(found)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{where} is no calibration file: {error!r}") from None


def _calibration(found: Mapping[str, Any]) -> Calibration:
    tail = found["tail"]
    return Calibration(
        points=tuple(tuple(float(value) for value in row.values()) for row in found["points"]),  # type: ignore[misc]  # two or four, as Calibration checks
        dataset=str(found["dataset"]),
        pairs=int(found["pairs"]),
        identities=int(found["identities"]),
        measured=None if found["measured"] is None else float(found["measured"]),
        tail=None if tail is None else Tail(**tail),
    )


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _files() -> "dict[str, Traversable]":
    """The packaged tables' files by model."""
    folder = files("visavis.models").joinpath("tables")
    return {f.name.removesuffix(_ENDING): f for f in folder.iterdir() if f.name.endswith(_ENDING)}
