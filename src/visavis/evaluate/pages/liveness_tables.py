"""The parts of the liveness page that are read off as they are: control, cost, maps and limits."""

from collections.abc import Iterable

import numpy as np

from visavis.evaluate.liveness import Answers, LivenessResults
from visavis.evaluate.rates import Rate
from visavis.report import plots
from visavis.report.document import Block, Note, Table

_TELLS = 0.6


def named(results: LivenessResults, answers: Answers) -> str:
    """The title of the check that answered."""
    return results.check(answers.check).title


def percent(value: float) -> str:
    """12.34 %; n/m for NaN."""
    return f"{100 * value:.2f} %" if np.isfinite(value) else "n/m"


def interval(rate: Rate) -> str:
    """A rate with its interval."""
    if not rate.trials:
        return "n/m"
    return f"{percent(rate.value)} ({100 * rate.low:.1f}–{100 * rate.high:.1f})"


def stated(answers: Answers) -> str:
    """The threshold; where each presentation has its own, the one that stands for them."""
    varied = answers.thresholds is not None and len(np.unique(answers.thresholds)) > 1
    return f"{answers.threshold:.4g}" + ", varies" * varied


def faces(results: LivenessResults) -> dict[str, int]:
    """How many presentations each set has."""
    return {shown.name: len(shown.species) for shown in results.sets}


def control(results: LivenessResults) -> Iterable[Block]:
    """How well the files alone tell attacks from live people."""
    if not results.files:
        return
    leaky = [f.shown for f in results.files if f.clue.auc > _TELLS]
    said = (
        f"On {', '.join(leaky)} the files alone give attacks away (AUC above {_TELLS}): part of a "
        "figure there may be the file and not the face."
        if leaky
        else f"On no set do the files alone tell much (AUC at most {_TELLS})."
    )
    yield Table(
        ("set", "files", "better classifier", "AUC", "95 %"),
        tuple(
            (f.shown, f"{f.pictures:,}", f.classifier, f"{f.clue.auc:.3f}",
             f"{f.clue.low:.3f}–{f.clue.high:.3f}")
            for f in results.files
        ),
        "A classifier of the files' size, tables, chroma and markers, which sees no pixel, tested "
        f"on people it has not seen; 0.5 is chance. {said}",
    )  # fmt: skip


def checks(results: LivenessResults) -> Iterable[Block]:
    """What each check costs and where it comes from."""
    timed = [c for c in results.checks if c.milliseconds is not None]
    if not results.checks:
        return
    said = ""
    if timed:
        quick = min(timed, key=lambda c: c.milliseconds or 0)
        said = f"The quickest is {quick.title}, {quick.milliseconds:.1f} ms a face. "
    yield Table(
        ("check", "ms a face", "size, MB", "parameters", "trained on", "licence"),
        tuple(
            (c.title, None if c.milliseconds is None else f"{c.milliseconds:.1f}",
             None if c.size is None else f"{c.size / 1e6:.2f}",
             None if c.parameters is None else f"{c.parameters:,}", c.trained_on, c.licence)
            for c in results.checks
        ),
        f"{said}Median of one face, without finding it. Empty cells were not measured.",
    )  # fmt: skip


def maps(results: LivenessResults) -> Iterable[Block]:
    """Mean occlusion maps, and pictures that may be shown."""
    for place, one in enumerate(results.maps):
        row, column = np.unravel_index(int(np.nanargmax(one.drop)), one.drop.shape)
        rows, columns = one.drop.shape
        most = float(np.nanmax(np.abs(one.drop))) or 1.0
        title = results.check(one.check).title
        yield plots.heat_map(
            f"occlusion-{place}",
            [str(i + 1) for i in range(rows)],
            [str(i + 1) for i in range(columns)],
            one.drop,
            x="patch, left to right",
            y="top to bottom",
            low=-most,
            high=most,
            percent=False,
            caption=f"{title}, {one.faces:,} presentations of {one.species.replace('_', ' ')} in "
            f"{one.shown}: mean drop of the score when a patch of the square around the face is "
            f"covered, most at row {row + 1}, column {column + 1}.",
            alt=f"Mean drop by patch, at most {np.nanmax(one.drop):.3g}, at least "
            f"{np.nanmin(one.drop):.3g}.",
        )
    yield from results.photographs


def limits(results: LivenessResults) -> Iterable[Block]:
    """What the figures leave open, in general and by remarks of those who measured."""
    kinds = {s.kind for s in results.sets}
    recorded = [s for s in results.sets if s.kind == "recorded"]
    told = [
        "The rates follow the metrics of ISO/IEC 30107-3. This is no test by an accredited "
        "laboratory and no claim of conformance.",
        f"Real attacks are those of {len(recorded)} recorded "
        f"{'set' if len(recorded) == 1 else 'sets'} alone: "
        + (
            "; ".join(
                f"{s.name}, {len(set(s.subjects) - {''}) or 'an unknown number of'} people, "
                f"{len({x for x in s.species if x != 'bona_fide'})} species"
                for s in recorded
            )
            or "none at all"
        )
        + ". Other instruments, cameras and light are another measurement, and a check that does "
        "well here may fail there. Measure on your own camera before you rely on one.",
    ]
    if "simulated" in kinds:
        told.append(
            "Simulated attacks are computed from photographs. Our model is trained on attacks made "
            "by the same code, so even with a mechanism kept out its figures on simulated attacks "
            "flatter it; only recorded attacks compare it fairly with public models."
        )
    if "bona_fide" in kinds:
        told.append(
            "Sets without attacks hold press and web photographs, not what a door camera sees."
        )
    yield Note("\n\n".join((*told, *results.remarks)))
