import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.errors import ConfigError
from visavis.service.logs import access, clean, configure, log

TOKEN = "vv_0123456789ab_c2VjcmV0LXNlY3JldA"
NAMES = ("visavis", "uvicorn", "uvicorn.access", "asyncio", "websockets", "python_multipart")
logger = logging.getLogger("visavis.service.test")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    known = [logging.getLogger(name) for name in (*NAMES, "sqlalchemy")]
    before = [(one, one.handlers[:], one.propagate, one.level) for one in known]
    yield
    for one, handlers, propagate, level in before:
        one.handlers[:] = handlers
        one.propagate = propagate
        one.setLevel(level)


@pytest.fixture
def stream() -> io.StringIO:
    found = io.StringIO()
    configure("json", "info", found)
    return found


@pytest.fixture
def console() -> io.StringIO:
    found = io.StringIO()
    configure("console", "info", found)
    return found


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_object_a_line(stream: io.StringIO) -> None:
    log(logger, logging.INFO, "enrolled", photos=3, share=0.5, strict=True, key=None)
    logger.warning("%d of %s", 2, "many")
    first, second = lines(stream)
    at = datetime.fromisoformat(first.pop("ts"))
    assert at.tzinfo == UTC
    assert first == {
        "level": "info",
        "logger": "visavis.service.test",
        "message": "enrolled",
        "photos": 3,
        "share": 0.5,
        "strict": True,
        "key": None,
    }
    assert (second["level"], second["message"]) == ("warning", "2 of many")


def test_the_level_is_a_floor() -> None:
    stream = io.StringIO()
    configure("json", "warning", stream)
    logger.info("no")
    logger.warning("yes")
    assert [line["message"] for line in lines(stream)] == ["yes"]


def test_configuring_again_replaces(stream: io.StringIO) -> None:
    again = io.StringIO()
    configure("json", "info", again)
    logger.info("once")
    assert stream.getvalue() == ""
    assert len(lines(again)) == 1


@pytest.mark.parametrize(("format", "level"), [("xml", "info"), ("json", "loud")])
def test_an_unknown_format_or_level_is_refused(format: Any, level: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        configure(format, level)


def test_stderr_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    logger.info("here")
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["message"] == "here"


@pytest.mark.parametrize("form", ["json", "console"])
def test_keys_never_reach_the_log(form: Any) -> None:
    stream = io.StringIO()
    configure(form, "info", stream)
    logger.info("came with %s", TOKEN)
    logger.info(f"?token={TOKEN}&x=1")
    logger.info("%(header)s", {"header": "authorization: bearer abc.DEF-123"})
    log(logger, logging.INFO, "Bearer abc.DEF-123", header=f"Bearer {TOKEN}", key=TOKEN)
    logger.info("plain", extra={"raw": f"x-api-key {TOKEN}"})
    try:
        raise ValueError(f"bad key {TOKEN}, Bearer abc.DEF-123")
    except ValueError:
        logger.exception("failed")
    text = stream.getvalue()
    assert "c2VjcmV0" not in text
    assert "abc.DEF" not in text
    assert text.count("vv_0123456789ab_***") == 5


@pytest.mark.parametrize(
    "value",
    [b"\xff\xd8pixels", bytearray(b"\xff\xd8pixels"), np.zeros(8, np.uint8), memoryview(b"x" * 8)],
)
def test_pictures_and_vectors_become_their_size(stream: io.StringIO, value: Any) -> None:
    logger.info("got %s", value)
    logger.info(value)
    log(logger, logging.INFO, "got", image=value)
    first, second, third = lines(stream)
    assert first["message"] == "got <8 bytes>"
    assert second["message"] == third["image"] == "<8 bytes>"


def test_of_other_values_only_the_kind_is_told(stream: io.StringIO) -> None:
    log(logger, logging.INFO, "got", vector=[0.1, 0.2], face={"box": 1}, at=datetime.now(UTC))
    logger.info("%s and %s", [0.1, 0.2], Path("/a"))
    first, second = lines(stream)
    assert (first["vector"], first["face"], first["at"]) == ("<list>", "<dict>", "<datetime>")
    assert second["message"] == "<list> and /a"


def test_numbers_of_numpy_are_numbers_and_others_are_text(stream: io.StringIO) -> None:
    log(logger, logging.INFO, "got", score=np.float32(0.5), count=np.int64(3), worst=float("nan"))
    logger.info("%d of %.1f", np.int64(3), np.float32(0.5))
    first, second = lines(stream)
    assert (first["score"], first["count"], first["worst"]) == (0.5, 3, "nan")
    assert second["message"] == "3 of 0.5"


def test_arguments_that_do_not_fit_lose_the_arguments_alone(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.info("%d faces", b"secret")
    assert lines(stream)[0]["message"] == "%d faces"
    assert capsys.readouterr().err == ""


FORGED = 'x\r\n{"ts": "now"}\x1b[2J\u2028\u202e\x85y'


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_a_client_sends_cannot_forge_a_line(form: Any) -> None:
    stream = io.StringIO()
    configure(form, "info", stream)
    logger.info("user agent %s", FORGED)
    log(logger, logging.INFO, FORGED, agent=FORGED)
    text = stream.getvalue()
    assert len(text.splitlines()) == 2
    assert all(c.isprintable() or c == "\n" for c in text)


def test_fields_end_where_they_end(console: io.StringIO) -> None:
    log(logger, logging.INFO, "request", agent="x status=200", route='a"b', status=500, empty="")
    line = console.getvalue().rstrip()
    assert line.endswith('agent="x status=200" route="a\\"b" status=500 empty=""')


def test_long_texts_are_cut(stream: io.StringIO) -> None:
    log(logger, logging.INFO, "m" * 5000, agent="a" * 5000)
    [line] = lines(stream)
    assert line["agent"] == "a" * 199 + "…"
    assert len(line["message"]) == 1000


def test_a_cut_never_bares_a_key() -> None:
    text = "a" * 190 + TOKEN + "tail"
    assert "c2Vj" not in clean(text, 210)
    assert clean(clean(text, 210), 210) == clean(text, 210)


def test_a_field_cannot_stand_for_the_record_itself(stream: io.StringIO) -> None:
    fields: dict[str, Any] = {"level": "debug", "message": "other", "ts": 0, "name": "x"}
    log(logger, logging.INFO, "said", **fields)
    [line] = lines(stream)
    assert (line["level"], line["message"]) == ("info", "said")
    assert (line["level_"], line["message_"], line["ts_"], line["name"]) == (
        *("debug", "other", 0),
        "x",
    )


def test_the_trace_of_an_exception_is_a_field(stream: io.StringIO) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        log(logger, logging.ERROR, "failed", exc_info=error)
    logger.info("no trace", exc_info=True)
    first, second = lines(stream)
    assert first["trace"].startswith("Traceback")
    assert first["trace"].endswith("ValueError: first\nsecond")
    assert "trace" not in second


def test_on_the_console_a_trace_is_set_off(console: io.StringIO) -> None:
    try:
        raise ValueError("first\n2030-01-01T00:00:00Z INFO visavis forged")
    except ValueError:
        logger.exception("failed")
    first, *rest = console.getvalue().splitlines()
    assert "ERROR    visavis.service.test failed" in first
    assert rest
    assert all(line.startswith("    | ") for line in rest)


def test_a_long_trace_keeps_its_end(stream: io.StringIO) -> None:
    try:
        raise ValueError("x\n" * 9000 + "the end")
    except ValueError:
        logger.exception("failed")
    [line] = lines(stream)
    assert line["trace"].endswith("the end")
    assert len(line["trace"]) <= 8000


def test_columns_line_up(console: io.StringIO) -> None:
    log(logging.getLogger("visavis.service"), logging.INFO, "one", n=1)
    log(logging.getLogger("visavis.jobs"), logging.WARNING, "two", n=2)
    assert len({line.index("n=") for line in console.getvalue().splitlines()}) == 1


def test_colour_is_for_terminals_alone(
    console: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger.error("plain")
    assert "\x1b" not in console.getvalue()
    for no_colour, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", no_colour)
        terminal = Terminal()
        configure("console", "info", terminal)
        logger.error("bright")
        assert ("\x1b[31mERROR" in terminal.getvalue()) is coloured


def test_uvicorn_speaks_here_and_its_access_log_is_off() -> None:
    stream = io.StringIO()
    configure("json", "info", stream)
    assert not logging.getLogger("uvicorn.access").hasHandlers()  # what uvicorn asks before it logs
    logging.getLogger("uvicorn.error").info(
        "Started server process [%d]", 7, extra={"color_message": "\x1b[36m7"}
    )
    logging.getLogger("uvicorn.access").info("GET /")
    [line] = lines(stream)
    assert line.pop("ts")
    assert line == {
        "level": "info",
        "logger": "uvicorn.error",
        "message": "Started server process [7]",
    }


def test_libraries_never_log_what_they_log_when_debugged() -> None:
    stream = io.StringIO()
    configure("json", "debug", stream)
    logging.getLogger("uvicorn.error").debug("< BINARY ff d8")
    logging.getLogger("websockets.server").debug("< authorization: x")
    logger.debug("ours")
    assert [line["message"] for line in lines(stream)] == ["ours"]


def test_extras_of_plain_records_are_fields_too(stream: io.StringIO) -> None:
    logger.error("failed", extra={"request": "r-1", "image": b"abc"})
    [line] = lines(stream)
    assert (line["request"], line["image"]) == ("r-1", "<3 bytes>")


def test_an_answered_request_is_one_line(stream: io.StringIO) -> None:
    access(logger, "r-1", "POST", "/v1/faces", 200, 0.01234, "0123456789ab", 321)
    access(logger, "r-2", "GET", None, 500, 2.0, "", None)
    first, second = lines(stream)
    first.pop("ts")
    assert first == {
        "level": "info",
        "logger": "visavis.service.test",
        "message": "request",
        "request": "r-1",
        "key": "0123456789ab",
        "method": "POST",
        "route": "/v1/faces",
        "status": 200,
        "ms": 12.3,
        "bytes": 321,
    }
    assert (second["level"], second["key"], second["route"]) == ("error", None, None)


def test_a_refused_websocket_is_no_error(stream: io.StringIO) -> None:
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.error("ASGI callable returned without completing handshake.")
    uvicorn.error("ASGI callable returned without starting response.")
    logger.error("ASGI callable returned without completing handshake.")
    assert [line["logger"] for line in lines(stream)] == ["uvicorn.error", "visavis.service.test"]
