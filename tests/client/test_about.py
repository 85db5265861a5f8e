"""What the service says of itself."""

import pytest

from visavis import __version__
from visavis.client import Client
from visavis.client.about import Calibration, Point


def test_models(client: Client) -> None:
    by_task = {model.task: model for model in client.models()}
    assert by_task["embed"].dim == 128
    assert by_task["detect"].dim is None
    for model in by_task.values():
        assert model.licence
        assert len(model.sha256) == 64
        assert all(len(entry) == 2 for entry in model.training_data)


def test_calibration(client: Client) -> None:
    found = client.calibration()
    assert (found.model, found.dataset) == ("fake-1", "synthetic")
    assert found.points[0] == Point(0.1, 0.2, None, None)


def test_intervals_of_a_calibration() -> None:
    said = {"model": "m", "dataset": "d", "pairs": 9, "identities": 3, "measured": 0.1}
    point = {"fmr": 0.1, "threshold": 0.2, "low": 0.05, "high": 0.2}
    found = Calibration.of({**said, "points": [point], "tail": None})
    assert found.points == (Point(0.1, 0.2, 0.05, 0.2),)
    assert found.measured == 0.1


def test_policy(client: Client) -> None:
    found = client.policy()
    assert found.fmr == pytest.approx(1e-4)
    assert (found.top_k, found.review, found.liveness) == (5, "standard", "off")
    assert found.limits["min_size"] == 5
    assert set(found.live) == {"bpcer", "apcer", "threshold"}
    assert found.loosest_fmr == pytest.approx(0.01)


def test_ready(client: Client) -> None:
    found = client.ready()
    assert found.ready
    assert found.version == __version__
    assert set(found.parts.values()) == {"ok"}
