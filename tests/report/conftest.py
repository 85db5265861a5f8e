"""A small report with every kind of block, its labels as hostile as file names can be."""

import io

import numpy as np
import PIL.Image
import pytest

from visavis.report import plots
from visavis.report.document import (
    Note,
    Photograph,
    Provenance,
    Report,
    Section,
    Table,
    Text,
)

EVIL = "<script>alert('x')</script> a|b *c* `d` [e](javascript:f) $g$ &amp;\n\x1b[31m\udc80.jpg"


@pytest.fixture(scope="session")
def evil() -> str:
    return EVIL


@pytest.fixture(scope="session")
def photograph() -> Photograph:
    out = io.BytesIO()
    PIL.Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(out, "PNG")
    return Photograph("grey", out.getvalue(), EVIL, EVIL, "public domain", EVIL)


@pytest.fixture(scope="session")
def report(photograph: Photograph) -> Report:
    curve = plots.Curve2(EVIL, [1e-4, 1e-2, 1], [0.3, 0.1, 0.01])
    blocks = (
        Text("All pairs, see [the protocol](https://example.org) and `code`."),
        Note("LFW **flatters**."),
        Table((EVIL, "TMR"), ((EVIL, "99.1 %"), ("b", None), (None, 0.25)), EVIL),
        plots.det("det", [curve], caption=EVIL, alt=EVIL),
        photograph,
    )
    return Report(
        "sample",
        f"Sample {EVIL}",
        "One is **better**.",
        (Section(EVIL, blocks), Section("Second", (plots.cmc("cmc", [], caption="", alt=""),))),
        Provenance("visavis evaluate x", {"numpy": "2"}, EVIL, {"m": "ab" * 32}, {"d": "cd" * 32}),
        {"tmr": np.float32(0.123456789), "none": float("nan"), EVIL: [True, False]},
    )
