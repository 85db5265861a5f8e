import subprocess
import sys

import pytest

from visavis.errors import CorruptWeights
from visavis.models.catalogue import card
from visavis.models.graph import optimised
from visavis.models.weights import Weights, sha256

CARD = card("yunet-2023mar-int8bq")


@pytest.fixture
def path(tmp_path):
    return Weights(None, tmp_path, download=False).locate(CARD)


def test_the_result_is_kept_under_its_digests(path, tmp_path) -> None:
    first = optimised(path, CARD, tmp_path / "graphs")
    assert first.name.startswith(CARD.sha256)
    assert sha256(first) in first.name
    written = first.stat().st_mtime_ns
    assert optimised(path, CARD, tmp_path / "graphs") == first
    assert first.stat().st_mtime_ns == written
    assert list(first.parent.iterdir()) == [first]


@pytest.mark.parametrize("damage", [b"", b"junk", None], ids=["empty", "other", "one bit"])
def test_a_damaged_result_is_rebuilt(path, tmp_path, damage) -> None:
    kept = optimised(path, CARD, tmp_path)
    good = kept.read_bytes()
    kept.write_bytes(bytes([good[0] ^ 1]) + good[1:] if damage is None else damage)
    assert optimised(path, CARD, tmp_path).read_bytes() == good


def test_a_cache_that_cannot_be_written_is_done_without(path, tmp_path) -> None:
    kept = optimised(path, CARD, tmp_path / "graphs")
    (tmp_path / "file").write_bytes(b"")
    assert optimised(path, CARD, tmp_path / "file") == kept.read_bytes()


def test_runtimes_get_graphs_of_their_own(tmp_path) -> None:
    sface = card("sface-2021dec-int8bq")
    path = Weights(None, tmp_path, download=False).locate(sface)
    graphs = tmp_path / "graphs"
    native = optimised(path, sface, graphs)
    assert optimised(path, sface, graphs, runtime="openvino") != native
    assert optimised(path, sface, graphs, runtime="onnxruntime") == native


def test_a_file_that_is_no_model_is_corrupt(tmp_path) -> None:
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"\xff" * 100)
    with pytest.raises(CorruptWeights, match=r"junk\.onnx"):
        optimised(junk, CARD, tmp_path / "graphs")


def test_onnx_is_imported_only_to_build(path, tmp_path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from visavis.models.catalogue import card\n"
        "from visavis.models.graph import optimised\n"
        f"optimised(Path(sys.argv[1]), card({CARD.id!r}), Path(sys.argv[2]))\n"
        "print('onnx' in sys.modules)"
    )
    arguments = [sys.executable, "-c", code, str(path), str(tmp_path / "graphs")]
    runs = [subprocess.run(arguments, capture_output=True, text=True, check=True) for _ in "12"]
    assert [run.stdout.strip() for run in runs] == ["True", "False"]
