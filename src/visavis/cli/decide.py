"""verify, identify, compare: who is it?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from visavis.cli.console import answer, follow
from visavis.cli.options import (
    ApcerOption,
    BpcerOption,
    CheckOption,
    CollectionOption,
    DrawOption,
    FaceOption,
    FmrOption,
    FpirOption,
    GalleryOption,
    JsonOption,
    LivenessOption,
    LiveThresholdOption,
    Photo,
    Photos,
    Subject,
    ThresholdOption,
    examples,
    live_settings,
)
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from visavis.batching import Outcome
    from visavis.cli.pictures import Targets
    from visavis.recognizer import Recognizer
    from visavis.types import Decision, Identification

app = typer.Typer()
PANEL = "Recognise people"


@app.command(
    rich_help_panel=PANEL,
    epilog=examples(
        "visavis verify ada door.jpg",
        "visavis verify ada door.jpg --fmr 1e-5 --json | jq .accepted",
        "visavis verify ada door.jpg --liveness require --bpcer 0.02",
    ),
)
def verify(
    subject: Subject,
    image: Photo,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    fmr: FmrOption = None,
    threshold: ThresholdOption = None,
    face: FaceOption = None,
    liveness: LivenessOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
    live_threshold: LiveThresholdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that a photo shows the subject it claims to show.

    Exit code 0: it does; 1: it does not; 2: the photo shows no face that can be
    used, or with --liveness require none that looks live.
    """
    from visavis.cli import documents, views
    from visavis.cli.context import open_recognizer

    settings = live_settings(
        gallery=gallery,
        collection=collection,
        fmr=fmr,
        threshold=threshold,
        face=face,
        liveness=liveness,
        check=check,
        bpcer=bpcer,
        apcer=apcer,
        live_threshold=live_threshold,
    )
    with open_recognizer(settings) as recognizer:
        found = recognizer.verify(subject, image)
    words = f"match: this is {subject}" if found.accepted else f"no match: not {subject}"
    answer(as_json, documents.verification(found), lambda: views.verification(found, words))
    raise typer.Exit(Exit.YES if found.accepted else Exit.NO)


@app.command(
    rich_help_panel=PANEL,
    epilog=examples(
        "visavis compare passport.jpg selfie.jpg",
        "visavis compare a.jpg b.jpg --threshold 0.5",
    ),
)
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A photo.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another photo.")],
    fmr: FmrOption = None,
    threshold: ThresholdOption = None,
    face: FaceOption = None,
    liveness: LivenessOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
    live_threshold: LiveThresholdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check whether two photos show one person. Needs no gallery and stores nothing.

    Exit code 0: they do; 1: they do not; 2: one shows no face that can be used,
    or with --liveness require none that looks live.
    """
    from visavis.build import build_pipeline
    from visavis.cli import documents, views
    from visavis.recognizer import Recognizer

    settings = live_settings(
        fmr=fmr,
        threshold=threshold,
        face=face,
        liveness=liveness,
        check=check,
        bpcer=bpcer,
        apcer=apcer,
        live_threshold=live_threshold,
    )
    recognizer = Recognizer(build_pipeline(settings), policy=settings.policy)
    found = recognizer.compare(a, b)
    words = "match: one person" if found.accepted else "no match: two people"
    answer(as_json, documents.verification(found), lambda: views.verification(found, words))
    raise typer.Exit(Exit.YES if found.accepted else Exit.NO)


@app.command(
    rich_help_panel=PANEL,
    epilog=examples(
        "visavis identify party.jpg",
        "visavis identify party.jpg --draw named.jpg",
        "visavis identify photos/*.jpg --fpir 0.001 --json",
    ),
)
def identify(
    images: Photos,
    draw: DrawOption = None,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    fpir: FpirOption = None,
    fmr: FmrOption = None,
    threshold: ThresholdOption = None,
    liveness: LivenessOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
    live_threshold: LiveThresholdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who each face in the photos is. Unknown is an answer.

    With --liveness require nobody is named by a face that does not look live.

    Exit code 0: somebody was identified; 1: nobody; 2: a photo could not be read.
    """
    from visavis.batching import batch
    from visavis.cli import documents, pictures, views
    from visavis.cli.context import open_recognizer

    settings = live_settings(
        gallery=gallery,
        collection=collection,
        fpir=fpir,
        fmr=fmr,
        threshold=threshold,
        liveness=liveness,
        check=check,
        bpcer=bpcer,
        apcer=apcer,
        live_threshold=live_threshold,
    )
    targets = pictures.targets(draw, images)
    with open_recognizer(settings) as recognizer:
        work = batch(lambda image: _identify(recognizer, image, targets), images)
        found = follow("identifying", len(images), work)
    answer(
        as_json,
        documents.identifications(images, found, targets),
        lambda: views.identifications(images, found, targets),
    )
    raise typer.Exit(_verdict(found))


def _identify(recognizer: "Recognizer", path: Path, targets: "Targets") -> list["Identification"]:
    image = recognizer.pipeline.decode(path)
    found = recognizer.identify(image)
    if path in targets:
        from visavis.draw import annotate
        from visavis.image import save

        faces = [one.sample.face for one in found]
        labels = [one.subject or one.decision.replace("_", " ") for one in found]
        save(
            annotate(image, faces, labels, [_colour(one.decision) for one in found]), targets[path]
        )
    return found


def _colour(decision: "Decision") -> Literal["match", "unknown", "ambiguous", "plain"]:
    match decision:
        case "match" | "unknown" | "ambiguous":
            return decision
        case "low_quality" | "not_live":
            return "plain"


def _verdict(outcomes: Sequence["Outcome[list[Identification]]"]) -> Exit:
    if any(o.error for o in outcomes):
        return Exit.INPUT
    named = any(i.subject for o in outcomes for i in o.unwrap())
    return Exit.YES if named else Exit.NO
