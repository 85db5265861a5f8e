"""The options that commands share, each in one place."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from visavis.settings import Settings

GALLERY, POLICY, LIVE = "Where", "Policy", "Liveness"


def open_rate(value: float | None) -> float | None:
    """A rate strictly between 0 and 1."""
    if value is not None and not 0 < value < 1:
        raise typer.BadParameter(f"expected a rate between 0 and 1, such as 1e-4, got {value}")
    return value


def expiry(text: str) -> datetime:
    """A moment in the future: an ISO date or time (UTC unless it says otherwise), or `365d`."""
    days = re.fullmatch(r"([1-9]\d{0,5})d", text)
    try:
        if days:
            return datetime.now(UTC) + timedelta(days=int(days[1]))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"expected a date such as 2027-01-31 or a number of days such as 365d, got {text!r}"
        ) from None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if moment <= datetime.now(UTC):
        raise typer.BadParameter(f"expected a date in the future, got {text}")
    return moment


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """`key=value` texts as a mapping."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"expected --meta key=value, got {text!r}")
        found[key] = value
    return found


def live_settings(**flags: Any) -> "Settings":
    """The settings with these flags on top. Raises BadParameter for flags of a liveness check
    where liveness is off, lest a face pass unchecked that was meant to be checked.
    """
    from visavis.settings import Settings

    settings = Settings.load(**flags)
    idle = [name for name in _OF_THE_CHECK if flags.get(name) is not None]
    if idle and settings.liveness == "off":
        flag = f"--{idle[0].replace('_', '-')}"
        raise typer.BadParameter(f"{flag} needs --liveness report or --liveness require")
    return settings


_OF_THE_CHECK = ("check", "bpcer", "apcer", "live_threshold")


def examples(*lines: str) -> str:
    """The examples at the end of a command's help."""
    shown = (line.replace("[", "\\[") for line in lines)
    return "[dim]Examples[/]\n\n" + "\n".join(f"  [dim]$[/] {line}" for line in shown)


GalleryOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--gallery",
        file_okay=False,
        metavar="DIR",
        help="Folder of the gallery. [dim]VISAVIS_GALLERY[/]",
        rich_help_panel=GALLERY,
    ),
]
CollectionOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="Collection of subjects in the gallery. [dim]VISAVIS_COLLECTION[/]",
        rich_help_panel=GALLERY,
    ),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout, errors too.")
]
FmrOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--fmr",
        metavar="RATE",
        callback=open_rate,
        help="False-match rate accepted of a 1:1 decision, such as 1e-4. [dim]VISAVIS_FMR[/]",
        rich_help_panel=POLICY,
    ),
]
FpirOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--fpir",
        metavar="RATE",
        callback=open_rate,
        help="Share of strangers that may be named, such as 0.01. [dim]VISAVIS_FPIR[/]",
        rich_help_panel=POLICY,
    ),
]
ThresholdOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="SCORE",
        min=-1,
        max=1,
        help="A score to reach, instead of a rate. [dim]VISAVIS_THRESHOLD[/]",
        rich_help_panel=POLICY,
    ),
]
FaceOption: TypeAlias = Annotated[
    Literal["only", "dominant", "largest", "central"] | None,
    typer.Option(
        "--face",
        metavar="WHICH",
        help="The face meant in a photo of several: only (no others), dominant (much the "
        "largest), largest or central. [dim]VISAVIS_FACE[/]",
        rich_help_panel=POLICY,
    ),
]
LivenessOption: TypeAlias = Annotated[
    Literal["off", "report", "require"] | None,
    typer.Option(
        "--liveness",
        metavar="MODE",
        help="Check that a face is a live person's: off, report (and say what was found) or "
        "require (and refuse it if not). [dim]VISAVIS_LIVENESS[/]",
        rich_help_panel=LIVE,
    ),
]
CheckOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--check",
        metavar="MODELS",
        help="Liveness models joined by +; auto: all whose files are on this machine. "
        "[dim]VISAVIS_CHECK[/]",
        rich_help_panel=LIVE,
    ),
]
BpcerOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--bpcer",
        metavar="RATE",
        callback=open_rate,
        help="Share of live people that may be refused, 0.05 if nothing is said. "
        "[dim]VISAVIS_BPCER[/]",
        rich_help_panel=LIVE,
    ),
]
ApcerOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--apcer",
        metavar="RATE",
        callback=open_rate,
        help="Or the share of attacks of the worst kind that may pass. [dim]VISAVIS_APCER[/]",
        rich_help_panel=LIVE,
    ),
]
LiveThresholdOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--live-threshold",
        metavar="SCORE",
        callback=open_rate,
        help="Or a liveness score to reach, between 0 and 1. [dim]VISAVIS_LIVE_THRESHOLD[/]",
        rich_help_panel=LIVE,
    ),
]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Photo: TypeAlias = Annotated[Path, typer.Argument(metavar="IMAGE", help="A photo.")]
Photos: TypeAlias = Annotated[list[Path], typer.Argument(metavar="IMAGES...", help="Photos.")]
Subject: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="Id of the subject.")]
DrawOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--draw",
        metavar="OUT",
        help="Write the picture with the faces drawn in: a file, or a folder for several.",
    ),
]
