"""The report on a set of presentations for attack detection."""

from dataclasses import replace
from math import isfinite
from typing import Final

from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.clues import Clue
from visavis.evaluate.explore import Exploration
from visavis.evaluate.pad_data import FACTORS, PadFindings, Recordings
from visavis.evaluate.pages import census, suspects
from visavis.evaluate.pages.figures import count, labelled, names, number, share
from visavis.report.document import (
    Block,
    Cell,
    Note,
    Provenance,
    Report,
    Section,
    Table,
    Text,
    plain,
)
from visavis.report.words import literal

_MOST: Final = 30  # rows of a table of subjects, or of codings


def page(found: Exploration, provenance: Provenance) -> Report:
    """Species and factors, shortcuts to the label, recordings, quality and duplicates of a set.

    Raises InputError for an exploration without presentations.
    """
    if found.pad is None:
        raise InputError("expected the exploration of presentations, got a set without species")
    made = [
        census.contents(found),
        _species(found.pad),
        _shortcuts(found.pad),
        _recordings(found.pad),
        census.pictures(found),
        suspects.duplicates(found),
    ]
    if found.leakage:
        made.append(suspects.leakage(found.leakage))
    return Report(
        slug="pad-data",
        title=f"Data set for attack detection: {found.embedded.dataset.name}",
        lead=lead(found, found.pad),
        sections=(*made, suspects.maps(found)),
        provenance=provenance,
        results=plain(found.findings()),
    )


def lead(found: Exploration, pad: PadFindings) -> str:
    """The conclusion: what the set holds, and what would let a detector cheat."""
    attacks = [name for name in pad.species if name != BONA_FIDE]
    held = ", ".join(f"{number(pad.species[name])} {literal(name)}" for name in attacks)
    who = f" of {count(pad.people, 'subject')}" if pad.people else ""
    dataset = literal(found.embedded.dataset.name)
    return " ".join(
        [
            f"{dataset} holds {number(pad.species.get(BONA_FIDE, 0))} bona fide presentations and "
            f"attacks ({held}){who}.",
            _verdict(pad),
            f"{share(pad.recordings.repeated, pad.recordings.pictures)} of the pictures nearly "
            "repeat another of their recording: split by subject, never at random.",
        ]
    )


def _verdict(pad: PadFindings) -> str:
    """What tells the label apart from the face, said plainly."""
    container, scene = pad.joint
    every = [*pad.container, container]
    if not any(c.helps for c in every):
        files = "Nothing about the files themselves gives the label away."
    else:
        strongest = max((c for c in every if c.helps), key=lambda c: c.strength)
        what = "a model of all facts" if strongest is container else literal(strongest.name)
        much = "give the label away" if strongest.tells else "help a model to cheat"
        files = (
            f"The files themselves {much}: {what} alone, without a look at the face, separates "
            f"attacks with an area under the ROC of {strongest.strength:.2f}."
        )
    if scene.tells or scene.helps:
        much = "give the label away" if scene.tells else "help to tell the label"
        return (
            f"{files} Light, sharpness and place of the face together {much} on unseen subjects "
            f"({scene.auc:.2f})."
        )
    return files


def _species(pad: PadFindings) -> Section:
    rows = tuple((name, n, share(n, sum(pad.species.values()))) for name, n in pad.species.items())
    caption = "Presentations by species; the classes are " + (
        "even." if _even(pad) else "uneven: error rates must be counted for each apart."
    )
    blocks: list[Block] = [Table(("species", "pictures", "share"), rows, caption)]
    for table in pad.tables:
        alone = pad.one_sided[table.row]
        told = (
            f"{count(len(alone), 'value')} with bona fide presentations alone or attacks alone: "
            f"{names(alone)}. A model can learn these by heart."
            if alone
            else "each with both bona fide presentations and attacks."
        )
        if len(table.rows) <= _MOST:
            lines = tuple(map(labelled, table.rows, table.counts))
            blocks.append(Table((table.row, *table.columns), lines, f"By {table.row}: {told}"))
        else:
            blocks.append(Text(f"By {table.row}: {len(table.rows):,} values, {literal(told)}"))
    missing = [name for name in FACTORS if name not in pad.one_sided]
    if missing:
        blocks.append(Note(f"The set does not say: {', '.join(missing)}."))
    return Section("Species, subjects, sessions and devices", tuple(blocks))


def _even(pad: PadFindings) -> bool:
    bona_fide = pad.species.get(BONA_FIDE, 0)
    return 0.4 <= bona_fide / sum(pad.species.values()) <= 0.6


def _shortcuts(pad: PadFindings) -> Section:
    container, scene = pad.joint
    intro = Text(
        "Each fact's area under the ROC for telling attacks from bona fide presentations by itself "
        "(0.5 tells nothing; 1 and 0 tell all), with a 95 % interval over resampled subjects. "
        "**Together**: a logistic regression on all of them, tested on subjects it has not seen. A "
        "fact **tells** the label from 0.9 (or 0.1) on and **helps** from 0.7 (or 0.3) on, where "
        "the interval leaves 0.5 out."
    )
    blocks: list[Block] = [
        intro,
        _clues(
            pad.container,
            container,
            "Facts of the file; its size also follows how much detail the picture has.",
        ),
        _coding(pad),
        _clues(
            pad.scene,
            scene,
            "Facts of picture and face: some are what the attack looks like (blur, light), "
            "others only how this set was recorded (place and size of the face).",
        ),
    ]
    if not pad.people:
        blocks.append(Note("Without subjects in the labels the intervals are too narrow."))
    return Section("What would let a detector cheat", tuple(blocks))


def _clues(clues: tuple[Clue, ...], together: Clue, what: str) -> Table:
    told = [c.name for c in clues if c.tells]
    helping = [c.name for c in clues if c.helps and not c.tells]
    parts = [f"gives the label away: {', '.join(told)}"] if told else []
    parts += [f"a model could lean on: {', '.join(helping)}"] if helping else []
    rows = tuple(_row(c) for c in (replace(together, name="together"), *clues))
    verdict = "; ".join(parts) or "none tells the label by itself"
    heads = ("fact", "area", "verdict", "95 % interval", "attacks have")
    return Table(heads, rows, f"{what} {verdict[0].upper()}{verdict[1:]}.")


def _row(clue: Clue) -> tuple[Cell, ...]:
    interval = f"{clue.low:.2f} to {clue.high:.2f}" if isfinite(clue.low) else "n/m"
    side = "more" if clue.auc > 0.5 else "less"
    verdict = "tells" if clue.tells else "helps" if clue.helps else ""
    area = f"{clue.auc:.2f}" if isfinite(clue.auc) else "n/m"
    return clue.name, area, verdict, interval, side if clue.sure else None


def _coding(pad: PadFindings) -> Table:
    table = pad.coding
    rows = tuple(map(labelled, table.rows[:_MOST], table.counts[:_MOST]))
    alone = sum(sum(n > 0 for n in line) == 1 for line in table.counts)
    caption = (
        "All files are of one format with the same quantisation tables: no clue."
        if len(table.rows) == 1
        else f"Format and quantisation tables: {alone} of {len(table.rows)} combinations belong to "
        "one species alone."
    )
    return Table(("format, tables", *table.columns), rows, caption)


def _recordings(pad: PadFindings) -> Section:
    made: Recordings = pad.recordings
    each = made.pictures / made.count
    text = Text(
        f"{number(made.pictures)} pictures come from {count(made.count, 'recording')} (one "
        f"species, subject, session and device), {each:.1f} each. {number(made.repeated)} "
        f"({share(made.repeated, made.pictures)}) nearly repeat another picture of their own "
        f"recording; with each such group taken once, {number(made.groups)} would be left. Error "
        "rates on pictures look surer than they are: count recordings or subjects."
    )
    return Section("Recordings", (text,))
