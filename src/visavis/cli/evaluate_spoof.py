"""evaluate spoof-simulation: simulated attacks on the pictures of any folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts, note, progress, table
from visavis.cli.options import ApcerOption, BpcerOption, CheckOption, JsonOption, examples
from visavis.cli.system import DetectorOption, EmbedderOption, System, provenance
from visavis.cli.words import text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.evaluate.rates import Rate
    from visavis.evaluate.spoof import Simulation

app = typer.Typer()


@app.command(
    "spoof-simulation",
    epilog=examples(
        "visavis evaluate spoof-simulation photos/ --count 200",
        "visavis evaluate spoof-simulation lfw/ --mechanism oled --mechanism laser --json",
        "visavis evaluate spoof-simulation photos/ --out simulated/",
    ),
)
def spoof_simulation(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="Photos of people, in any layout."
        ),
    ],
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
    mechanism: Annotated[
        list[str] | None,
        typer.Option(
            "--mechanism", metavar="NAME", help="Only this one, such as laser; may be repeated."
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", metavar="N", min=1, help="So many pictures, drawn at random."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Of the draw and the simulation.")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            file_okay=False,
            help="Keep the shots here, with an index.csv that `evaluate pad` reads.",
        ),
    ] = None,
    embedder: EmbedderOption = None,
    detector: DetectorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a liveness check on simulated attacks, made from your own photos.

    Every photo is shown to a simulated camera as a live person, and once for
    each way to attack: printed, on a screen, as a mask. The check's error rates
    are given for each, and how many attacks also match the person of the photo.

    [bold]Simulated attacks are not real ones[/]: the rates compare checks and
    settings, and do not say what your camera will see.
    """
    from visavis.build import build_liveness, build_pipeline
    from visavis.datasets.layouts import read
    from visavis.evaluate.spoof import Matcher, simulate
    from visavis.image import ImageLimits
    from visavis.report.document import plain
    from visavis.settings import Settings

    settings = Settings.load(
        embedder=embedder, detector=detector, check=check, bpcer=bpcer, apcer=apcer
    )
    system = System(settings, build_pipeline(settings))
    judge, dataset, policy = build_liveness(settings), read(folder), settings.policy
    encoder = system.pipeline.embedder
    with progress("simulating attacks", count or len(dataset)) as advance:
        found = simulate(
            dataset,
            system.pipeline.detector,
            judge,
            mechanisms=mechanism or (),
            count=count,
            seed=seed,
            target=policy.live,
            matcher=Matcher(encoder, policy.verification(encoder.calibration).score),
            out=out,
            limits=ImageLimits(settings.max_bytes, settings.max_pixels),
            progress=advance,
        )
    if found.unusable:
        note(f"left out {len(found.unusable):,} pictures without a face that could be attacked")
    document = {"simulated": plain(found), "check": settings.check}
    if as_json:
        document["provenance"] = plain(provenance(system, dataset))
    answer(as_json, document, lambda: _view(found))


def _view(found: "Simulation") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    pad, both = found.pad, found.joint
    told = {
        "APCER": f"{_share(pad.apcer)}, simulated {pad.worst.species} (the worst)",
        "BPCER": _share(pad.bpcer),
    }
    if both is not None:
        told["IAPAR"] = f"{_share(both.worst.iapar)}, simulated {both.worst.species} (the worst)"
    if found.silent:
        told["no response at all"] = ", ".join(found.silent)
    title = f"{found.dataset}: simulated attacks on {found.pictures:,} pictures"
    return Group(
        text(f"{title}, threshold {pad.threshold:.4f}", "bold"),
        Text(),
        facts(told),
        _species(found),
        _points(found),
        text("Simulated attacks are not real ones: measure your own camera too.", "dim"),
    )


def _species(found: "Simulation") -> "RenderableType":
    numbers = ("error", "no response", "D-EER", "IAPMR", "IAPAR")
    rows = table("simulated", "", *numbers, right=numbers)
    equal = {det.species: f"{100 * det.eer:.2f} %" for det in found.pad.dets}
    matched = {} if found.joint is None else {a.species: a for a in found.joint.attacks}
    for one in found.pad.attacks:
        both = matched.get(one.species)
        rows.add_row(
            text(one.species), "APCER", _share(one.error), _percent(one.non_response),
            equal[one.species], _percent(both.iapmr) if both else "",
            _percent(both.iapar) if both else "",
        )  # fmt: skip
    live = found.pad.bona_fide
    rows.add_row("live twin", "BPCER", _share(live.error), _percent(live.non_response), "", "", "")
    return rows


def _points(found: "Simulation") -> "RenderableType":
    numbers = ("APCER at most", "threshold", "BPCER", "APCER there")
    rows = table("", *numbers, right=numbers)
    for point in found.pad.points:
        limit = f"{100 * point.limit:g} %"
        rows.add_row(
            point.name, limit, f"{point.threshold:.4f}", _share(point.bpcer), _share(point.apcer)
        )
    return rows


def _share(rate: "Rate") -> str:
    return f"{_percent(rate)} ({100 * rate.low:.1f} to {100 * rate.high:.1f})"


def _percent(rate: "Rate") -> str:
    return f"{100 * rate.value:.2f} %" if rate.trials else ""
