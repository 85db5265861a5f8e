"""What each step of a condition looks like, on a portrait that may be published."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

import numpy as np
import PIL.Image

from visavis.draw import grid
from visavis.evaluate.conditions import CONDITIONS, Condition, Family, Scene, distort
from visavis.report.document import Photograph

_COLUMNS: Final = 4
_PAPER: Final = 250
_SIDE: Final = 240
_CREDIT: Final = "Eileen Collins, by NASA; altered as the caption says"


def examples(
    scene: Scene, conditions: Sequence[Condition] = CONDITIONS, seed: int = 0
) -> tuple[Photograph, ...]:
    """A sheet a family of conditions, made of a portrait in the public domain by NASA."""
    families = dict.fromkeys(c.family for c in conditions)
    return tuple(_sheet(scene, f, [c for c in conditions if c.family == f], seed) for f in families)


def _sheet(scene: Scene, family: Family, conditions: Sequence[Condition], seed: int) -> Photograph:
    empty = np.full((_SIDE, _SIDE, 3), _PAPER, np.uint8)
    images, captions = [], []
    for condition in conditions:
        levels = _shown(len(condition.values))
        for level in levels:
            rng = np.random.default_rng(seed)
            value = condition.values[level]
            images.append(distort(scene, condition.kind, value, rng).image)
            captions.append(f"{condition.kind} {value:g}")
        images += [empty] * (_COLUMNS - len(levels))
        captions += [""] * (_COLUMNS - len(levels))
    file = BytesIO()
    PIL.Image.fromarray(grid(images, captions, _COLUMNS)).save(file, "JPEG", quality=82)
    rows = "; ".join(f"{c.kind}: {c.unit.replace('{}', _values(c))}" for c in conditions)
    return Photograph(
        name=f"robustness-{family.replace(' ', '-')}",
        data=file.getvalue(),
        caption=f"Conditions of {family}, mild to severe from left to right. {_capital(rows)}.",
        alt=f"A portrait under conditions of {family}, from mild to severe.",
        licence="public domain",
        credit=_CREDIT,
    )


def _shown(steps: int) -> list[int]:
    """All steps, or of more than a row holds the first and the last and some between."""
    places = np.linspace(0, steps - 1, min(steps, _COLUMNS))
    return [round(place) for place in places.tolist()]


def _values(condition: Condition) -> str:
    shown = [f"{condition.values[level]:g}" for level in _shown(len(condition.values))]
    return ", ".join(shown[:-1]) + f" and {shown[-1]}" if len(shown) > 1 else shown[0]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
