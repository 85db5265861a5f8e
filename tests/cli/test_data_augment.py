from pathlib import Path
from typing import Any

import numpy as np

from visavis.datasets.augment import EFFECTS
from visavis.image import decode


def test_writes_a_sheet_that_a_seed_repeats(run_json: Any, shoot: Any, tmp_path: Path) -> None:
    photo = shoot("ada")
    sheets = [tmp_path / f"{name}.jpg" for name in "abc"]
    for sheet, seed in zip(sheets, (1, 1, 2), strict=True):
        code, document = run_json(
            "data", "augment", photo, "--out", sheet, "--seed", seed, "--count", 5
        )
        assert code == 0
        assert document["pictures"] == 1 + 5 + 3 * len(EFFECTS)
    first, again, other = (decode(sheet) for sheet in sheets)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_no_picture_is_unusable_input(run: Any, tmp_path: Path) -> None:
    (tmp_path / "no.jpg").write_text("no picture")
    assert run("data", "augment", tmp_path / "no.jpg").exit_code == 2
