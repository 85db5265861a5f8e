"""Log lines of the service: one record a line, with fields, and without what must not be kept.

Keys are masked, pictures and vectors become their size, and nothing that a client sends can end a
line or hide in one.
"""

import json
import logging
import math
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final, Literal, TextIO, TypeAlias

import numpy as np

from visavis.errors import ConfigError

Scalar: TypeAlias = str | int | float | bool | None

LOGGER: Final = "visavis"
_OTHERS: Final = ("uvicorn", "asyncio", "websockets", "python_multipart", "sqlalchemy")
_SECRETS: Final = (
    (re.compile(r"(vv_[0-9a-f]{12}_)[A-Za-z0-9_\-]+"), r"\1***"),
    (re.compile(r"\b(bearer\s+)[^\s\"',;]+", re.IGNORECASE), r"\1***"),
)
_FIELD_LENGTH: Final = 200
_MESSAGE_LENGTH: Final = 1000
_TRACE_LENGTH: Final = 8000
_RESERVED: Final = frozenset({"ts", "level", "logger", "message", "trace"})
_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    *("message", "asctime", "taskName", "fields"),
    "color_message",  # uvicorn's message once more, with colours
}
_COLOURS: Final = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}
_REFUSED: Final = re.compile(r"ASGI callable returned without (completing|sending) handshake\.")
_BARE: Final = re.compile(r"[^\s\"'=]+")


def configure(format: Literal["console", "json"], level: str, stream: TextIO | None = None) -> None:
    """Sends what `visavis`, uvicorn and the libraries under it log to `stream`, by default stderr.

    Others than `visavis` never log below INFO, and those under uvicorn only warnings: below, they
    log headers, frames and SQL. uvicorn's access
    log is off; it must be run with `log_config=None, log_level=None`. Calling it again replaces
    what was set up. Raises ConfigError for a level or format that does not exist.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ConfigError(f"expected a log level such as info, got {level!r}")
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.addFilter(_founded)
    handler.addFilter(Redacting())
    match format:
        case "json":
            handler.setFormatter(JsonLines())
        case "console":
            handler.setFormatter(ConsoleLines(_coloured(stream)))
        case _:
            raise ConfigError(f"expected the log format console or json, got {format!r}")
    _direct(logging.getLogger(LOGGER), number, handler)
    for name in _OTHERS:
        least = logging.INFO if name == "uvicorn" else logging.WARNING
        _direct(logging.getLogger(name), max(number, least), handler)
    _direct(logging.getLogger("uvicorn.access"), logging.CRITICAL)


def log(
    logger: logging.Logger,
    level: int,
    event: str,
    /,
    exc_info: BaseException | None = None,
    **fields: object,
) -> None:
    """Logs `event` with fields: text, numbers, bools and None; of others only the kind is told."""
    logger.log(level, event, exc_info=exc_info, extra={"fields": fields})


def access(
    logger: logging.Logger,
    request_id: str,
    method: str,
    route: str | None,
    status: int,
    seconds: float,
    key_id: str | None,
    size: int | None,
) -> None:
    """Logs one answered request; `route` is the template, `size` the bytes of the answer's body."""
    log(
        logger,
        logging.ERROR if status >= 500 else logging.INFO,
        "request",
        request=request_id,
        key=key_id or None,
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        bytes=size,
    )


class Redacting(logging.Filter):
    """Makes a record safe to be written anywhere: its message, arguments and fields."""

    def filter(self, record: logging.LogRecord) -> bool:
        extras = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        fields = extras | getattr(record, "fields", {})
        record.msg = clean(_message(record).strip(), _MESSAGE_LENGTH)
        record.args = None
        record.fields = {clean(name, _FIELD_LENGTH): _field(v) for name, v in fields.items()}
        return True


def _founded(record: logging.LogRecord) -> bool:
    """Whether a record says what is so: of a WebSocket that was refused with an answer, uvicorn
    says that there was none, as an error that every stranger could repeat.
    """
    return not (record.name == "uvicorn.error" and _REFUSED.fullmatch(str(record.msg)))


class JsonLines(logging.Formatter):
    """One JSON object a line: ts (UTC), level, logger, message, the fields, and `trace`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Scalar] = {
            "ts": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": str(record.msg),
        }
        for name, value in _fields(record).items():
            line[f"{name}_" if name in _RESERVED else name] = value
        if trace := _trace(record):
            line["trace"] = "\n".join(trace)
        return json.dumps(line)


class ConsoleLines(logging.Formatter):
    """Aligned columns for people; lines of a trace are set off below."""

    def __init__(self, coloured: bool = False) -> None:
        super().__init__()
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname:<8}"
        if self._coloured:
            level = f"\x1b[{_COLOURS.get(record.levelname, '0')}m{level}\x1b[0m"
        fields = " ".join(f"{name}={_shown(value)}" for name, value in _fields(record).items())
        line = f"{_time(record)} {level} {record.name:<16} {record.msg!s:<24} {fields}".rstrip()
        return "\n".join((line, *(f"    | {one}" for one in _trace(record))))


def clean(text: str, most: int) -> str:
    """The text with secrets masked and control characters escaped, at most `most` characters."""
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    text = text[: most + 1]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escaped(c) for c in text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _direct(logger: logging.Logger, level: int, *handlers: logging.Handler) -> None:
    """Has the logger and those below it end at `handlers`."""
    logger.handlers[:] = handlers
    logger.propagate = False
    logger.setLevel(level)


def _coloured(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _message(record: logging.LogRecord) -> str:
    template = str(_told(record.msg))
    if not record.args:
        return template
    args = record.args
    try:
        if isinstance(args, Mapping):
            return template % {name: _told(value) for name, value in args.items()}
        return template % tuple(_told(value) for value in args)
    except (TypeError, ValueError, KeyError):  # a number was asked for and something else came
        return template


def _told(value: object) -> Scalar:
    """What may be said of a value: itself, or its kind and size."""
    match value:
        case None | bool() | int() | float():
            return value
        case str() | BaseException() | PurePath():
            return str(value)
        case bytes() | bytearray():
            return f"<{len(value)} bytes>"
        case memoryview() | np.ndarray():
            return f"<{value.nbytes} bytes>"
        case np.generic():
            return _told(value.item())
        case _:
            return f"<{type(value).__name__}>"


def _field(value: object) -> Scalar:
    match _told(value):
        case str(text):
            return clean(text, _FIELD_LENGTH)
        case float(number) if not math.isfinite(number):
            return str(number)
        case told:
            return told


def _fields(record: logging.LogRecord) -> dict[str, Scalar]:
    fields: dict[str, Scalar] = getattr(record, "fields", {})
    return fields


def _shown(value: Scalar) -> str:
    """A field's value so that its end can be told."""
    if isinstance(value, str) and not _BARE.fullmatch(value):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def _trace(record: logging.LogRecord) -> list[str]:
    """The lines of the exception's traceback, the last of them if there are too many."""
    if not record.exc_info or record.exc_info[0] is None:
        return []
    text = logging.Formatter().formatException(record.exc_info)
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return [clean(line, _MESSAGE_LENGTH) for line in text[-_TRACE_LENGTH:].splitlines()]


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
