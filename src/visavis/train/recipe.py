"""A training run as a TOML file: everything that decides the result, and nothing of the machine."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from visavis.errors import ConfigError

Start: TypeAlias = Literal["scratch", "minifasnet", "model"]


@dataclass(frozen=True, slots=True)
class Shots:
    """Which simulated shots a run learns from.

    `photos`: how many of the data's pictures are used, 0 for all. `raw`: the share of live shots
    that are the photo as it is, not filmed again. `attacks`: how many a photo. `without`:
    mechanisms, or families of them, that are held out. `held_out_photos`: every n-th photo is kept
    for validation.
    """

    photos: int = 0
    raw: float = 0.25
    attacks: float = 1.5
    without: tuple[str, ...] = ()
    held_out_photos: int = 10


@dataclass(frozen=True, slots=True)
class Real:
    """A set of real presentations to learn from as well: `share` of each batch.

    Its folder is given at the start; `without`: subjects held out.
    """

    share: float = 0.0
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """Channels of each stage of the trunks, and what the run starts from.

    `start`: "scratch"; "minifasnet", MiniFASNetV2's pretrained trunk under a new classifier, on the
    tight crop; or "model", an exported network of the same channels. The file of the last two is
    given at the start.
    """

    tight: tuple[int, ...] = (32, 48, 64, 96)
    wide: tuple[int, ...] = (16, 24, 32, 48)
    dropout: float = 0.2
    start: Start = "scratch"

    def __post_init__(self) -> None:
        if {len(self.tight), len(self.wide)} != {4}:
            raise ConfigError(f"expected four stages a trunk, got {self.tight} and {self.wide}")
        if self.start not in get_args(Start):
            raise ConfigError(f"expected a start of {get_args(Start)}, got {self.start!r}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast: `steps` batches, a rate that rises for `warmup` of them and falls as
    a cosine; weights averaged with `average` a step; a checkpoint every `every` steps. `strength`
    of what varies the crops (`vary.varied`).
    """

    steps: int = 8000
    batch: int = 96
    rate: float = 2e-3
    warmup: int = 300
    decay: float = 0.02
    average: float = 0.998
    smoothing: float = 0.05
    spectrum: float = 0.3
    no_surroundings: float = 0.4
    strength: float = 1.0
    every: int = 500


@dataclass(frozen=True, slots=True)
class LivenessRecipe:
    """One training run of the liveness network."""

    name: str
    seed: int = 0
    shots: Shots = Shots()
    real: Real = Real()
    network: Network = Network()
    schedule: Schedule = Schedule()


def load(path: Path) -> LivenessRecipe:
    """The recipe in a TOML file. Raises ConfigError for unknown keys or values of another type."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read the recipe {path}: {error}") from None
    parts = {"shots": Shots, "real": Real, "network": Network, "schedule": Schedule}
    made = {k: _part(parts[k], v, k) if k in parts else v for k, v in found.items()}
    recipe: LivenessRecipe = _part(LivenessRecipe, made, "recipe")
    return recipe


def _part(kind: type[Any], found: Any, where: str) -> Any:
    """The dataclass of a table; TOML's arrays become tuples."""
    if not isinstance(found, dict):
        raise ConfigError(f"{where}: expected a table, got {found!r}")
    known = {field.name: field for field in fields(kind)}
    odd = sorted(set(found) - set(known))
    if odd:
        raise ConfigError(f"{where}: expected {', '.join(known)}, got {', '.join(odd)}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
    try:
        made = kind(**values)
    except TypeError as error:
        raise ConfigError(f"{where}: {error}") from None
    for name, value in values.items():
        default = known[name].default
        if isinstance(default, int | float | str | tuple) and not _alike(value, default):
            raise ConfigError(f"{where}.{name}: expected such as {default!r}, got {value!r}")
    return made


def _alike(value: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))
