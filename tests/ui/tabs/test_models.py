"""Models: thresholds by error rate, licences, how often liveness errs."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.client.about import Calibration, Point
from visavis.ui.tabs import models
from visavis.ui.tabs.models import Combination, everything, threshold_at

Run = Callable[..., Any]


def test_a_rate_has_a_threshold(run: Run) -> None:
    made = run(threshold_at, 4)
    assert all(word in made for word in ("1 in 10,000", "0.400", "synthetic", "not changed here"))
    assert "0.500" in run(threshold_at, 6)


def test_an_interval_is_told_where_it_was_measured() -> None:
    points = (Point(1e-2, 0.2, 9e-3, 1.1e-2), Point(1e-6, 0.6, 5e-7, 2e-6))
    found = models._table(Calibration("m", "LFW", 10, 5, 1e-4, points))
    at = found.threshold(1e-6)
    assert at.interval == pytest.approx((5e-7, 2e-6))
    assert at.extrapolated


def test_models_are_listed_with_their_terms(run: Run) -> None:
    made = run(everything)
    assert all(word in made for word in ("yunet", "sface", "Licence of the file", "Trained on"))
    assert "Nothing was measured of the liveness checks" in made


def test_attacks_that_pass_at_a_rate_of_refusals() -> None:
    one = Combination(("pad",), 0.4, ((0.2, 0.01, 0.8), (0.5, 0.05, 0.3), (0.9, 0.2, 0.1)))
    assert [models._attacks(one, rate) for rate in (0.001, 0.01, 0.05, 0.5)] == [
        None,
        0.8,
        0.3,
        0.1,
    ]
    assert "30 %" in models._liveness([one])
