"""What is read of a live stream's frames."""

from visavis.client.faces import Quality
from visavis.client.live import LiveFrame

FACE = {
    "sample": {
        "face": {
            "box": {"x1": 1, "y1": 2, "x2": 30, "y2": 40},
            "landmarks": [[1, 1]] * 5,
            "score": 0.9,
        },
        "quality": dict.fromkeys(Quality.__dataclass_fields__, 0.5) | {"reasons": ["blurred"]},
        "liveness": None,
    },
    "decision": "unknown",
    "subject": None,
    "candidates": [{"subject": "ada", "score": 0.1}],
    "threshold": {"score": 0.4, "rate": 0.01, "extrapolated": False},
    "margin": None,
    "track": 7,
}


def test_frames() -> None:
    said = {"type": "frame", "frame": 3, "dropped": 1, "width": 64, "height": 48}
    found = LiveFrame.of({**said, "faces": [FACE], "latency_ms": {"queue": 1.5, "total": 20}})
    assert (found.frame, found.dropped, found.width, found.height) == (3, 1, 64, 48)
    assert found.latency_ms["total"] == 20
    (face,) = found.faces
    assert face.track == 7
    assert face.identification.decision == "unknown"
    assert face.identification.sample.face.box == (1, 2, 30, 40)
    assert face.identification.sample.quality.reasons == ("blurred",)
    assert face.identification.candidates[0].subject == "ada"
