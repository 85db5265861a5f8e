"""What Prometheus is told of cameras: only of those at work, by their names."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from visavis.service.cameras.values import CameraStatus
from visavis.video.monitor import MonitorStatus

_LABEL: Final = "camera"
_RUNNING: Final = "running"


def figures(statuses: Callable[[], Mapping[str, CameraStatus]]) -> Iterable[Metric]:
    """The figures of this moment; counts begin anew when a camera is started."""
    found = statuses()
    running = {name: float(one.state == _RUNNING) for name, one in found.items()}
    yield _gauges("camera_up", "Whether frames come", running)
    told = {name: one.monitor for name, one in found.items() if one.monitor is not None}
    yield _frames(told)
    reconnects = CounterMetricFamily(
        "visavis_camera_reconnects", "Connections made again", labels=(_LABEL,)
    )
    for name, one in told.items():
        reconnects.add_metric((name,), one.reading.reconnects)
    yield reconnects
    yield _gauges("camera_people", "Faces in view", {n: one.people for n, one in told.items()})
    yield _gauges("camera_fps", "Frames looked at", {n: one.fps for n, one in told.items()})
    yield _lag(told)


def _frames(told: Mapping[str, MonitorStatus]) -> Metric:
    family = CounterMetricFamily(
        "visavis_camera_frames", "Frames of cameras", labels=(_LABEL, "outcome")
    )
    for name, one in told.items():
        family.add_metric((name, "processed"), one.frames)
        family.add_metric((name, "dropped"), one.reading.dropped)
        family.add_metric((name, "corrupt"), one.reading.corrupt)
    return family


def _lag(told: Mapping[str, MonitorStatus]) -> Metric:
    family = GaugeMetricFamily(
        "visavis_camera_lag_seconds",
        "Age of frames when they are done",
        labels=(_LABEL, "quantile"),
    )
    for name, one in told.items():
        family.add_metric((name, "0.5"), one.lag)
        family.add_metric((name, "0.95"), one.lag_p95)
    return family


def _gauges(name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"visavis_{name}", text, labels=(_LABEL,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
