"""audit: verify, export, tail."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, table
from visavis.cli.options import GalleryOption, JsonOption, examples

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.audit import AuditRecord, AuditReport

app = typer.Typer(no_args_is_help=True)


@app.command(epilog=examples("visavis audit verify"))
def verify(gallery: GalleryOption = None, as_json: JsonOption = False) -> None:
    """Check the whole audit log: nothing edited, reordered, cut out or cut off.

    Exit code 3: it was; the message names the first bad record.
    """
    from visavis.cli.context import open_gallery
    from visavis.settings import Settings

    with open_gallery(Settings.load(gallery=gallery)) as found:
        report = found.audit_verify()
    answer(as_json, _summary(report), lambda: _report(report))


@app.command(epilog=examples("visavis audit export audit.jsonl"))
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to write.")],
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the audit log as JSON lines, the oldest first, after checking it."""
    from visavis.cli.context import open_gallery
    from visavis.cli.words import count, verdict
    from visavis.gallery.vault import private_file
    from visavis.settings import Settings

    number = 0
    with open_gallery(Settings.load(gallery=gallery)) as found:
        found.audit_verify()
        with private_file(out, replace=True) as temporary, temporary.open("w") as file:
            for record in found.audit_records():
                file.write(json.dumps(_document(record)) + "\n")
                number += 1
    answer(
        as_json,
        {"out": str(out), "records": number},
        lambda: verdict(True, f"{count(number, 'record')} in {out}"),
    )


@app.command(epilog=examples("visavis audit tail", "visavis audit tail -n 3 --json"))
def tail(
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many.")] = 20,
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the latest audit records, the newest last. Subjects appear as pseudonyms."""
    from visavis.cli.context import open_gallery
    from visavis.settings import Settings

    with open_gallery(Settings.load(gallery=gallery)) as found:
        records = list(found.audit_tail(number))
    answer(as_json, {"records": [_document(r) for r in records]}, lambda: _records(records))


def _document(record: "AuditRecord") -> dict[str, Any]:
    return {
        "seq": record.seq,
        "at": str(record.at),
        "action": str(record.action),
        "collection": record.collection,
        "subject": record.subject,
        "details": dict(record.details),
        "mac": record.mac,
    }


def _summary(report: "AuditReport") -> dict[str, Any]:
    return {
        "verified": True,
        "records": report.records,
        "head": {"seq": report.head[0], "mac": report.head[1]} if report.head else None,
        "anchored": report.anchored,
    }


def _report(report: "AuditReport") -> "RenderableType":
    from rich.console import Group

    from visavis.cli.console import facts
    from visavis.cli.words import count, verdict

    anchor = (
        "yes: the key store confirms that nothing was cut off at the end"
        if report.anchored
        else "no: a cut at the end would not be seen"
    )
    whole = verdict(True, f"the audit log is whole: {count(report.records, 'record')}")
    return Group(whole, facts({"anchored": anchor, "head": report.head[1] if report.head else ""}))


def _records(records: Sequence["AuditRecord"]) -> "RenderableType":
    from visavis.cli.words import text

    rows = table("", "at (UTC)", "action", "collection", "subject", "details", right=("",))
    for one in records:
        details = "  ".join(f"{name} {value}" for name, value in one.details.items())
        rows.add_row(
            str(one.seq),
            str(one.at)[:19].replace("T", " "),
            text(one.action, "bold"),
            text(one.collection or ""),
            text((one.subject or "")[:12], "dim"),
            text(details, "dim"),
        )
    return rows
