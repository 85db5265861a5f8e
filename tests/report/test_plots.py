"""Drawings: vector, their own ids, the page's ink, the same bytes again, and odd data."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from visavis.errors import InputError
from visavis.report import plots
from visavis.report.document import Figure
from visavis.report.plots import Curve2
from visavis.report.style import INK, PALETTE

SAID: dict[str, Any] = {"caption": "c", "alt": "an <alt> & text"}
XY: dict[str, Any] = {"x": "the x", "y": "the y"}


def curves(x: Sequence[float], y: Sequence[float]) -> list[Curve2]:
    return [Curve2("one", x, y), Curve2("two", x, y, y, y)]


Draw = Callable[[list[float]], Figure]
DRAWINGS: dict[str, Draw] = {
    "lines": lambda v: plots.lines("p", curves(v, v), **SAID, **XY, diagonal=True),
    "log-lines": lambda v: plots.lines("p", curves(v, v), **SAID, **XY, log_x=True, log_y=True),
    "step-lines": lambda v: plots.lines("p", curves(v, v), **SAID, **XY, steps=True),
    "roc": lambda v: plots.roc("p", curves(v, v), **SAID),
    "det": lambda v: plots.det("p", curves(v, v), **SAID),
    "cmc": lambda v: plots.cmc("p", curves(v, v), **SAID),
    "histogram": lambda v: plots.histogram("p", {"a": v, "b": v}, x="s", mark={"m": 0.3}, **SAID),
    "log-histogram": lambda v: plots.histogram("p", {"a": v}, x="s", log_y=True, **SAID),
    "heat map": lambda v: plots.heat_map("p", ["r"], [f"c{i}" for i in v], [v], **SAID, **XY),
    "bars": lambda v: plots.bars("p", [f"b{i}" for i in v], v, low=v, high=v, x="x", **SAID),
    "scatter": lambda v: plots.scatter("p", {"g": np.array([v, v]).T}, **SAID),
    "reliability": lambda v: plots.reliability("p", v, v, v, **SAID),
}
DATA = {
    "one": [0.5],
    "nan": [float("nan")],
    "not positive": [0.0, -1.0],
    "gap": [0.1, float("nan"), 0.4, float("inf"), float("-inf")],
}
DRAWN = [pytest.param(d, id=name) for name, d in DRAWINGS.items()]


def texts(figure: Figure) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(figure.svg).iter() if "text" in e.tag]


@pytest.mark.parametrize("draw", DRAWN)
@pytest.mark.parametrize("values", [pytest.param(v, id=k) for k, v in DATA.items()])
@pytest.mark.filterwarnings("error")
def test_any_data_is_drawn_without_warnings(draw: Draw, values: list[float]) -> None:
    root = ElementTree.fromstring(draw(values).svg)
    assert root.tag.endswith("svg")


@pytest.mark.parametrize("draw", DRAWN)
@pytest.mark.filterwarnings("error")
def test_no_data_says_so(draw: Draw) -> None:
    assert "nothing was measured" in texts(draw([]))


@pytest.mark.parametrize("draw", DRAWN)
def test_a_drawing_is_vector_and_follows_the_page(draw: Draw) -> None:
    svg = draw([0.2, 0.4, 0.8]).svg
    assert "nothing was measured" not in svg
    root = ElementTree.fromstring(svg)
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert not tags & {"image", "script", "foreignObject", "metadata"}
    assert "text" in tags
    assert "currentColor" in svg
    assert INK not in svg
    assert "DejaVu" not in svg
    assert "prefers-color-scheme:dark" in svg
    assert (root.get("role"), root.get("aria-label")) == ("img", "an <alt> & text")


def test_every_id_belongs_to_its_drawing_and_every_reference_leads_somewhere() -> None:
    one = plots.heat_map("one", ["r"], ["c"], [[float("nan")]], **SAID, **XY)
    two = plots.heat_map("two", ["r"], ["c"], [[float("nan")]], **SAID, **XY)
    roots = [ElementTree.fromstring(f.svg) for f in (one, two)]
    first, second = ({e.get("id") for e in r.iter() if e.get("id")} for r in roots)
    assert first
    assert not first & second
    assert all(str(i).startswith("plot-one") for i in first)
    for reference in [part.split(")")[0] for part in one.svg.split("url(#")[1:]]:
        assert reference in first
    assert "url(#" in one.svg  # the hatch of a cell that was not measured
    assert "n/m" in texts(one)


def test_style_rules_stay_within_the_drawing() -> None:
    figure = plots.roc("mine", [], **SAID)
    (sheet,) = [e for e in ElementTree.fromstring(figure.svg).iter() if e.tag.endswith("style")]
    assert sheet.text is not None
    assert sheet.text.count("{") - sheet.text.count("@media") == sheet.text.count("#plot-mine")


def test_the_same_drawing_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "from visavis.report import plots as p;"
        "f=[p.scatter('s',{'a':[[0,1],[1,0]],'b':[[1,1]]},caption='',alt=''),"
        "p.heat_map('h',['r'],['c'],[[float('nan')]],x='',y='',caption='',alt='')];"
        "print(*[x.svg for x in f])"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_labels_are_literal(evil: str) -> None:
    figure = plots.bars("b", [evil, "$x^2$", "_hidden"], [1, 2, 3], x="$y$", **SAID)
    assert "<script" not in figure.svg
    assert "$x^2$" in texts(figure)
    assert any(t.startswith("<script>") and t.endswith(".jpg") for t in texts(figure))


def test_legend_names_are_literal_too() -> None:
    drawn = plots.roc("r", [Curve2("_a$b$", [1e-3, 1], [0.5, 1]), Curve2("c", [1], [1])], **SAID)
    assert {"_a$b$", "c"} <= {t.strip() for t in texts(drawn)}


def test_heat_map_prints_percent_and_legible_ink() -> None:
    figure = plots.heat_map("h", ["r"], ["a", "b"], [[0.0, 0.996]], **SAID, **XY)
    assert {"0", "99.6"} <= set(texts(figure))
    ink = {e.text: e.get("style", "") for e in ElementTree.fromstring(figure.svg).iter()}
    assert "fill: #ffffff" in ink["0"]  # on the darkest colour
    assert "fill" not in ink["99.6"]  # on the lightest: black, which is what SVG starts from


def test_steps_are_counted_in_whole_numbers() -> None:
    def labels(*, steps: bool) -> list[str]:
        drawn = plots.lines("p", curves(range(5), [0, 20, 40, 60, 80]), steps=steps, **SAID, **XY)
        texts = (e.text for e in ElementTree.fromstring(drawn.svg).iter() if e.tag.endswith("text"))
        return [text for text in texts if text]

    assert {"0", "1", "4"} <= set(labels(steps=True))
    assert not [text for text in labels(steps=True) if "." in text]
    assert "0.5" in labels(steps=False)


def test_histogram_shares_add_up_to_one_for_each_group() -> None:
    figure = plots.histogram("h", {"few": [0, 1], "many": [0] * 1000}, x="s", **SAID)
    assert "1.0" in texts(figure)  # all of `many` is in one bin


def test_scatter_thins_evenly_to_two_thousand_points() -> None:
    points = np.arange(20_002.0).reshape(-1, 2)
    figure = plots.scatter("s", {"a": points, "b": points[:3]}, **SAID)
    assert 1600 < figure.svg.count("<use") <= 2020


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Curve2("a", [1, 2], [1]),
        lambda: Curve2("a", [1], [1], [1, 2], [1]),
        lambda: plots.bars("b", ["a"], [1, 2], x="", **SAID),
        lambda: plots.heat_map("h", ["r"], ["a", "b"], [[1]], **SAID, **XY),
        lambda: plots.reliability("r", [1], [1, 2], [1], **SAID),
        lambda: plots.scatter("s", {"a": [[1, 2, 3]]}, **SAID),
        lambda: plots.roc("a/b", [], **SAID),
    ],
)
def test_what_does_not_fit_together_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="expected"):
        wrong()


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("colour", [c for c in PALETTE if c != INK])
@pytest.mark.parametrize("page", ["#ffffff", "#14171c", "#0d1117"])
def test_the_palette_stands_out_on_light_and_dark(colour: str, page: str) -> None:
    dark, light = sorted((luminance(colour), luminance(page)))
    assert (light + 0.05) / (dark + 0.05) >= 3
