from collections.abc import Generator, Sequence
from threading import Event

import numpy as np
import pytest

from visavis.errors import StreamFailed, VisavisError
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Identification, Image, Sample, Threshold
from visavis.video.frames import Frame
from visavis.video.monitor import Monitor
from visavis.video.reader import Reader
from visavis.video.rota import Rota
from visavis.video.tracker import TrackRules
from visavis.video.watch import Eyes, View, Watcher, WatchRules

LIMIT = 20.0


class Film:
    """Gives these pictures, then ends, or fails."""

    live = False
    corrupt = 0
    name = "film"

    def __init__(self, images: Sequence[Image], error: VisavisError | None = None) -> None:
        self.images = images
        self.error = error

    def frames(self) -> Generator[Frame, None, None]:
        for number, image in enumerate(self.images):
            yield Frame.of(image, number, number / 10)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        pass


def watcher() -> Watcher:
    pipeline = Pipeline(FakeDetector(), FakeEmbedder())
    eyes = Eyes(FakeDetector(), lambda _, face: face)

    def nobody(sample: Sample) -> Identification:
        return Identification(sample, (), Threshold(0.5))

    return Watcher(pipeline, eyes, nobody, Policy(), WatchRules(tracks=TrackRules(confirm=1)))


def run(film: Film) -> tuple[Monitor, list[View]]:
    """The monitor after the film, worked at on this thread."""
    views: list[View] = []
    monitor = Monitor("door", Reader(film), watcher(), lambda _, view: views.append(view))
    while monitor.step():
        pass
    return monitor, views


def test_every_frame_of_a_film_is_looked_at_and_told() -> None:
    monitor, views = run(Film([fake_photo("ada")] * 7))
    assert [v.number for v in views] == list(range(7))
    status = monitor.status()
    assert (status.frames, status.people, status.error) == (7, 1, None)
    assert status.reading.state == "ended"
    assert 0 <= status.lag <= status.lag_p95
    assert monitor.over


def test_what_ends_it_for_good_is_told_after_the_last_frame() -> None:
    monitor, views = run(Film([fake_photo("ada")] * 3, StreamFailed("film broke off")))
    assert len(views) == 3
    assert monitor.over
    assert isinstance(monitor.error, StreamFailed)
    assert monitor.status().error == "stream_failed"


def test_before_the_first_frame_there_is_nothing_to_say() -> None:
    go = Event()

    class Late(Film):
        def frames(self) -> Generator[Frame, None, None]:
            assert go.wait(LIMIT)
            yield from super().frames()

    monitor = Monitor("door", Reader(Late([])), watcher(), lambda *_: None)
    assert not monitor.ready()
    assert not monitor.over
    status = monitor.status()
    assert (status.frames, status.fps, status.lag) == (0, 0.0, 0.0)
    go.set()
    monitor.close()


def test_a_rota_works_at_several(caplog: pytest.LogCaptureFixture) -> None:
    rota, ended = Rota(2), [Event(), Event(), Event()]
    monitors = []
    for place, event in enumerate(ended):
        film = Film([np.ascontiguousarray(fake_photo("ada"))] * (5 + place))

        def told(_: Frame, view: View, event: Event = event, last: int = 4 + place) -> None:
            if view.number == last:
                event.set()

        monitors.append(Monitor(f"door {place}", Reader(film), watcher(), told))
    for monitor in monitors:
        rota.add(monitor)
    assert all(event.wait(LIMIT) for event in ended)
    for monitor in monitors:
        rota.remove(monitor)
    rota.close()
    assert [m.status().frames for m in monitors] == [5, 6, 7]
    assert not caplog.records
