"""How drawings look: one style for light and dark pages, and the way from matplotlib to SVG."""

import re
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

from visavis.extras import needs
from visavis.report.document import Figure
from visavis.report.words import clean, stem

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

INK: Final = "#010203"
"""Stands for the page's text colour and becomes `currentColor`."""
PALETTE: Final = ("#1f7fbf", "#d55e00", "#009370", "#b8699b", "#a57a00", INK)
"""After Okabe and Ito, "Color universal design", 2008: told apart by the colour-blind; darkened or
lightened to a contrast of 3 or more on white and on near-black."""
DASHES: Final = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (9, 3)))
MARKERS: Final = "osD^vPX"
TEXT: Final = 13.6
"""Pixels of a drawing's text at its natural width: 11 where a phone shows it 340 wide."""
WIDTH: Final = 420
_FONTS: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
_SVG: Final = "http://www.w3.org/2000/svg"


def draw(
    name: str,
    height: float,
    paint: "Callable[[Canvas], None]",
    *,
    caption: str,
    alt: str,
    width: float = WIDTH,
) -> Figure:
    """What `paint` draws on a canvas of so many pixels, as SVG that follows the page's colours.

    The same drawing gives the same bytes. Raises InputError for a name that is no file's stem.
    """
    with needs("evaluate", "drawing"):
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as Canvas
    out = BytesIO()
    with matplotlib.rc_context(_settings(stem(name))), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        canvas = Canvas(figsize=(width / 72, height / 72), layout="constrained")
        paint(canvas)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        FigureCanvasSVG(canvas)
        canvas.savefig(out, format="svg", metadata=nothing)
    return Figure(name, _tidy(out.getvalue(), name, alt), caption, alt)


def _settings(name: str) -> Any:
    """matplotlib's settings; text is measured in DejaVu Sans, wider than the fonts it is set in."""
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "text.parse_math": False,
        "font.family": ["DejaVu Sans"],
        "font.size": TEXT,
        "axes.labelsize": TEXT,
        "axes.titlesize": TEXT,
        "xtick.labelsize": TEXT,
        "ytick.labelsize": TEXT,
        "legend.fontsize": TEXT,
        "legend.frameon": False,
        "legend.handlelength": 2.8,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": INK,
        "grid.alpha": 0.14,
        "grid.linewidth": 0.8,
        "lines.linewidth": 2,
        "lines.markersize": 6,
        "hatch.linewidth": 0.6,
    }


def _tidy(svg: bytes, name: str, alt: str) -> str:
    """The drawing with ids of its own, system fonts, no date, and the page's ink."""
    root = ElementTree.fromstring(svg)
    own = f"plot-{name}"
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        element.attrib = {
            key.rpartition("}")[2]: _value(key, value, own) for key, value in element.items()
        }
        if element.tag == "style":
            element.text = _sheet(own)
    for data in root.findall("metadata"):
        root.remove(data)
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib = {
        "xmlns": _SVG,
        "id": own,
        "class": "plot",
        "viewBox": root.attrib["viewBox"],
        "width": f"{float(width):.0f}",
        "height": f"{float(height):.0f}",
        "color": "#1f2328",
        "style": f"--width:{float(width):.0f}px",
        "role": "img",
        "aria-label": clean(alt),
    }
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _value(key: str, value: str, own: str) -> str:
    match key.rpartition("}")[2]:
        case "id":
            return f"{own}-{value}"
        case "href":
            return value.replace("#", f"#{own}-", 1)
        case "d" | "points" | "x" | "y" | "transform":
            return _NUMBER.sub(lambda n: f"{float(n[0]):.2f}".rstrip("0").rstrip("."), value)
        case "style":
            inked = value.replace(INK, "currentColor").replace("url(#", f"url(#{own}-")
            return re.sub(r"'DejaVu Sans'(, [^;]*)?", _FONTS, inked)
        case _:
            return value.replace("url(#", f"url(#{own}-")


def _sheet(own: str) -> str:
    """Rules for this drawing alone, since those of an inlined SVG reach the whole page."""
    return (
        f"#{own} *{{stroke-linejoin:round;stroke-linecap:butt}}"
        f"@media screen and (prefers-color-scheme:dark){{#{own}{{color:#e6edf3}}}}"
    )
