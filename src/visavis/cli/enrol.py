"""enrol: one subject from photos, or many from a folder."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from visavis.cli.console import answer
from visavis.cli.options import (
    POLICY,
    ApcerOption,
    BpcerOption,
    CheckOption,
    CollectionOption,
    FaceOption,
    GalleryOption,
    JsonOption,
    LivenessOption,
    LiveThresholdOption,
    examples,
    expiry,
    live_settings,
    pairs,
)
from visavis.cli.run import Exit

app = typer.Typer()
PERSON = "About the subject"


@app.command(
    rich_help_panel="Recognise people",
    epilog=examples(
        "visavis enrol ada ada1.jpg ada2.jpg --name 'Ada Lovelace'",
        "visavis enrol e-4711 badge.png --consent-ref form-88 --expires 365d",
        "visavis enrol --from-folder staff/   # staff/ada/1.jpg, staff/ben/1.jpg, …",
    ),
)
def enrol(
    subject: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Id of the subject; any you like.", show_default=False),
    ] = None,
    images: Annotated[
        list[Path] | None, typer.Argument(metavar="IMAGES...", help="Photos.", show_default=False)
    ] = None,
    from_folder: Annotated[
        Path | None,
        typer.Option(
            "--from-folder",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Enrol one subject for each folder in DIR, named like it. Run again to resume.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name to display.", rich_help_panel=PERSON)
    ] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option(
            "--meta", metavar="KEY=VALUE", help="Metadata; repeatable.", rich_help_panel=PERSON
        ),
    ] = None,
    consent_ref: Annotated[
        str | None,
        typer.Option("--consent-ref", help="Where the consent is on file.", rich_help_panel=PERSON),
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(
            "--expires",
            metavar="WHEN",
            parser=expiry,
            help="Never matched after: 2027-01-31, or 365d from now.",
            rich_help_panel=PERSON,
        ),
    ] = None,
    review: Annotated[
        Literal["off", "standard", "strict"] | None,
        typer.Option(
            "--review",
            metavar="MODE",
            help="off, standard (refuse photos that disagree or show somebody else enrolled) or "
            "strict (also those too like another subject). [dim]VISAVIS_REVIEW[/]",
            rich_help_panel=POLICY,
        ),
    ] = None,
    face: FaceOption = None,
    liveness: LivenessOption = None,
    check: CheckOption = None,
    bpcer: BpcerOption = None,
    apcer: ApcerOption = None,
    live_threshold: LiveThresholdOption = None,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol a subject from photos, or add photos to one.

    Only an encrypted template of each photo is stored. Photos that are refused
    are named with the reason, and the others enrolled.

    With --from-folder a subject is one transaction: Ctrl-C leaves none by half,
    and running the command again skips those who are already enrolled.

    Exit code 0: everybody is enrolled; 2: somebody is not, as no photo could be used.
    """
    from visavis.cli import documents, folder, views
    from visavis.cli.context import open_recognizer

    settings = live_settings(
        gallery=gallery,
        collection=collection,
        review=review,
        face=face,
        liveness=liveness,
        check=check,
        bpcer=bpcer,
        apcer=apcer,
        live_threshold=live_threshold,
    )
    about = folder.About(pairs(meta) if meta else None, consent_ref, expires)
    if from_folder is not None:
        if subject is not None or name is not None:
            raise typer.BadParameter("--from-folder takes names from the folders: leave out NAME")
        with open_recognizer(settings, create=True) as recognizer:
            done = folder.enrol(recognizer, from_folder, about)
        answer(as_json, documents.enrolments(done), lambda: views.enrolments(done))
        raise typer.Exit(Exit.YES if all(d.present for d in done) else Exit.INPUT)
    if subject is None or not images:
        raise typer.BadParameter("expected NAME and one or more IMAGES, or --from-folder DIR")
    with open_recognizer(settings, create=True) as recognizer:
        made = recognizer.enrol(
            subject,
            images,
            name=name,
            metadata=about.metadata,
            consent_ref=about.consent_ref,
            expires_at=about.expires_at,
        )
    answer(as_json, documents.enrolment(made, images), lambda: views.enrolment(made, images))
