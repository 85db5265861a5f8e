"""subjects: list, show, rename, merge, forget."""

from typing import Annotated

import typer

from visavis.cli.console import answer
from visavis.cli.options import (
    CollectionOption,
    GalleryOption,
    JsonOption,
    Subject,
    YesOption,
    examples,
)
from visavis.cli.run import Exit

app = typer.Typer(no_args_is_help=True)


@app.command(
    "list",
    epilog=examples("visavis subjects list", "visavis subjects list --limit 20 --after ada"),
)
def list_(
    after: Annotated[
        str | None, typer.Option("--after", metavar="NAME", help="Begin after this subject.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """List subjects in the order of their ids, a page at a time."""
    from visavis.cli import documents, views
    from visavis.cli.context import open_collection
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        people = list(found.subjects(after=after, limit=limit + 1))
    page = people[:limit]
    following = page[-1].id if len(people) > limit else None
    rest = f"there are more: --after {following}" if following is not None else ""
    answer(
        as_json,
        {"subjects": [documents.subject(p) for p in page], "after": following},
        lambda: views.subjects(page, rest),
    )


@app.command(epilog=examples("visavis subjects show ada"))
def show(
    subject: Subject,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all that is stored about a subject, but no template."""
    from visavis.cli import documents, views
    from visavis.cli.context import open_collection
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        person = found.subject(subject)
    answer(as_json, documents.subject(person), lambda: views.subject(person))


@app.command(epilog=examples("visavis subjects rename e-4711 ada"))
def rename(
    subject: Subject,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new id.")],
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a subject another id."""
    from visavis.cli.context import open_collection
    from visavis.cli.words import verdict
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        found.rename(subject, new)
    answer(
        as_json,
        {"renamed": subject, "to": new},
        lambda: verdict(True, f"{subject} is now {new}"),
    )


@app.command(epilog=examples("visavis subjects merge ada-2 ada"))
def merge(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Id that ceases to exist.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="Id that gets its templates.")],
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make two subjects one, when they turn out to be one person."""
    from visavis.cli import documents
    from visavis.cli.context import open_collection
    from visavis.cli.words import verdict
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        found.merge(source, into)
        person = found.subject(into)
    answer(
        as_json,
        {"merged": source, "into": documents.subject(person)},
        lambda: verdict(True, f"{source} is now part of {into}: {person.templates} templates"),
    )


@app.command(epilog=examples("visavis subjects forget ada", "visavis subjects forget ada --yes"))
def forget(
    subject: Subject,
    yes: YesOption = False,
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Destroy a subject's key and everything stored under it, for good.

    Prints a receipt: what was destroyed, its record in the audit log, and what
    lies beyond reach. Exit code 1: you answered no, and nothing was destroyed.
    """
    from visavis.cli import documents, views
    from visavis.cli.context import open_collection
    from visavis.settings import Settings

    with open_collection(Settings.load(gallery=gallery, collection=collection)) as found:
        person = found.subject(subject)
        question = f"Forget {subject} and {person.templates} templates for good?"
        if not yes and not typer.confirm(question, err=True):
            answer(as_json, {"forgotten": False}, lambda: "Nothing was forgotten.")
            raise typer.Exit(Exit.NO)
        proof = found.forget(subject)
    answer(
        as_json, documents.receipt(proof), lambda: views.receipt(proof, f"{subject} is forgotten")
    )
