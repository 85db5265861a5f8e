"""Four liveness checks side by side on the same pictures: ours, two published ones, all fused.

On NUAA train (recorded prints; none of it was learnt from) and on simulated attacks, where for
each family of mechanisms ours is a network trained without it (`--held-out`: a folder with
without-print.onnx, without-screen.onnx and without-mask.onnx, the int8 files that the recipes of
that name make). The simulated shots are of LFW and FairFace pictures that no network here was
trained on; a quarter of LFW's people had a part in the thresholds. The figure is the equal error
rate of ours on NUAA.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from shared import FUSED, OURS, Asked, answers, arguments, asked, checks, said, settings, verdict

from visavis.build import build_detector, build_embedder
from visavis.datasets.layouts import read
from visavis.datasets.pad import read_pad
from visavis.datasets.records import Dataset, PadSet
from visavis.evaluate.container import control
from visavis.evaluate.liveness import Answers, FromFile, LivenessResults, Matched, Shown
from visavis.evaluate.liveness_rates import Rated, rated
from visavis.evaluate.spoof import simulate
from visavis.image import decode
from visavis.liveness.passive import Passive
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.models.weights import sha256
from visavis.testing import FakeLiveness
from visavis.types import Embedding, Floats

HELD_OUT = Path(__file__).parent / "held_out"
FAMILIES = ("print", "screen", "mask")


def main() -> None:
    args = arguments(__doc__, count=100, seed=11, held_out=str(HELD_OUT))
    with settings() as found, tempfile.TemporaryDirectory(prefix="visavis-shots-") as shots:
        here = asked(found)
        nuaa = read_pad(args.data / "pad" / "nuaa_train")
        parts = [_answered(here, nuaa, "NUAA train", "recorded", args.results)]
        parts.append(_matched(here, nuaa, "NUAA train"))
        for name in ("lfw", "fairface"):
            pad = _simulated(here, args.data / name, Path(shots) / name, args)
            shown = f"simulated on {name}"
            part = _answered(here, pad, shown, "simulated", args.results)
            logits = here.logits(pad.dataset.pictures, shown.replace(" ", "-"), args.results)
            held = _held_out(here, pad, shown, logits, Path(args.held_out), args.results)
            parts.append(replace(part, answers=part.answers + held))
    results = LivenessResults(
        checks=checks(here.names, args.results),
        sets=tuple(s for p in parts for s in p.sets),
        answers=tuple(a for p in parts for a in p.answers),
        matched=tuple(m for p in parts for m in p.matched),
        files=tuple(f for p in parts for f in p.files),
    )
    results.save(args.results / "table.json")
    for one in results.answers:
        _line(results, one)
    for clue in results.files:
        print(f"file alone: {clue.shown}: AUC {clue.clue.auc:.3f} ({clue.classifier})")
    ours = next(a for a in results.answers if (a.check, a.shown) == (OURS, "NUAA train"))
    verdict("ours, never trained on NUAA: D-EER on NUAA train", 100 * rated(results, ours).eer,
            10, at_most=True, unit=" %")  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What one step found; LivenessResults would ask for all at once."""

    sets: tuple[Shown, ...] = ()
    answers: tuple[Answers, ...] = ()
    files: tuple[FromFile, ...] = ()
    matched: tuple[Matched, ...] = ()


def _answered(here: Asked, pad: PadSet, name: str, kind: str, cache: Path) -> Part:
    species = tuple(p.species for p in pad.presentations)
    subjects = tuple(p.subject for p in pad.presentations)
    shown = Shown(name, kind, species, subjects, digest=pad.dataset.digest)  # type: ignore[arg-type]
    logits = here.logits(pad.dataset.pictures, name.replace(" ", "-"), cache)
    best = control(pad).best
    return Part(
        sets=(shown,),
        answers=answers(here.table, logits, name),
        files=(FromFile(name, best.classifier, len(species), best.clue),),
    )


def _matched(here: Asked, pad: PadSet, name: str) -> Part:
    """Every picture against the first live one of the subject it shows, by the default embedder."""
    embedder, policy = build_embedder(here.settings), here.settings.policy
    detector = build_detector(here.settings)
    first: dict[str, Embedding] = {}
    scores = np.full(len(pad.presentations), np.nan, np.float32)
    order = sorted(range(len(scores)), key=lambda i: pad.presentations[i].attack)
    for i in order:
        shown = pad.presentations[i]
        image = decode(shown.picture.path)
        faces = detector.detect(image)
        if not faces:
            continue
        [found] = embedder.embed(image, [max(faces, key=lambda f: f.area)])
        if shown.subject in first:
            scores[i] = found.similarity(first[shown.subject])
        elif not shown.attack:
            first[shown.subject] = found
    limit = policy.verification(embedder.calibration).score
    return Part(matched=(Matched(embedder.model, name, limit, scores),))


def _simulated(here: Asked, source: Path, out: Path, args: object) -> PadSet:
    """Shots of some pictures of a folder, kept as files so that every check sees the same."""
    found = read(source)
    rng = np.random.default_rng(args.seed)  # type: ignore[attr-defined]
    names = rng.choice([p.name for p in found.pictures], args.count, replace=False)  # type: ignore[attr-defined]
    chosen: Dataset = found.only(names.tolist())
    simulate(
        chosen,
        build_detector(here.settings),
        FakeLiveness(),
        seed=args.seed,  # type: ignore[attr-defined]
        out=out,
        progress=said(f"shots of {source.name}"),
    )
    return read_pad(out)


def _held_out(
    here: Asked, pad: PadSet, shown: str, logits: dict[str, Floats], folder: Path, cache: Path
) -> tuple[Answers, ...]:
    """The answers of ours, and of the fusion with it, trained without each family."""
    made = []
    for family in FAMILIES:
        file = folder / f"without-{family}.onnx"
        if not file.exists():
            print(f"no {file.name}: nothing is said of {family} held out")
            continue
        other = Asked([Passive(open_session(file), card(OURS))], here.table, here.settings)
        what = f"{shown}-without-{family}-{sha256(file)[:8]}".replace(" ", "-")
        blind = other.logits(pad.dataset.pictures, what, cache)
        for species in pad.species:
            if species.startswith(family):
                mixed = {**logits, **blind}
                for one in answers(
                    here.table, mixed, shown, training="mechanism_out", held_out=species
                ):
                    if one.check in (OURS, FUSED):
                        made.append(one)
    return tuple(made)


def _line(results: LivenessResults, one: Answers) -> None:
    found: Rated = rated(results, one)
    eers = ", ".join(f"{d.species} {100 * d.eer:.1f}" for d in found.pad.dets)
    silent = 100 * float(np.isnan(one.scores).mean())
    how = f" [{one.training} {one.held_out}]" if one.held_out else ""
    apcer, bpcer = found.pad.apcer, found.pad.bpcer
    print(
        f"{one.shown} / {one.check}{how}: D-EER % {eers}; at the default threshold worst APCER "
        f"{100 * apcer.value:.1f} %, BPCER {100 * bpcer.value:.1f} %; no answer {silent:.1f} %"
    )


main()
