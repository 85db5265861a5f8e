"""Sections of a data-set report: duplicates, suspect labels, leakage and maps."""

import numpy as np
from numpy.typing import NDArray

from visavis.evaluate.balance import by_number
from visavis.evaluate.duplicates import Duplicates
from visavis.evaluate.embedding_map import OTHERS, EmbeddingMap, colourings
from visavis.evaluate.explore import Exploration
from visavis.evaluate.leakage import Leakage
from visavis.evaluate.lookalikes import LookAlike, LookAlikes
from visavis.evaluate.outliers import Outliers
from visavis.evaluate.pages.figures import (
    count,
    expected,
    file,
    names,
    number,
    percent,
    rate,
    share,
)
from visavis.report import plots
from visavis.report.document import Block, Figure, Note, Section, Table, Text
from visavis.report.words import literal, shorten

_MOST = 20  # groups of duplicates on the page; results hold all
_VERDICT = Note(
    "These are **suspects, not verdicts**: turned heads, poor pictures, twins and siblings come up "
    "as well. A person has to look at each before a label is changed."
)


def duplicates(found: Exploration) -> Section:
    """Pictures that are in the set more than once."""
    made = found.duplicates
    rule = made.likeness
    whole = len(found.embedded.dataset)
    repeats = (
        f"{number(made.extra)} of {number(whole)} pictures ({share(made.extra, whole)}) repeat "
        f"another, {number(made.exact)} of them byte for byte, the rest nearly."
        if made.extra
        else "No picture repeats another."
    )
    text = Text(
        f"{repeats} Two pictures count as one photograph when their perceptual hashes differ in at "
        f"most {rule.bits} of 64 bits and their faces' cosine is {rule.cosine:g} or more, or when "
        f"the cosine alone is {rule.alone:g} or more. Frames of one recording are found as well."
    )
    blocks: list[Block] = [text]
    if made.unseen:
        blocks.append(Note(f"{number(made.unseen)} more pairs were alike, too many to be grouped."))
    if made.across:
        blocks.append(_across(made))
    inside = [g for g in made.groups if len(g.identities) < 2][:_MOST]
    if inside:
        rows = tuple((len(g.names), g.kind, names(g.names, 4)) for g in inside)
        caption = (
            f"The largest {len(rows)} of {number(len(made.groups) - len(made.across))} groups "
            "within one identity, or without one. They count twice in whatever is measured."
        )
        blocks.append(Table(("pictures", "kind", "files"), rows, caption))
    return Section("Duplicates", tuple(blocks))


def _across(made: Duplicates) -> Table:
    rows = tuple((names(g.identities), g.kind, names(g.names, 4)) for g in made.across[:_MOST])
    return Table(
        ("identities", "kind", "files"),
        rows,
        f"{count(len(made.across), 'photograph')} under more than one identity: one label of each "
        "is wrong, or the identities are one person.",
    )


def labels(outliers: Outliers, alike: LookAlikes) -> Section:
    """Outliers within identities, and look-alikes across them."""
    blocks: list[Block] = [_VERDICT, _unlike(outliers)]
    if outliers.suspects:
        blocks.append(_outliers(outliers, alike.limit))
    blocks.append(_alike(alike))
    if alike.people:
        blocks.append(
            _pairs(
                alike.people,
                f"Identities whose mean vectors have a cosine of {alike.limit:.3f} or more, most "
                "alike first: candidates for one person under two names.",
            )
        )
    if alike.pictures:
        blocks.append(
            _pairs(
                alike.pictures,
                "Identities with the most alike pictures. Few pairs over the limit and unlike "
                "means point to a single picture under the wrong name.",
            )
        )
    return Section("Suspect labels", tuple(blocks))


def _unlike(found: Outliers) -> Text:
    return Text(
        f"**Unlike the rest.** {number(found.unlike)} of {number(found.compared)} pictures "
        f"({share(found.unlike, found.compared)}) have a cosine under {found.limit:.3f} to the "
        f"mean of their identity's other pictures, which is where strangers still match once in "
        f"{number(1 / found.fmr)} comparisons. With right labels and an ordinary spread "
        f"{expected(found.expected)} would be expected; turned and poor faces widen that spread."
    )


def _outliers(found: Outliers, limit: float) -> Table:
    elsewhere = sum(o.nearest_cosine >= limit for o in found.suspects)
    rows = tuple(
        (
            file(o.name),
            f"{o.cosine:.3f}",
            o.others,
            shorten(o.nearest, 32),
            f"{o.nearest_cosine:.3f}",
        )
        for o in found.suspects
    )
    caption = (
        f"The {len(rows)} pictures most unlike their identity. {elsewhere} of them "
        f"{'reaches' if elsewhere == 1 else 'reach'} {limit:.3f} with somebody else's mean: most "
        "likely that person's picture. With one other picture, either may be the wrong one."
    )
    heads = ("picture", "cosine to the others", "others", "nearest other identity", "its cosine")
    return Table(heads, rows, caption)


def _alike(found: LookAlikes) -> Text:
    reach = " (beyond what was measured: extrapolated)" if found.extrapolated else ""
    return Text(
        f"**Too much alike.** Of {number(found.impostor_pairs)} pairs of pictures of two "
        f"identities, {number(found.similar_pairs)} reach {found.limit:.3f}, the threshold of a "
        f"false-match rate of {rate(found.fmr)}{reach}, where chance gives "
        f"{expected(found.chance_pairs)}; of {number(found.people_pairs)} pairs of identity means "
        f"{number(found.similar_people)} do, where chance gives {expected(found.chance_people)} or "
        f"somewhat more. The threshold was measured on {literal(found.measured_on)}: if that is "
        "this very set, count and chance are not independent, and only the ranking tells."
    )


def _pairs(found: tuple[LookAlike, ...], caption: str) -> Table:
    rows = tuple(
        (
            shorten(a.first, 32),
            shorten(a.second, 32),
            f"{a.means:.3f}",
            f"{a.over} of {a.pairs}",
            f"{a.best:.3f}",
            " · ".join(shorten(n.rsplit("/", 1)[-1], 32) for n in a.names),
        )
        for a in found
    )
    heads = ("identity", "and", "cosine of means", "pairs over", "best", "best pair")
    return Table(heads, rows, caption)


def leakage(found: Leakage) -> Section:
    """What a second set shares with this one."""
    first, second = literal(found.first), literal(found.second)
    text = Text(
        f"{number(found.pictures)} pictures of {second} are in {first} too: "
        f"{count(found.same_bytes, 'pair')} byte for byte, {number(found.near)} nearly. "
        f"{number(found.doubles_total)} of {number(found.people_pairs)} pairs of identity means "
        f"reach {found.limit:.3f}, the threshold of a false-match rate of {rate(found.fmr)}, where "
        f"chance gives {expected(found.chance)} or somewhat more; the most alike two have "
        f"{found.nearest:.3f}. {count(len(found.names), 'identity', 'identities')} carry the same "
        f"name in both{': ' + literal(names(found.names)) if found.names else ''}."
    )
    verdict = Note(
        "The sets overlap: do not train on one and test on the other before the pictures and "
        "people below are taken out of one of them."
        if found.found
        else "Nothing says that the sets overlap."
    )
    blocks: list[Block] = [verdict, text]
    if found.shared:
        rows = tuple((file(s.names[0]), file(s.names[1])) for s in found.shared)
        caption = f"Photographs that are in both sets ({len(rows)} shown)."
        blocks.append(Table((shorten(found.first), shorten(found.second)), rows, caption))
    if found.doubles:
        pairs = tuple(
            (shorten(d.first, 32), shorten(d.second, 32), f"{d.cosine:.3f}") for d in found.doubles
        )
        caption = f"Identities that may be in both sets, most alike first ({len(pairs)} shown)."
        heads = (f"in {shorten(found.first)}", f"in {shorten(found.second)}", "cosine of means")
        blocks.append(Table(heads, pairs, caption))
    return Section("Leakage", tuple(blocks))


def maps(found: Exploration) -> Section:
    """Embeddings in a plane, coloured by attribute or by the largest identities."""
    colours = colourings(found.embedded.dataset)
    drawn = [
        _map(f"map-{made.method}-{place}", made, name, labels)
        for place, (name, labels) in enumerate(colours.items(), 1)
        for made in found.maps
        if len(made.rows)
    ]
    return Section("Maps of the embeddings", tuple(drawn))


def _map(name: str, made: EmbeddingMap, colouring: str, labels: NDArray[np.str_]) -> Figure:
    here = labels[made.rows]
    ranked = sorted(set(here.tolist()), key=lambda v: (v != OTHERS, *by_number(v)))
    groups = {value or "(not told)": made.points[here == value] for value in ranked}
    what = shorten(colouring)
    if made.method == "pca":
        caption = (
            f"By {what}: the plane of most variance holds {percent(made.explained)} of it, so what "
            "overlaps here may be far apart; what separates here is a strong trait of the set."
        )
    else:
        caption = (
            f"By {what}: t-SNE of {number(len(made.rows))} of {number(len(labels))} pictures. "
            "Dots close together have alike vectors; distances between clusters and their sizes "
            "mean nothing."
        )
    alt = f"Dots in a plane ({made.method}), one a picture, coloured by {colouring}."
    return plots.scatter(name, groups, caption=caption, alt=alt)
