"""Pictures for people: boxes with labels on a photo, and contact sheets."""

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Literal, TypeAlias

import numpy as np
import PIL.Image
from PIL import ImageDraw, ImageFont

from visavis.errors import InputError
from visavis.image import decode
from visavis.types import Face, Image

Colour: TypeAlias = Literal["match", "unknown", "ambiguous", "plain"]
_Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
_RGB: TypeAlias = tuple[int, int, int]
_Rectangle: TypeAlias = tuple[int, int, int, int]

_COLOURS: Final[dict[Colour, _RGB]] = {
    "match": (0, 158, 115),
    "unknown": (213, 94, 0),
    "ambiguous": (240, 228, 66),
    "plain": (86, 180, 233),
}
"""From Okabe and Ito's palette, which people with colour blindness can tell apart."""

_SYSTEM_FONTS: Final = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "arial.ttf", "Arial.ttf")
_INK: Final[_RGB] = (24, 24, 27)
_WHITE: Final[_RGB] = (255, 255, 255)
_PAPER: Final[_RGB] = (250, 250, 248)
_CELL: Final = 240
_CAPTION: Final = 15
_MARGIN: Final = 20
_SMOOTH: Final = 4  # shapes are drawn this much larger and reduced: Pillow's have jagged edges


def annotate(
    image: Image,
    boxes: Sequence[Face],
    labels: Sequence[str],
    colours: Sequence[Colour],
    *,
    landmarks: bool = False,
) -> Image:
    """A copy of the image with a box and a label for each face, and dots on its landmarks if
    asked for.

    Sizes follow the image's and the face's. A label stands above its box, or below or inside
    where there is no room, is shortened where the image is too narrow, and is left out where it
    is empty or the image too low for one line. Raises InputError for lists of different lengths.
    """
    if not len(boxes) == len(labels) == len(colours):
        raise InputError(
            "expected as many labels and colours as faces,"
            f" got {len(boxes)} faces, {len(labels)} labels and {len(colours)} colours"
        )
    canvas = PIL.Image.fromarray(decode(image)).copy()
    taken: list[_Rectangle] = []
    all_seen = [_visible(canvas, face) for face in boxes]
    for face, seen, colour in zip(boxes, all_seen, colours, strict=True):
        if seen:
            _draw_box(canvas, seen, _COLOURS[colour])
        if landmarks:
            _draw_dots(canvas, face, _COLOURS[colour])
    for seen, label, colour in zip(all_seen, labels, colours, strict=True):
        if seen:
            _draw_label(canvas, seen, label, _COLOURS[colour], taken)
    return np.array(canvas)


def grid(images: Sequence[Image], captions: Sequence[str], columns: int) -> Image:
    """A contact sheet: the images in rows of `columns`, each with its caption below.

    Images are scaled to cells 240 pixels wide; long captions are shortened. Raises InputError
    for no images, for another number of captions, and for fewer than one column.
    """
    if not images or len(images) != len(captions) or columns < 1:
        raise InputError(
            "expected images, as many captions, and 1 column or more,"
            f" got {len(images)}, {len(captions)} and {columns}"
        )
    cells = [_fitted(image) for image in images]
    columns = min(columns, len(cells))
    rows = [range(at, min(at + columns, len(cells))) for at in range(0, len(cells), columns)]
    heights = [max(cells[at].height for at in row) for row in rows]
    line = 2 * _CAPTION + _MARGIN
    width = columns * (_CELL + _MARGIN) + _MARGIN
    sheet = PIL.Image.new("RGB", (width, sum(heights) + len(rows) * line + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    top = _MARGIN
    for row, height in zip(rows, heights, strict=True):
        for column, at in enumerate(row):
            middle = _MARGIN + column * (_CELL + _MARGIN) + _CELL // 2
            cell = cells[at]
            mask = _rounded(cell.size, 8)
            sheet.paste(cell, (middle - cell.width // 2, top + height - cell.height), mask)
            text, font = _lettering(captions[at], _CAPTION, _CELL)
            pen.text((middle, top + height + 18), text, _INK, font, anchor="mm")
        top += height + line
    return np.array(sheet)


def _fitted(image: Image) -> PIL.Image.Image:
    """The image scaled to the width of a cell, or to one and a half times that in height."""
    whole = PIL.Image.fromarray(decode(image))
    scale = min(_CELL / whole.width, 1.5 * _CELL / whole.height)
    size = (max(round(whole.width * scale), 1), max(round(whole.height * scale), 1))
    return whole.resize(size, PIL.Image.Resampling.LANCZOS)


def _draw_box(canvas: PIL.Image.Image, seen: _Rectangle, colour: _RGB) -> None:
    left, top, right, bottom = seen
    size = (right - left, bottom - top)
    stroke = max(round(min(_unit(canvas) * 3, min(size) / 24)), 2)
    halo = max(stroke // 2, 1)
    corner = round(min(size) * 0.06)
    dark = _rounded(size, corner, stroke + 2 * halo).point(lambda value: value * 2 // 5)
    canvas.paste(_INK, (left, top), dark)
    inner = (size[0] - 2 * halo, size[1] - 2 * halo)
    if min(inner) > 0:
        canvas.paste(colour, (left + halo, top + halo), _rounded(inner, corner, stroke))


def _draw_dots(canvas: PIL.Image.Image, face: Face, colour: _RGB) -> None:
    radius = max(round(min(face.width / 50, 3 * _unit(canvas))), 1)
    for x, y in face.landmarks.tolist():
        if not (0 <= x < canvas.width and 0 <= y < canvas.height):
            continue
        for size, fill in ((radius + 1, _INK), (radius, colour)):
            dot = _rounded((2 * size + 1, 2 * size + 1), size)
            canvas.paste(fill, (round(x) - size, round(y) - size), dot)


def _draw_label(
    canvas: PIL.Image.Image, seen: _Rectangle, label: str, colour: _RGB, taken: list[_Rectangle]
) -> None:
    unit = _unit(canvas)
    size = round(max(min(max((seen[2] - seen[0]) * 0.13, 9 * unit), 20 * unit), 12))
    pad = round(size * 0.45)
    text, font = _lettering(label, size, canvas.width - 2 * pad - 2)
    width, height = round(font.getlength(text)) + 2 * pad, round(size * 1.6)
    if not text or height > canvas.height:
        return
    place = _free_place(canvas, seen, (width, height), round(3 * unit), taken)
    taken.append(place)
    canvas.paste(colour, place[:2], _rounded((width, height), round(size * 0.35)))
    middle = (place[0] + width / 2, place[1] + height / 2)
    ink = _INK if np.dot(colour, (0.299, 0.587, 0.114)) > 120 else _WHITE
    ImageDraw.Draw(canvas).text(middle, text, ink, font, anchor="mm")


def _free_place(
    canvas: PIL.Image.Image,
    box: _Rectangle,
    size: tuple[int, int],
    gap: int,
    taken: Sequence[_Rectangle],
) -> _Rectangle:
    """Where a label goes: above the box, below it, or inside it; off other labels if possible."""
    width, height = size
    left = min(max(box[0], 0), canvas.width - width)
    tops = (box[1] - height - gap, box[3] + gap, box[1] + 2 * gap, box[3] - height - 2 * gap)
    places = [
        (left, top, left + width, top + height)
        for top in tops
        if 0 <= top <= canvas.height - height
    ]
    top = min(max(tops[0], 0), canvas.height - height)
    places.append((left, top, left + width, top + height))
    free = [place for place in places if not any(_overlap(place, other) for other in taken)]
    return (free or places)[0]


def _overlap(a: _Rectangle, b: _Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _visible(canvas: PIL.Image.Image, face: Face) -> _Rectangle | None:
    """The part of the box that is on the canvas, in whole pixels; None if there is none."""
    x1, y1, x2, y2 = np.clip(face.box.round(), 0, np.tile(canvas.size, 2)).astype(int).tolist()
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None


def _unit(canvas: PIL.Image.Image) -> float:
    """One pixel of a picture 640 across, so that drawings look alike at every resolution."""
    return max(max(canvas.size) / 640, 0.75)


def _rounded(size: tuple[int, int], corner: int, stroke: int = 0) -> PIL.Image.Image:
    """A smooth mask of a rectangle with round corners: filled, or only its outline."""
    large = (size[0] * _SMOOTH, size[1] * _SMOOTH)
    mask = PIL.Image.new("L", large)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, large[0] - 1, large[1] - 1),
        corner * _SMOOTH,
        fill=0 if stroke else 255,
        outline=255,
        width=max(stroke * _SMOOTH, 1),
    )
    return mask.reduce(_SMOOTH)


def _lettering(text: str, size: int, width: float) -> tuple[str, _Font]:
    """The text in one line, cut with an ellipsis to fit the width, and a font for it."""
    line = " ".join(text.split())
    font = _font(size, line)
    if font is None:
        line, font = _ascii(line), ImageFont.load_default(size)
    if font.getlength(line) <= width:
        return line, font
    cuts = (line[:end].rstrip() + "…" for end in range(len(line) - 1, 0, -1))
    return next((cut for cut in cuts if font.getlength(cut) <= width), ""), font


def _font(size: int, text: str) -> _Font | None:
    """Pillow's own font, which has ASCII alone; for other letters one of the system's, if any."""
    if text.isascii():
        return ImageFont.load_default(size)
    for name in _SYSTEM_FONTS:
        with suppress(OSError):
            return ImageFont.truetype(name, size)
    return None


def _ascii(text: str) -> str:
    """The text without its accents, and with "?" for letters that have no ASCII base."""
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in letters)
