"""What was measured of liveness checks."""

import json

from visavis.client import Client
from visavis.client.errors import Answer
from visavis.client.liveness_table import Combination, LivePoint, liveness_table


def test_combinations() -> None:
    point = {"threshold": 0.5, "bpcer": 0.01, "apcer": 0.05}
    said = {"checks": ["a", "b"], "threshold": None, "bona_fide": "x", "attacks": "y"}
    body = json.dumps({"combinations": [{**said, "points": [point]}]}).encode()
    expected = Combination(("a", "b"), None, "x", "y", (LivePoint(0.5, 0.01, 0.05),))
    assert liveness_table().result(Answer(200, {}, body)) == (expected,)


def test_nothing_was_measured_of_fakes(client: Client) -> None:
    assert client.liveness_table() == ()
