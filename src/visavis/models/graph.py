"""A model file's graph, fixed for a runtime, with the result kept on disk."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from visavis.errors import CorruptWeights
from visavis.models.catalogue import ModelCard, Runtime
from visavis.models.weights import sha256

FIX_VERSION = 2
"""Raise it when `rewrite.py` changes what it writes: older results are then not read."""


def optimised(
    path: Path, card: ModelCard, cache_dir: Path, *, runtime: Runtime = "onnxruntime"
) -> Path | bytes:
    """The card's graph with the load-time fixes of `rewrite.py`: a file in the cache, or its bytes.

    `path` is the card's file, verified. A cached result carries its own SHA-256 in its name and
    is rebuilt when damaged; where the cache cannot be used, the bytes are returned. Raises
    CorruptWeights when the file is no ONNX model.
    """
    blocked = runtime == "onnxruntime"
    stem = f"{card.sha256}.{FIX_VERSION}{'c' if blocked else 'p'}"
    for cached in sorted(cache_dir.glob(f"{stem}.*.onnx")):
        with suppress(OSError):
            if sha256(cached) == cached.name.split(".")[2]:
                return cached
            cached.unlink()
    from visavis.models.rewrite import fixed  # imports onnx: slower than the cache

    try:
        data = fixed(path.read_bytes(), any_size=card.size is None, blocked=blocked)
    except Exception as error:  # protobuf's own, or whatever an odd graph leads to
        raise CorruptWeights(
            f"{card.id}: {path} is no ONNX model that can be read: {error}"
        ) from error
    target = cache_dir / f"{stem}.{hashlib.sha256(data).hexdigest()}.onnx"
    try:
        _write(data, target)
    except OSError:
        return data
    return target


def _write(data: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:16]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
