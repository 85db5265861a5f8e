"""What every source of frames has in common, and what can be said about how it is read."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from visavis.errors import ConfigError
from visavis.image import ImageLimits
from visavis.video.frames import Frame


class Source(Protocol):
    """Where frames come from.

    `name` is for people and logs and holds no secret. A `live` source does not wait for who
    reads it. `corrupt` counts what could not be decoded and was passed over.
    """

    @property
    def name(self) -> str: ...

    @property
    def live(self) -> bool: ...

    @property
    def corrupt(self) -> int: ...

    def frames(self) -> Generator[Frame, None, None]:
        """Connects and gives the frames until there are no more or `close` is called.

        May be called again when it has failed: numbers and times go on. Used by one thread at a
        time; what it holds is let go of with the iterator. Raises BadStream for what is no video,
        ImageTooLarge, StreamFailed where a stream cannot be reached, stalls or breaks off.
        """
        ...

    def close(self) -> None:
        """Ends `frames` for good, soon; may be called from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How sources are read; times in seconds.

    `connect` is how long connecting may take, `stall` how long a live source may give no frame
    before it counts as broken. `transport` is RTSP's; `threads` decode one stream; `folder_fps`
    says how many pictures of a folder make a second. `verify` false accepts any certificate of an
    https camera. Raises ConfigError for numbers that are not above 0.
    """

    connect: float = 10.0
    stall: float = 5.0
    transport: Literal["tcp", "udp"] = "tcp"
    threads: int = 1
    folder_fps: float = 1.0
    verify: bool = True
    limits: ImageLimits = field(default_factory=ImageLimits)

    def __post_init__(self) -> None:
        numbers = (self.connect, self.stall, self.threads, self.folder_fps)
        if not all(number > 0 for number in numbers):
            raise ConfigError(
                "expected connect, stall, threads and folder_fps above 0, "
                f"got {', '.join(f'{number:g}' for number in numbers)}"
            )
