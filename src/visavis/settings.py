"""What a user may set. Precedence: flag > environment (VISAVIS_…) > config file > default."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final, Literal, Self

from platformdirs import PlatformDirs
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from visavis.errors import ConfigError
from visavis.gallery import key_store_of
from visavis.policy import Policy, QualityLimits
from visavis.serving import ServiceSettings
from visavis.targets import LiveTarget

_LIVE_TARGETS: Final = ("bpcer", "apcer", "live_threshold")


def _dirs() -> PlatformDirs:
    return PlatformDirs("visavis", appauthor=False)


def config_file() -> Path:
    """VISAVIS_CONFIG, else config.toml in the user's configuration folder."""
    return Path(os.environ.get("VISAVIS_CONFIG") or _dirs().user_config_path / "config.toml")


class Settings(BaseSettings):
    """Everything that can be configured; `Settings.load()` reads it, `Settings(…)` too."""

    model_config = SettingsConfigDict(
        env_prefix="VISAVIS_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    gallery: Path = Field(default_factory=lambda: _dirs().user_data_path / "gallery")
    collection: str = "default"
    keys: Path | None = None
    """The store of wrapped data keys; by default in a folder beside the gallery's, so that a
    backup of the one does not hold the other."""
    master_key: SecretStr | None = None
    master_key_file: Path = Field(default_factory=lambda: _dirs().user_config_path / "master.key")
    master_key_command: str | None = None

    model_dir: Path | None = None
    model_files: dict[str, Path] = {}
    """Explicit files by model id, before every other place."""
    cache_dir: Path = Field(default_factory=lambda: _dirs().user_cache_path)
    detector: str = "yunet-2023mar-int8bq"
    embedder: str = "sface-2021dec-int8bq"
    """A model, `model@flip` (with its mirror image), or several of these joined by `+`."""
    calibration: Path | None = None
    """A table made by `visavis calibrate`, in place of the embedder's own."""
    runtime: Literal["onnxruntime", "openvino", "opencv"] = "onnxruntime"
    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["auto", "f32", "bf16"] = "auto"
    threads: int = Field(default=1, ge=1)
    accept_non_commercial: bool = False
    sideways: bool = False

    max_bytes: int = Field(default=32 * 2**20, gt=0)
    max_pixels: int = Field(default=50_000_000, gt=0)
    keep_crops: bool | None = None

    liveness: Literal["off", "report", "require"] = "off"
    """Whether faces are checked for being live; `require` refuses those that are not."""
    check: str = "auto"
    """Liveness models joined by `+`; `auto` is every one whose file is on this machine."""
    live_calibration: Path | None = None
    """A table made by `visavis calibrate-liveness`, in place of the packaged one."""
    bpcer: float | None = None
    """Share of live people that may be refused; of this and the next two one at most."""
    apcer: float | None = None
    """Share of attacks of the worst kind that may pass."""
    live_threshold: float | None = None
    """A liveness score to reach, instead of a rate."""

    fmr: float = 1e-4
    fpir: float = 1e-2
    threshold: float | None = None
    margin: float = 0.03
    top_k: int = 5
    face: Literal["only", "dominant", "largest", "central"] = "dominant"
    review: Literal["off", "standard", "strict"] = "standard"
    beyond: Literal["warn", "refuse"] = "warn"
    limits: QualityLimits = QualityLimits()

    service: ServiceSettings = ServiceSettings()

    @classmethod
    def load(cls, **flags: Any) -> "Settings":
        """The settings with `flags` (None is unset) on top. Raises ConfigError.

        A flag for a liveness target stands before one of another kind in the file.
        """
        given = {name: value for name, value in flags.items() if value is not None}
        if given.keys() & set(_LIVE_TARGETS):
            given = dict.fromkeys(_LIVE_TARGETS) | given
        try:
            return cls(**given)
        except ValidationError as error:
            lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise ConfigError(f"bad setting: {'; '.join(lines)}") from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"cannot read {config_file()}: {error}") from None

    @property
    def policy(self) -> Policy:
        return Policy(
            fmr=self.fmr,
            fpir=self.fpir,
            threshold=self.threshold,
            margin=self.margin,
            top_k=self.top_k,
            face=self.face,
            review=self.review,
            liveness=self.liveness,
            live=self.live,
            beyond=self.beyond,
            limits=self.limits,
        )

    @property
    def live(self) -> LiveTarget:
        return LiveTarget(bpcer=self.bpcer, apcer=self.apcer, threshold=self.live_threshold)

    @model_validator(mode="after")
    def _one_live_target(self) -> Self:
        """Raises ConfigError for several, or one that is no rate."""
        _ = self.live
        return self

    @property
    def key_store(self) -> Path:
        return self.keys or key_store_of(self.gallery)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return init_settings, env_settings, file
