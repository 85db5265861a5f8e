"""gallery: info, purge, reembed; its copies are in `copies`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli import copies
from visavis.cli.console import answer, facts, note, table
from visavis.cli.options import (
    CollectionOption,
    GalleryOption,
    JsonOption,
    YesOption,
    examples,
)
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.gallery.gallery import CollectionInfo
    from visavis.types import Embedding, Image

app = typer.Typer(no_args_is_help=True)
app.add_typer(copies.app)


@app.command(epilog=examples("visavis gallery info", "visavis gallery info --json"))
def info(gallery: GalleryOption = None, as_json: JsonOption = False) -> None:
    """Describe the gallery: its collections, models, keys and audit log."""
    from visavis.cli import documents
    from visavis.cli.context import open_gallery
    from visavis.gallery import DATABASE
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery)
    with open_gallery(settings) as found:
        held = found.collections()
        orphans = len(found.orphans())
        last = found.audit_tail(1)
    document: dict[str, Any] = {
        "gallery": settings.gallery,
        "key_store": settings.key_store,
        "bytes": (settings.gallery / DATABASE).stat().st_size,
        "audit_records": last[0].seq if last else 0,
        "unreadable": orphans,
        "collections": [documents.collection(c) for c in held],
    }
    answer(as_json, document, lambda: _info(held, document))


def _info(held: "list[CollectionInfo]", document: dict[str, Any]) -> "RenderableType":
    from rich.console import Group

    from visavis.cli.words import moment, size, text

    rows = table(
        "collection",
        "subjects",
        "templates",
        "model",
        "crops",
        "made (UTC)",
        right=("subjects", "templates"),
    )
    for one in held:
        rows.add_row(
            text(one.name, "bold"),
            f"{one.subjects:,}",
            f"{one.templates:,}",
            text(one.model),
            "kept" if one.keep_crops else "",
            moment(one.created_at, zone=""),
        )
    unreadable = document["unreadable"]
    return Group(
        rows,
        facts(
            {
                "folder": text(f"{document['gallery']}, {size(document['bytes'])}"),
                "key store": text(document["key_store"]),
                "audit log": f"{document['audit_records']:,} records",
                "unreadable": text(f"{unreadable} subjects lack their key", "yellow")
                if unreadable
                else "",
            }
        ),
    )


@app.command(
    epilog=examples("visavis gallery purge --expired", "visavis gallery purge --orphans --yes")
)
def purge(
    expired: Annotated[
        bool, typer.Option("--expired", help="Forget everybody whose time is up.")
    ] = False,
    orphans: Annotated[
        bool,
        typer.Option("--orphans", help="Delete rows that no key opens, and keys that open no row."),
    ] = False,
    yes: YesOption = False,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget expired subjects, in all collections or the one named."""
    from visavis.cli import documents
    from visavis.cli.context import open_gallery
    from visavis.cli.words import count, verdict
    from visavis.settings import Settings

    if not expired and not orphans:
        raise typer.BadParameter("say what to purge: --expired, --orphans")
    question = "Delete what has lost its key? A newer backup of the key store would still open it."
    if orphans and not yes and not typer.confirm(question, err=True):
        answer(as_json, {"purged": False}, lambda: "Nothing was purged.")
        raise typer.Exit(Exit.NO)
    with open_gallery(Settings.load(gallery=gallery)) as found:
        names = [collection] if collection else [c.name for c in found.collections()]
        opened = [found.open_collection(name) for name in names if expired]
        receipts = [r for one in opened for r in one.purge(datetime.now(UTC))]
        lost, strays = found.clear_orphans() if orphans else (0, 0)
    answer(
        as_json,
        {
            "receipts": [documents.receipt(r) for r in receipts],
            "orphans": lost,
            "stray_keys": strays,
        },
        lambda: verdict(True, f"{count(len(receipts) + lost, 'subject')} purged"),
    )


@app.command(epilog=examples("visavis gallery reembed --model mobilefacenet"))
def reembed(
    model: Annotated[
        str | None,
        typer.Option("--model", help="The new embedder. [dim]VISAVIS_EMBEDDER[/]"),
    ] = None,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a collection to another model without new photos.

    Needs the aligned crop of every template, which are kept where
    VISAVIS_KEEP_CROPS was set when enrolling. All of it changes, or nothing.
    """
    import numpy as np

    from visavis.build import build_embedder
    from visavis.cli.context import open_collection
    from visavis.cli.words import count, verdict
    from visavis.image import ARCFACE
    from visavis.settings import Settings
    from visavis.types import Face

    settings = Settings.load(gallery=gallery, collection=collection, embedder=model)
    with open_collection(settings) as found:
        embedder = build_embedder(settings)
        face = Face(np.array([0, 0, 112, 112]), ARCFACE, 1.0)

        def embed(crop: "Image") -> "Embedding":
            return embedder.embed(crop, [face])[0]

        number = found.reembed(embedder.model, embedder.dim, embed)
    answer(
        as_json,
        {"templates": number, "model": embedder.model},
        lambda: verdict(True, f"{count(number, 'template')} now of {embedder.model}"),
    )
    note(f"use that model from now on: set VISAVIS_EMBEDDER={settings.embedder}")
