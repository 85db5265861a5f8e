import io
import os
import pickle
import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from visavis.errors import CorruptWeights
from visavis.train.statedict import read_state

MAGIC = 0x1950A86A20F9469CFC6C
ARRAYS = {
    "module.conv.weight": np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 7,
    "module.bn.num_batches_tracked": np.array(31, np.int64),
    "module.bn.bias": np.array([-1.5, 2.5], np.float32),
}


class FakeTensor:
    """Pickled as PyTorch pickles a tensor."""

    def __init__(self, array, key, strides=None, first=0) -> None:
        self.array, self.key, self.first = array, key, first
        self.strides = strides or tuple(s // array.itemsize for s in array.strides)

    def __reduce__(self):
        torch = sys.modules["torch"]
        kind = torch.FloatStorage if self.array.dtype == np.float32 else torch.LongStorage
        storage = FakeStorage(("storage", kind, self.key, "cuda:0", self.array.size, None))
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        shape = (len(self.array) - self.first,) if self.first else self.array.shape
        return rebuild, (storage, self.first, shape, self.strides, False, OrderedDict())


class FakeStorage:
    def __init__(self, pid) -> None:
        self.pid = pid


class FakePickler(pickle.Pickler):
    def persistent_id(self, obj):
        return obj.pid if isinstance(obj, FakeStorage) else None


@pytest.fixture
def torch(monkeypatch):
    """Enough of a package `torch` for a pickle to name."""
    package, utils = ModuleType("torch"), ModuleType("torch._utils")

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    for name in ("FloatStorage", "LongStorage"):
        setattr(package, name, type(name, (), {"__module__": "torch"}))
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def written(tensors, magic: int = MAGIC) -> bytes:
    """A file as PyTorch before 1.6 wrote it: five pickles, then each storage behind its size."""
    file = io.BytesIO()
    keys = sorted(t.key for t in tensors.values())
    for part in (magic, 1001, {"little_endian": True}, tensors, keys):
        FakePickler(file, protocol=2).dump(part)
    for tensor in sorted(tensors.values(), key=lambda t: t.key):
        file.write(tensor.array.size.to_bytes(8, "little") + tensor.array.tobytes())
    return file.getvalue()


@pytest.fixture
def tensors():
    rows = zip(ARRAYS.items(), ("c", "a", "b"), strict=True)
    return OrderedDict((name, FakeTensor(array, key)) for (name, array), key in rows)


def test_a_state_dict_is_read_by_name(torch, tensors) -> None:
    state = read_state(written(tensors))
    assert list(state) == ["conv.weight", "bn.num_batches_tracked", "bn.bias"]
    for name, array in ARRAYS.items():
        found = state[name.removeprefix("module.")]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, array)


def test_a_tensor_may_begin_inside_its_storage(torch) -> None:
    numbers = np.arange(5, dtype=np.float32)
    state = read_state(written({"tail": FakeTensor(numbers, "a", first=2)}))
    np.testing.assert_array_equal(state["tail"], [2, 3, 4])


def test_a_pickle_that_would_run_something_is_refused(torch, tensors, tmp_path) -> None:
    proof = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(proof),)

    for bad in (Bomb(), {"a": Bomb()}):
        with pytest.raises(CorruptWeights, match=r"got \w+\.mkdir in it"):
            read_state(pickle.dumps(bad))
    tensors["x"] = Bomb()
    tensors["x"].key, tensors["x"].array = "x", np.zeros(1, np.float32)
    with pytest.raises(CorruptWeights, match=r"got \w+\.mkdir in it"):
        read_state(written(tensors))
    assert not proof.exists()


@pytest.mark.parametrize("name", ["builtins.eval", "torch.load", "visavis.errors.FetchFailed"])
def test_no_other_name_is_looked_up(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    with pytest.raises(CorruptWeights, match=f"got {name} in it"):
        read_state(f"c{module}\n{attribute}\n.".encode())


def test_what_is_broken_is_refused(torch, tensors) -> None:
    data = written(tensors)
    with pytest.raises(CorruptWeights, match="got the mark 7"):
        read_state(written(tensors, magic=7))
    for size in (0, 3, 40, len(data) // 2, len(data) - 1):
        with pytest.raises(CorruptWeights):
            read_state(data[:size])
    tensors["turned"] = FakeTensor(np.zeros((2, 3), np.float32), "z", strides=(1, 2))
    with pytest.raises(CorruptWeights, match=r"got steps of \(1, 2\)"):
        read_state(written(tensors))


def test_it_reads_what_pytorch_reads(model_dir) -> None:
    torch = pytest.importorskip("torch")
    paths = [p for p in Path(model_dir).glob("*.pth") if "MiniFASNet" in p.name]
    if not paths:
        pytest.skip("the model folder has no MiniFASNet")
    for path in paths:
        expected = torch.load(path, map_location="cpu", weights_only=True)
        state = read_state(path.read_bytes())
        assert list(state) == [name.removeprefix("module.") for name in expected]
        for name, tensor in expected.items():
            np.testing.assert_array_equal(state[name.removeprefix("module.")], tensor.numpy())
