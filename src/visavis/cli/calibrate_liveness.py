"""calibrate-liveness: thresholds of the liveness check, measured before your own camera."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, facts, note, progress, table
from visavis.cli.options import CheckOption, JsonOption, examples
from visavis.cli.words import count, percent, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.datasets.records import Picture
    from visavis.settings import Settings
    from visavis.targets import Combination, FusionTable
    from visavis.types import Floats

app = typer.Typer()


@app.command(
    "calibrate-liveness",
    rich_help_panel="Measure",
    epilog=examples(
        "visavis calibrate-liveness --live people/ --out door.json",
        "visavis calibrate-liveness tried/ --out door.json   # tried/real/…, tried/print/…",
        "VISAVIS_LIVE_CALIBRATION=door.json visavis verify ada door.jpg --liveness require",
    ),
)
def calibrate_liveness(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DIR...",
            exists=True,
            file_okay=False,
            show_default=False,
            help="Sets of bona fide and attack presentations.",
        ),
    ] = None,
    live: Annotated[
        list[Path] | None,
        typer.Option(
            "--live",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Folder of live people alone; repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.json", dir_okay=False, help="Write the table here."),
    ] = None,
    check: CheckOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the liveness check's thresholds on pictures of your own camera.

    A camera that the check has never met shifts its scores, and then the shipped
    thresholds do not hold the error rates they name. Live people before your
    camera are the cure: the threshold for a BPCER of 5 % is then the score that 5 % of
    them fall short of. Twenty pictures is the least; 600 show 5 % well (30 refusals).
    Many people on different days count for more than many frames of one recording, and
    nobody who takes part should be an attacker.

    Sets with attacks also measure the APCER of the worst kind; without attacks it
    is not known, and --apcer is refused. How the models are weighed against one
    another is not changed. The file holds thresholds and rates and nobody's picture.
    """
    from visavis.evaluate.fuse import measure
    from visavis.settings import Settings

    shown, species = _shown(folders or [], live or [])
    settings = Settings.load(check=check)
    before, logits = _looks(settings, shown)
    bona_fide, attacks = _said(folders or [], live or [])
    found = measure(before, logits, species, bona_fide=bona_fide, attacks=attacks)
    kept = [c for c in found.combinations if c is before.of(c.checks)]
    for one in kept:
        note(f"too few answers of {'+'.join(one.checks)}: it keeps the thresholds it had")
    if out is not None:
        from visavis.models.liveness_table import save

        save(out, found)
    people = _people(logits, species)
    answer(as_json, _document(found, out), lambda: _view(found, people, out))


def _shown(folders: Sequence[Path], live: Sequence[Path]) -> "tuple[list[Picture], list[str]]":
    """All pictures and their species."""
    from visavis.cli.pictures import tree
    from visavis.datasets.pad import read_pad
    from visavis.datasets.records import BONA_FIDE, Picture

    if not folders and not live:
        raise typer.BadParameter("expected sets of presentations, or --live DIR")
    presented = [p for folder in folders for p in read_pad(folder).presentations]
    people = [
        Picture(path, path.relative_to(folder).as_posix())
        for folder in live
        for path in tree(folder)
    ]
    species = [p.species for p in presented] + [BONA_FIDE] * len(people)
    return [p.picture for p in presented] + people, species


def _looks(
    settings: "Settings", shown: "Sequence[Picture]"
) -> "tuple[FusionTable, dict[str, Floats]]":
    """The table that holds so far, and the logits of its checks."""
    from visavis.build import build_detector, build_fused
    from visavis.evaluate.fuse import looks
    from visavis.image import ImageLimits

    fused = build_fused(settings)
    limits = ImageLimits(settings.max_bytes, settings.max_pixels)
    with progress("checking", len(shown)) as advance:
        found = looks(
            build_detector(settings), fused.lookers, shown, limits=limits, progress=advance
        )
    return fused.table, found


def _people(logits: "Mapping[str, Floats]", species: Sequence[str]) -> int:
    """How many live faces all checks together could judge."""
    import numpy as np

    from visavis.datasets.records import BONA_FIDE

    told = ~np.isnan(np.stack(list(logits.values()))).any(axis=0)
    return int((told & (np.array(species) == BONA_FIDE)).sum())


def _said(folders: Sequence[Path], live: Sequence[Path]) -> tuple[str, str]:
    """What the table says it was measured on: the folders' names."""
    sets = [folder.resolve().name for folder in folders]
    people = [folder.resolve().name for folder in live]
    return " and ".join([*sets, *people]), " and ".join(sets)


def _document(found: "FusionTable", out: Path | None) -> dict[str, Any]:
    return {
        "tables": [
            {
                "checks": list(one.checks),
                "bona_fide": one.table.bona_fide,
                "attacks": one.table.attacks,
                "points": [
                    {"threshold": limit, "bpcer": bpcer, "apcer": _known(one, apcer)}
                    for limit, bpcer, apcer in one.table.points
                ],
            }
            for one in found.combinations
        ],
        "file": None if out is None else str(out),
    }


def _known(one: "Combination", apcer: float) -> float | None:
    return None if one.table.attacks == "none" else apcer


def _view(found: "FusionTable", people: int, out: Path | None) -> "RenderableType":
    """The table of all checks together; the others are in the file."""
    from rich.console import Group

    whole = max(found.combinations, key=lambda c: len(c.checks))
    fewer = len(found.combinations) - 1
    rest = f"and {count(fewer, 'table')} for when fewer of them can tell" if fewer else ""
    written = f"written to {out}: name it in VISAVIS_LIVE_CALIBRATION" if out else ""
    return Group(
        facts(
            {
                "checks": text(" + ".join(whole.checks)),
                "live people": text(whole.table.bona_fide),
                "attacks": text(whole.table.attacks),
                "a BPCER of 5 %": _sure(people),
            }
        ),
        _points(whole),
        *(text(line, "dim") for line in (rest, written) if line),
    )


def _sure(people: int) -> str:
    """What so many live faces say of others like them."""
    from visavis.evaluate.rates import Rate

    if not people:
        return ""
    rate = Rate.of(round(0.05 * people), people)
    return f"is {percent(rate.low)} to {percent(rate.high)} of others like them, 95 times in 100"


def _points(one: "Combination") -> "RenderableType":
    numbers = ("BPCER", "APCER, worst kind", "threshold")
    rows = table(*numbers, right=numbers)
    best = {(bpcer, apcer): limit for limit, bpcer, apcer in one.table.points}
    for (bpcer, apcer), limit in best.items():
        known = _known(one, apcer)
        rows.add_row(
            percent(bpcer), "not known" if known is None else percent(known), f"{limit:.6f}"
        )
    return rows
