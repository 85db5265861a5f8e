"""Liveness tables as files: one format for the one that comes with Visavis and for your own.

The packaged one is `models/tables_liveness/packaged.json`; `visavis calibrate-liveness` writes
yours.
"""

import json
import os
import secrets
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from visavis.errors import ConfigError
from visavis.targets import Combination, FusionTable, LivenessTable

KIND: Final = "visavis-liveness"
VERSION: Final = 1
_PACKAGED: Final = "packaged.json"


def save(path: Path, table: FusionTable) -> None:
    """Writes the table whole: weights, thresholds and rates, nothing about anybody."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(to_text(table), encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path) -> FusionTable:
    """The table in a file. Raises ConfigError for another file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the liveness table {path}: {error}") from None
    return from_text(text, str(path))


def packaged() -> FusionTable:
    """The table that comes with Visavis. Raises ConfigError where it comes without."""
    found = files("visavis.models").joinpath("tables_liveness", _PACKAGED)
    if not found.is_file():
        raise ConfigError("no liveness table comes with this Visavis: name one in live_calibration")
    return from_text(found.read_text("utf-8"), found.name)


def to_text(table: FusionTable) -> str:
    """The file's text: JSON with one point a line."""
    parts = ",\n".join(_combination_text(c) for c in table.combinations)
    head = f'{{\n "kind": "{KIND}",\n "version": {VERSION},\n "combinations": [\n'
    return f"{head}{parts}\n ]\n}}\n"


def from_text(text: str, where: str) -> FusionTable:
    """The table in a file's text; `where` names it in errors."""
    try:
        found = json.loads(text)
        if (found["kind"], found["version"]) != (KIND, VERSION):
            raise ConfigError(
                f"{where}: expected {KIND} version {VERSION}, got {found['kind']} version "
                f"{found['version']}"
            )
        return FusionTable(tuple(_combination(c) for c in found["combinations"]))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{where} is no liveness table: {error!r}") from None


def _combination_text(one: Combination) -> str:
    facts = {
        "checks": one.checks,
        "weights": one.weights,
        "bias": one.bias,
        "bona_fide": one.table.bona_fide,
        "attacks": one.table.attacks,
    }
    names = ("threshold", "bpcer", "apcer")
    rows = (dict(zip(names, point, strict=True)) for point in one.table.points)
    points = ",\n".join(f"   {json.dumps(row)}" for row in rows)
    return f'  {json.dumps(facts)[:-1]}, "points": [\n{points}\n  ]}}'


def _combination(found: Mapping[str, Any]) -> Combination:
    points = tuple(
        (float(row["threshold"]), float(row["bpcer"]), float(row["apcer"]))
        for row in found["points"]
    )
    return Combination(
        checks=tuple(map(str, found["checks"])),
        weights=tuple(map(float, found["weights"])),
        bias=float(found["bias"]),
        table=LivenessTable(points, str(found["bona_fide"]), str(found["attacks"])),
    )
