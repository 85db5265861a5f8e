"""Live streams: who is before a camera, frame by frame."""

from fastapi import APIRouter
from starlette.websockets import WebSocket

from visavis.policy import Policy
from visavis.recognizer import Recognizer
from visavis.service.apikeys import Scope
from visavis.service.limited import LimitedDetector
from visavis.service.live import FrameWatcher, PlainWatcher, TrackingWatcher, Watching
from visavis.service.schemas.live import LiveFrame, LiveHello, LiveReady
from visavis.service.sockets import IDLE_SECONDS, Frame, Line, converse
from visavis.service.state import Services
from visavis.video.watch import Eyes

router = APIRouter(prefix="/v1", tags=["live"])


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Identifies the faces of a stream. Needs the scope `identify` in the collection.

    First comes a LiveHello as text, answered by LiveReady, or by an error and the end; with the
    key in a header a frame may come first. Each binary message is a picture, and each that is
    looked at is answered by a LiveFrame. While one is looked at, only the newest waits: others are
    dropped and counted, as are those beyond the key's rate or the workers' room. A frame that
    cannot be read is answered by an error; five in a row end the stream, as do a revoked key and
    30 s without a frame. What of the decisions is recorded says `service.live.Journal`.
    """
    await converse(socket, LiveHello, _talk)


async def _talk(line: Line[LiveHello]) -> None:
    services, hello = line.call.services, line.hello
    name = hello.collection or services.settings.collection
    line.call.caller.require(Scope.IDENTIFY, name)
    policy = hello.applied(services.policy, services.limits, line.call.caller)
    with services.seats.take():
        recognizer = await line.call.run(lambda: services.recognizers.of(name))
        await line.say(await line.call.run(lambda: _ready(line, recognizer, policy)))
        await _stream(line, recognizer, policy)


def _ready(line: Line[LiveHello], recognizer: Recognizer, policy: Policy) -> LiveReady:
    """Raises NotMeasured where the policy does not state what can be held."""
    templates = len(recognizer.collection)
    policy.identification(recognizer.pipeline.embedder.calibration, templates)
    return LiveReady(
        request_id=line.call.request_id,
        collection=recognizer.collection.name,
        templates=templates,
        model=recognizer.pipeline.embedder.model,
        liveness=policy.liveness,
        max_bytes=line.call.services.settings.max_bytes,
        idle_seconds=IDLE_SECONDS,
    )


async def _stream(line: Line[LiveHello], recognizer: Recognizer, policy: Policy) -> None:
    call, services = line.call, line.call.services
    watcher = _watcher(services, recognizer, policy)
    details = {**call.origin, "stream": True}
    watching = Watching(recognizer, watcher, services.stopwatch, details)

    async def take(frame: Frame) -> bool:
        picture = frame.picture
        found = await call.run(lambda: watching.work(picture, frame.at, frame.number))
        services.metrics.observe_identifications([f.identification for f in found.result.faces])
        await line.say(LiveFrame.of(frame.number, line.dropped, found, policy, call.digits))
        return False

    await line.follow(take)


def _watcher(services: Services, recognizer: Recognizer, policy: Policy) -> FrameWatcher:
    """One that follows faces where that can be, else one that looks at each frame for itself."""
    if services.eyes is None:
        return PlainWatcher(recognizer, policy, services.stopwatch)
    finder = LimitedDetector(services.eyes.finder, services.limits.max_faces)
    eyes = Eyes(finder, services.eyes.again)
    return TrackingWatcher(recognizer, eyes, policy, services.stopwatch)
