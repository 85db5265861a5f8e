"""Fetching a model file over HTTP: bounded, checked, and never half-written."""

import hashlib
import http.client
import os
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from visavis.batching import Progress
from visavis.errors import ConfigError, CorruptWeights, MissingWeights
from visavis.models.catalogue import ModelCard

_CHUNK = 1 << 18


def download(
    card: ModelCard,
    target: Path,
    *,
    read_timeout: float = 30.0,
    total_timeout: float = 900.0,
    progress: Progress | None = None,
) -> None:
    """Downloads the card's file to `target`, in one atomic step, once its SHA-256 is right.

    Addresses are tried in order; one that cannot be reached leads to the next, one that answers
    with wrong bytes does not. Timeouts in seconds: between two reads, and for each whole file.
    Raises MissingWeights that says how each address failed, CorruptWeights, ConfigError.
    """
    failures = []
    for url in card.urls:
        deadline = time.monotonic() + total_timeout
        try:
            _fetch(card, url, target, read_timeout, deadline, progress)
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{url} ({error or type(error).__name__})")
        else:
            return
    raise MissingWeights(f"{card.id}: could not download from {'; '.join(failures) or 'nowhere'}")


def _fetch(
    card: ModelCard,
    url: str,
    target: Path,
    read_timeout: float,
    deadline: float,
    progress: Progress | None,
) -> None:
    if urlsplit(url).scheme not in ("https", "http"):
        raise ConfigError(f"{card.id}: weights come over https or http, got {url}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(url, timeout=read_timeout) as response:  # nosec B310: checked
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                _copy(card, url, response, file, deadline, progress)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise


def _copy(
    card: ModelCard,
    url: str,
    response: http.client.HTTPResponse,
    file: BinaryIO,
    deadline: float,
    progress: Progress | None,
) -> None:
    """Copies the body, and raises CorruptWeights unless it is exactly the card's file."""
    digest, done = hashlib.sha256(), 0
    while chunk := response.read1(_CHUNK):  # one receive at a time, so a trickle meets the deadline
        done += len(chunk)
        if done > card.bytes:
            raise CorruptWeights(f"{card.id}: {url} sent more than the expected {card.bytes} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError(f"too slow: {done} of {card.bytes} bytes in the time allowed")
        digest.update(chunk)
        file.write(chunk)
        if progress is not None:
            progress(done, card.bytes)
    if digest.hexdigest() != card.sha256:
        raise CorruptWeights(
            f"{card.id}: {url} sent {done} bytes with SHA-256 {digest.hexdigest()}, "
            f"expected {card.bytes} bytes with {card.sha256}"
        )
