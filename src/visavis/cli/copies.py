"""gallery export, import, backup and restore: copies, and what they are worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from visavis.cli.console import answer, note
from visavis.cli.options import CollectionOption, GalleryOption, JsonOption, examples
from visavis.cli.passphrase import PassphraseFileOption, PassphraseOption, passphrase

if TYPE_CHECKING:
    from visavis.gallery.transfer import Transfer

app = typer.Typer()


@app.command(
    epilog=examples("visavis gallery export staff.visavis --collection staff --passphrase")
)
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="A new file.")],
    ask: PassphraseOption = False,
    file: PassphraseFileOption = None,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all subjects of a collection to one file under a passphrase.

    For another gallery with keys of its own. Forgetting does not reach the file.
    """
    from visavis.cli.context import open_gallery
    from visavis.cli.words import verdict
    from visavis.gallery import transfer
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery, collection=collection)
    with open_gallery(settings) as found:
        found.open_collection(settings.collection)
        secret = passphrase(ask, file, new=True)
        done = transfer.export(found, settings.collection, out, secret)
    answer(
        as_json,
        {"out": str(out), "subjects": done.subjects, "templates": done.templates},
        lambda: verdict(True, f"{_carried(done)} in {out}"),
    )


@app.command(
    "import",
    epilog=examples(
        "visavis gallery import staff.visavis --passphrase",
        "visavis gallery import staff.visavis --passphrase-file secret.txt --existing merge",
    ),
)
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="An export.")
    ],
    ask: PassphraseOption = False,
    file: PassphraseFileOption = None,
    existing: Annotated[
        Literal["refuse", "skip", "merge"],
        typer.Option(
            "--existing",
            metavar="HOW",
            help="If an id is taken: refuse the file, skip the subject, or merge its templates.",
        ),
    ] = "refuse",
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the subjects of an export to a collection: all of them, or none."""
    from visavis.cli.context import open_gallery
    from visavis.cli.words import verdict
    from visavis.gallery import transfer
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery, collection=collection)
    secret = passphrase(ask, file, new=False)
    with open_gallery(settings, create=True) as found:
        done = transfer.import_(found, settings.collection, source, secret, existing=existing)
    skipped = f", {done.skipped} skipped" if done.skipped else ""
    answer(
        as_json,
        {
            "collection": settings.collection,
            "subjects": done.subjects,
            "templates": done.templates,
            "skipped": done.skipped,
        },
        lambda: verdict(True, f"{_carried(done)} added to {settings.collection}{skipped}"),
    )


def _carried(done: "Transfer") -> str:
    from visavis.cli.words import count

    return f"{count(done.subjects, 'subject')}, {count(done.templates, 'template')}"


@app.command(epilog=examples("visavis gallery backup monday.db"))
def backup(
    out: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="A new file.")],
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="Add the subjects' wrapped keys: restoring it brings forgotten people back.",
        ),
    ] = False,
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the database to one file, consistent, while others go on working.

    Without keys it opens only with this gallery's key store, so that restoring
    it never brings anybody back who was forgotten. The master key is never in it.
    """
    from visavis.cli.context import open_gallery
    from visavis.cli.words import size, verdict
    from visavis.settings import Settings

    with open_gallery(Settings.load(gallery=gallery)) as found:
        found.backup(out, with_keys=with_keys)
    length = out.stat().st_size
    answer(
        as_json,
        {"out": str(out), "bytes": length, "with_keys": with_keys},
        lambda: verdict(True, f"{size(length)} in {out}"),
    )
    if not with_keys:
        note("it needs this gallery's key store: keep that too, with `visavis keys export`")


@app.command(epilog=examples("visavis gallery restore monday.db --gallery new/"))
def restore(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A backup.")
    ],
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the place of a gallery that is not there any more.

    The key store that is there is used, and only where there is none the keys in
    the backup. On a new machine run `visavis keys import` first.
    """
    from visavis.build import build_keyring
    from visavis.cli import documents
    from visavis.cli.context import has_master_key
    from visavis.cli.words import verdict
    from visavis.errors import ConfigError
    from visavis.gallery.gallery import Gallery
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery)
    if not has_master_key(settings):
        raise ConfigError("a restore needs the master key of the backup: `visavis keys import`")
    ring = build_keyring(settings)
    Gallery.restore(source, settings.gallery, ring, keys=settings.key_store)
    with Gallery(settings.gallery, ring, keys=settings.key_store) as found:
        held = [documents.collection(c) for c in found.collections()]
        unreadable = len(found.orphans())
    people = sum(c["subjects"] for c in held)
    answer(
        as_json,
        {"gallery": settings.gallery, "collections": held, "unreadable": unreadable},
        lambda: verdict(True, f"{people} subjects restored in {settings.gallery}"),
    )
    if unreadable:
        note(f"{unreadable} subjects stay unreadable: their keys are gone")
