"""Files, RTSP cameras and webcams, demuxed and decoded by FFmpeg (PyAV).

PyAV keeps FFmpeg from writing to stderr as long as nobody sets its log level. Its errors and the
names of its containers hold the whole URL, with the password: none of them leaves this module.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from visavis.errors import BadStream, StreamFailed, VisavisError
from visavis.extras import needs
from visavis.types import Image
from visavis.video.address import Address
from visavis.video.clock import Lateness, StreamClock
from visavis.video.frames import Frame
from visavis.video.source import SourceOptions

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer
    from av.error import FFmpegError

_PATIENCE: Final = 1.0  # seconds after which a read that waits looks whether it is to end
_LATE: Final = 1.0  # seconds behind a live stream after which only key frames are decoded
_WAITED: Final = 0.02  # seconds for a packet that show that none was there
_KEYLESS: Final = (
    15.0  # seconds that a key frame is waited for: connected anew, a stream begins with one
)
_BROKEN: Final = 100  # unreadable packets in a row after which a stream is given up
_KEYS: Final[Literal["NONKEY"]] = "NONKEY"  # FFmpeg's word for what is left out
_CODECS: Final = "h264,hevc,mjpeg,mpeg4,libdav1d,av1,vp8,vp9,libvpx,libvpx-vp9,h263,mpeg2video"
_FILES: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,nut,ivf,"
    "h264,hevc,av1,obu,m4v,mjpeg,mpjpeg,gif,yuv4mpegpipe,dv"
)  # none that opens other files or addresses: no playlists, no concat, no sdp


class Decoded:
    """A file, an RTSP camera or a webcam. See `Source`."""

    def __init__(self, address: Address, options: SourceOptions) -> None:
        """Raises MissingExtra without PyAV."""
        with needs("video", "reading video"):
            import av
        del av
        self._address = address
        self._options = options
        self._clock = StreamClock(live=self.live)
        self._late = Lateness()
        self._number = 0
        self._corrupt = 0
        self._closed = False

    @property
    def name(self) -> str:
        return self._address.shown

    @property
    def live(self) -> bool:
        return self._address.kind != "file"

    @property
    def corrupt(self) -> int:
        return self._corrupt

    def close(self) -> None:
        """Ends `frames` within a second, or when a connection that is being made is there."""
        self._closed = True

    def frames(self) -> Generator[Frame, None, None]:
        """See `Source`. Pixels are turned upright by the rotation that the stream states.

        Where a live stream is decoded more slowly than it comes, frames are left out up to the
        next key frame, and their numbers with them.
        """
        self._clock.broken()
        if self._closed:
            return
        first = self._number
        with closing(self._open()) as container:
            stream, self._late = self._stream(container), Lateness()
            for frame in self._decode(container, stream):
                self._options.limits.check(frame.width, frame.height)
                arrived = time.monotonic()
                at = self._clock.at(_stated(frame), arrived)
                if self.live:
                    _hurry(stream, self._late.of(at, arrived) > _LATE)
                self._number += 1
                yield Frame(partial(_pixels, frame), self._number - 1, at, arrived)
        if self._closed:
            return
        if self.live:
            raise StreamFailed(f"{self.name} ended")
        if self._number == first:
            raise BadStream(f"expected a video, got no frame that can be decoded: {self.name}")

    def _open(self) -> "InputContainer":
        """The connection. Errors are raised where FFmpeg's is no longer at hand, so that no
        traceback shows what it says.
        """
        import av

        webcam = self._address.kind == "webcam"
        times = (self._options.connect, _PATIENCE) if self.live else None
        begun = time.monotonic()
        try:
            return av.open(
                self._address.url if self.live else f"file:{self._address.place}",
                mode="r",
                format="v4l2" if webcam else None,
                options=self._settings(),
                timeout=times,
                metadata_errors="replace",
            )
        except av.FFmpegError as error:
            failure = self._failure(error)
        except ValueError:  # v4l2 is no format of this FFmpeg
            failure = BadStream(f"expected a kind of source that is read here, got {self.name}")
        if self.live and time.monotonic() - begun >= self._options.connect:  # whatever it says
            failure = StreamFailed(f"{self.name} did not answer in {self._options.connect:g} s")
        raise failure

    def _settings(self) -> dict[str, str]:
        """FFmpeg's: protocols, containers and codecs that it may use; how far to look ahead."""
        pixels = str(self._options.limits.max_pixels)
        live = {"fpsprobesize": "0", "analyzeduration": "2000000", "max_pixels": pixels}
        match self._address.kind:
            case "rtsp":
                return live | {
                    "protocol_whitelist": "tcp,tls,udp,rtp,srtp",
                    "format_whitelist": "rtsp",
                    "codec_whitelist": _CODECS,
                    "rtsp_transport": self._options.transport,
                    "allowed_media_types": "video",
                    "timeout": str(int(self._options.stall * 1e6)),
                }
            case "webcam":
                return live
            case _:
                return {
                    "protocol_whitelist": "file",
                    "format_whitelist": _FILES,
                    "max_pixels": pixels,
                }

    def _stream(self, container: "InputContainer") -> "VideoStream":
        """The first moving picture, ready to be decoded; covers of music are none."""
        from av.stream import Disposition

        for stream in container.streams.video:
            if stream.codec_context and not stream.disposition & Disposition.attached_pic:
                context = stream.codec_context
                context.options = {"max_pixels": str(self._options.limits.max_pixels)}
                context.thread_count = self._options.threads
                context.thread_type = "SLICE" if self.live else "AUTO"  # by frames is late by some
                return stream
        raise BadStream(f"expected a video, got a stream without pictures: {self.name}")

    def _decode(self, container: "InputContainer", stream: "VideoStream") -> "Iterator[VideoFrame]":
        """The frames that are whole. Raises StreamFailed where none comes for too long."""
        seen = asked = time.monotonic()
        for packet in self._packets(container, stream):
            if time.monotonic() - asked > _WAITED:
                self._late = Lateness()  # what is waited for stands in no queue
            for frame in self._decoded(packet):
                yield frame
                seen = time.monotonic()
            asked = time.monotonic()
            skipping = stream.codec_context.skip_frame == _KEYS
            most = max(self._options.stall, _KEYLESS if skipping else 0.0)
            if self.live and asked - seen > most:
                raise StreamFailed(f"{self.name} gave no frame for {most:g} s")

    def _decoded(self, packet: "Packet[VideoStream] | None") -> "list[VideoFrame]":
        """The whole frames of a packet; the others are counted, and those that were left out."""
        import av

        if packet is None:
            return []
        try:
            frames = packet.decode()
        except av.FFmpegError:
            self._corrupt += 1
            return []
        if not frames and packet.stream.codec_context.skip_frame == _KEYS:
            self._number += 1
        whole = [frame for frame in frames if not frame.is_corrupt]
        self._corrupt += len(frames) - len(whole)
        return whole

    def _packets(
        self, container: "InputContainer", stream: "VideoStream"
    ) -> "Iterator[Packet[VideoStream] | None]":
        """Packets until the end, and None for a while without any."""
        import av

        broken = 0
        while not self._closed:
            try:
                for packet in container.demux(stream):
                    broken = 0
                    yield packet
                    if self._closed:
                        return
                return
            except av.error.ExitError:  # it has waited long enough
                yield None
                continue
            except av.error.InvalidDataError:
                self._corrupt += 1
                broken += 1
                failure: VisavisError = StreamFailed(f"{self.name} gives broken data")
            except av.FFmpegError as error:
                failure, broken = self._failure(error), _BROKEN
            if broken >= _BROKEN:
                raise failure

    def _failure(self, error: "FFmpegError") -> VisavisError:
        """What FFmpeg says, without the address as it knows it."""
        import av

        what = error.strerror or type(error).__name__
        if self._address.kind == "file":
            return BadStream(f"expected a video file, got {what}: {self.name}")
        if isinstance(error, av.error.InvalidDataError | av.error.LookupError):
            return BadStream(f"expected a video, got {what}: {self.name}")
        return StreamFailed(f"{self.name} failed: {what}")


def _hurry(stream: "VideoStream", late: bool) -> None:
    """Leaves out all but key frames while it is late. A key frame ends that, so that what is
    decoded next has what it builds upon.
    """
    wanted: Literal["NONKEY", "DEFAULT"] = _KEYS if late else "DEFAULT"
    if stream.codec_context.skip_frame != wanted:
        stream.codec_context.skip_frame = wanted


def _stated(frame: "VideoFrame") -> float | None:
    """The frame's own time in seconds."""
    if frame.pts is None or frame.time_base is None:
        return None
    return float(frame.pts * frame.time_base)


def _pixels(frame: "VideoFrame") -> Image:
    """(H, W, 3) RGB, turned as the stream says; quarters of a turn alone."""
    image = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns), np.uint8)
