"""Sections of a data-set report: what is in the set, who, and how good the pictures are."""

from collections import Counter

import numpy as np

from visavis.evaluate.balance import JUDGED, CrossTable, Value
from visavis.evaluate.explore import Exploration, Spread
from visavis.evaluate.pages.figures import count, figure, labelled, listed, number, percent, share
from visavis.report import plots
from visavis.report.document import Block, Cell, Figure, Note, Section, Table, Text
from visavis.report.words import shorten

_MEASURES = {
    "bytes": "bytes of a file",
    "width": "width, pixels",
    "height": "height, pixels",
    "jpeg_quality": "JPEG quality, estimated",
    "brightness": "brightness of the picture, 0..1",
}
_FACE = {
    "score": "quality score, 0..1",
    "size": "face size, pixels",
    "sharpness": "sharpness, 0..1",
    "brightness": "brightness of the face, 0..1",
    "contrast": "contrast of the face, 0..1",
    "yaw": "yaw, degrees",
    "pitch": "pitch, degrees",
    "roll": "roll, degrees",
    "cut": "share of the face cut off",
}


def contents(found: Exploration) -> Section:
    """Counts, formats and what could not be used."""
    files, embedded = found.files, found.embedded
    whole, faces = len(embedded.dataset), int(embedded.usable.sum())
    kinds = Counter(kind for kind in files.kinds if kind)
    width, height = files.measure("width"), files.measure("height")
    sizes = Counter(zip(width[files.readable], height[files.readable], strict=True))
    grey = int(np.nansum(files.measure("grey")))
    rows: list[tuple[Cell, ...]] = [
        ("pictures", number(whole)),
        ("with a face found", f"{number(faces)} ({share(faces, whole)})"),
        ("formats", ", ".join(f"{kind}: {number(n)}" for kind, n in kinds.most_common())),
        ("sizes", _sizes(sizes)),
        ("without colour", f"{number(grey)} ({share(grey, whole)})"),
    ]
    if found.identities.people:
        rows.append(("identities", number(found.identities.people)))
    rows += [("left out by the reader", note) for note in embedded.dataset.notes]
    blocks: list[Block] = [Table(("what", "how many"), tuple(rows), _failures(found))]
    return Section("What is in it", tuple(blocks))


def _sizes(sizes: Counter[tuple[float, float]]) -> str:
    ranked = [(f"{w:.0f} × {h:.0f}", share(n, sizes.total())) for (w, h), n in sizes.most_common(1)]
    match ranked:
        case [(size, _)] if len(sizes) == 1:
            return f"all {size}"
        case [(size, part)]:
            return f"{len(sizes):,}; {part} are {size}"
        case _:
            return "none could be read"


def _failures(found: Exploration) -> str:
    whole = len(found.embedded.dataset)
    failed = sum(found.failures.values())
    lost = f"{count(failed, 'picture')} ({share(failed, whole)}) gave no face: " if failed else ""
    told = f"{lost}{listed(found.failures)}." if failed else "Every picture gave a face."
    unfit = (
        f" The default quality limits would refuse faces that were found: {listed(found.unfit)}."
        if found.unfit
        else " The default quality limits would refuse none of the faces."
    )
    return told + unfit


def people(found: Exploration) -> Section:
    """How pictures are spread over identities."""
    who = found.identities
    counts = Counter(p.identity for p in found.embedded.dataset.pictures if p.identity is not None)
    (first, most), *_ = who.largest
    drawn = plots.histogram(
        "pictures-per-identity",
        {"identities": list(counts.values())},
        x="pictures of one identity",
        caption=f"{number(who.people)} identities; the median one holds {who.median:g} "
        f"and the average {who.mean:.1f} pictures, the largest {number(most)}. "
        f"{share(who.single, who.people)} have a single picture and can give no genuine pair.",
        alt="Histogram of how many pictures an identity has, as shares on a logarithmic axis.",
        log_y=True,
    )
    text = Text(
        f"The largest 1 % of identities hold {percent(who.top_hundredth)} of the labelled "
        f"pictures, the ten largest {percent(who.top_ten)}. Counted by how often two random "
        f"pictures show one person, the set is worth {number(round(who.effective))} equally large "
        f"identities of its {number(who.people)} (Gini {who.gini:.2f}: 0 is even, 1 is all in one)."
    )
    rows = tuple((shorten(n), k, share(k, who.labelled)) for n, k in who.largest)
    caption = f"The largest identities; {shorten(first)} alone has {share(most, who.labelled)}."
    table = Table(("identity", "pictures", "share"), rows, caption)
    return Section("Identities", (drawn, text, table))


def attributes(found: Exploration) -> Section:
    """Every attribute by value, and every two against each other."""
    blocks: list[Block] = [_values(name, values) for name, values in found.values.items()]
    blocks += [_cross(table) for table in found.crosses]
    blocks.append(
        Note(
            "Attributes are the set's own labels: what annotators saw, not what the people shown "
            "would say of themselves."
        )
    )
    return Section("Attributes", tuple(blocks))


def _values(name: str, values: tuple[Value, ...]) -> Table:
    most, least = (f(values, key=lambda v: v.pictures) for f in (max, min))
    missed = max(values, key=lambda v: v.failures.value)
    ratio = most.pictures / least.pictures
    caption = (
        f"By {shorten(name)}: {_who(most)} has {number(ratio)} times the pictures of {_who(least)}."
        if most.pictures > least.pictures
        else f"By {shorten(name)}: all values have {number(most.pictures)} pictures."
    )
    if missed.failures.events:
        high, low = missed.failures.high, missed.failures.low
        caption += (
            f" A face was missed most often for {_who(missed)}: {percent(missed.failures.value)} "
            f"(95 % interval {percent(low)} to {percent(high)})."
        )
    rows = tuple(
        (
            _who(v),
            v.pictures,
            percent(v.share),
            v.failures.events,
            *(f"{v.medians[m]:.3g}" if v.pictures > v.failures.events else None for m in JUDGED),
        )
        for v in values
    )
    heads = (shorten(name), "pictures", "share", "no face", *(f"{m} (median)" for m in JUDGED))
    return Table(heads, rows, caption)


def _who(value: Value) -> str:
    return shorten(value.value or "(not told)")


def _cross(table: CrossTable) -> Table:
    cells = np.array(table.counts)
    apart = "are independent of each other" if table.association < 0.05 else "go together"
    least, most = number(cells.min()), number(cells.max())
    span = f"{most} in every cell" if least == most else f"from {least} to {most} a cell"
    caption = (
        f"Pictures by {shorten(table.row)} and {shorten(table.column)}, {span}. "
        f"The two {apart} (Cramér's V {table.association:.2f}; 0 "
        "is independent, 1 is one giving the other away)."
    )
    rows = tuple(map(labelled, table.rows, table.counts))
    heads = (shorten(table.row), *(shorten(c or "(not told)", 24) for c in table.columns))
    return Table(heads, rows, caption)


def pictures(found: Exploration) -> Section:
    """Resolution, size, sharpness, exposure and pose."""
    measures = {text: Spread.of(found.files.measure(name)) for name, text in _MEASURES.items()}
    measures |= {text: Spread.of(found.embedded.measure(name)) for name, text in _FACE.items()}
    rows = tuple(
        (text, number(s.count), *(figure(v) for v in (s.least, s.low, s.median, s.high, s.most)))
        for text, s in measures.items()
        if s.count
    )
    caption = "Nine of ten values lie between the columns 5 % and 95 %."
    heads = ("measure", "pictures", "least", "5 %", "median", "95 %", "most")
    table = Table(heads, rows, caption)
    return Section("Pictures and faces", (table, *_histograms(found)))


def _histograms(found: Exploration) -> list[Figure]:
    face = found.embedded.measure
    size, sharp = Spread.of(face("size")), Spread.of(face("sharpness"))
    light, yaw = Spread.of(face("brightness")), np.abs(face("yaw"))
    turned = float(np.mean(yaw[np.isfinite(yaw)] > 30)) if np.isfinite(yaw).any() else np.nan
    return [
        plots.histogram(
            "face-size",
            {"faces": face("size")},
            x="pixels between the eyes, or from eyes to mouth",
            caption=f"Half of the faces are larger than {size.median:.0f} pixels; one in twenty is "
            f"smaller than {size.low:.0f}.",
            alt="Histogram of the size of faces in pixels.",
        ),
        plots.histogram(
            "sharpness-exposure",
            {
                "sharpness": face("sharpness"),
                "brightness": face("brightness"),
                "contrast": face("contrast"),
            },
            x="measure of the face, 0 to 1",
            caption=f"The median sharpness is {sharp.median:.2f}, and one face in twenty is below "
            f"{sharp.low:.2f} (good photographs reach 0.45 to 0.75); brightness runs from "
            f"{light.low:.2f} to {light.high:.2f} in nine of ten faces.",
            alt="Histograms of sharpness, brightness and contrast of the faces.",
        ),
        plots.histogram(
            "pose",
            {"yaw": face("yaw"), "pitch": face("pitch"), "roll": face("roll")},
            x="degrees, rough estimates from five landmarks",
            caption=f"{percent(turned)} of the faces are turned to a side by more than 30 degrees.",
            alt="Histograms of yaw, pitch and roll of the faces in degrees.",
        ),
    ]
