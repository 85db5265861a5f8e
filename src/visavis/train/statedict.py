"""PyTorch's state dicts of before version 1.6, read without PyTorch."""

import io
import pickle  # nosec B403: its reader is limited to arrays of numbers
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import CorruptWeights
from visavis.train.graphs import State

_MAGIC = 0x1950A86A20F9469CFC6C


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers that lie behind the pickled part, under a key."""

    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Tensor:
    """What `torch._utils._rebuild_tensor_v2` is called with."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    gradient: bool
    hooks: object

    def of(self, storages: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        size = int(np.prod(self.shape, dtype=np.int64))
        whole = np.empty(self.shape, np.uint8)
        if self.strides != whole.strides:
            raise CorruptWeights(f"expected whole arrays, got steps of {self.strides}")
        numbers = storages[self.storage.key][self.offset : self.offset + size]
        return numbers.reshape(self.shape).astype(np.float32)


class _Unpickler(pickle.Unpickler):
    """Can build plain values, an OrderedDict and _Tensor, and call nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _Tensor
            case "torch", "FloatStorage":
                return "<f4"
            case "torch", "LongStorage":
                return "<i8"
        raise CorruptWeights(f"expected a state dict of tensors, got {module}.{name} in it")

    def persistent_load(self, pid: Any) -> _Storage:
        return _Storage(pid[2], pid[1])


def read_state(data: bytes) -> State:
    """The float32 arrays of a state dict by name, without the `module.` of DataParallel.

    The format is a row of pickles and then raw numbers. Unpickling can run code where it may look
    up what it likes; here it can look up four names, none of which acts, so the rule against
    pickles holds in substance, and PyTorch is not needed. Check the digest before all the same.
    Raises CorruptWeights for anything else.
    """
    file = io.BytesIO(data)
    try:
        magic, _, _, tensors, keys = (_Unpickler(file).load() for _ in range(5))
        if magic != _MAGIC:
            raise CorruptWeights(f"expected PyTorch's state dict, got the mark {magic!r}")
        kinds = {t.storage.key: t.storage.kind for t in tensors.values()}
        storages = {key: _numbers(file, kinds[key]) for key in keys}
        return {name.removeprefix("module."): t.of(storages) for name, t in tensors.items()}
    except CorruptWeights:
        raise
    except Exception as error:  # a broken pickle can raise nearly anything
        raise CorruptWeights(f"expected PyTorch's state dict, got {error}") from error


def _numbers(file: io.BytesIO, kind: str) -> NDArray[Any]:
    """The next storage: how many numbers in eight bytes, then the numbers."""
    count = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind, count)
