from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch", reason="the extra `train` is not installed")

from visavis.datasets.records import BONA_FIDE  # noqa: E402
from visavis.errors import ConfigError, CorruptWeights  # noqa: E402
from visavis.models.session import open_session  # noqa: E402
from visavis.train.liveness import held_out, live_logit, scores, split, train  # noqa: E402
from visavis.train.pad_net import PadNet, spectrum  # noqa: E402
from visavis.train.pool import Pool  # noqa: E402
from visavis.train.produce import INT8, MODEL, write_models  # noqa: E402
from visavis.train.recipe import LivenessRecipe, Network, Real, Schedule, Shots  # noqa: E402
from visavis.train.start import from_onnx, network  # noqa: E402
from visavis.train.validate import validate  # noqa: E402
from visavis.train.vary import plain  # noqa: E402

TINY = Network((8, 8, 8, 8), (8, 8, 8, 8), dropout=0.0)
PLAN = LivenessRecipe(
    "tiny", 1, Shots(), Real(), TINY, Schedule(steps=40, batch=12, warmup=4, every=20, rate=5e-3)
)


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Live: smooth. Prints: a grid of two pixels. Screens: stripes of four."""
    rng = np.random.default_rng(0)
    crops, species = [], []
    rows = np.indices((144, 144)).sum(0)
    for i in range(60):
        kind = i % 3
        base = np.full((2, 144, 144, 3), rng.integers(80, 170), np.int64)
        base = base + rng.integers(-6, 7, base.shape)
        if kind:
            grid = (rows // kind % 2) * 40
            base = base + grid[None, :, :, None]
        crops.append(np.clip(base, 0, 255).astype(np.uint8))
        species.append((BONA_FIDE, "print/laser", "screen/lcd")[kind])
    classes = np.array([i % 3 for i in range(60)])
    return Pool(crops, classes, tuple(species), np.arange(60) // 3)


@pytest.fixture(scope="module")
def learnt(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp("run")
    return train(PLAN, pool, folder), folder


def test_it_learns_what_is_plain(learnt: tuple[Any, Path], pool: Pool) -> None:
    found = validate(learnt[0], pool)
    assert [t.species for t in found] == ["print/laser", "screen/lcd"]
    assert all(t.eer <= 0.1 for t in found), found


def test_a_finished_run_is_taken_up_not_repeated(learnt: tuple[Any, Path], pool: Pool) -> None:
    again = train(PLAN, pool, learnt[1])
    np.testing.assert_array_equal(scores(again, pool), scores(learnt[0], pool))


def test_the_files_say_what_the_network_says(
    learnt: tuple[Any, Path], pool: Pool, tmp_path: Path
) -> None:
    files = write_models(learnt[0], pool, tmp_path, 0)
    assert files == [tmp_path / MODEL, tmp_path / INT8]
    x = plain(pool.crops[:12])
    whole = scores(learnt[0], pool)[:12]
    np.testing.assert_allclose(open_session(files[0]).run(x)[0], whole, atol=1e-3)
    small = live_logit(open_session(files[1]).run(x)[0])
    assert np.corrcoef(small, live_logit(whole))[0, 1] > 0.95
    assert b"site-packages" not in files[0].read_bytes()


def test_a_run_can_start_from_an_exported_network(
    learnt: tuple[Any, Path], pool: Pool, tmp_path: Path
) -> None:
    file, _ = write_models(learnt[0], pool, tmp_path, 0)
    same = from_onnx(file.read_bytes(), TINY).eval()
    np.testing.assert_allclose(scores(same, pool), scores(learnt[0], pool), atol=1e-3)
    with pytest.raises(CorruptWeights, match="layer"):
        from_onnx(file.read_bytes(), Network((8, 8, 8, 16), (8, 8, 8, 8)))
    with pytest.raises(ConfigError, match="starts from"):
        network(TINY, file)


def test_held_out_mechanisms_are_validated_and_not_learnt(pool: Pool) -> None:
    plan = LivenessRecipe("x", shots=Shots(without=("screen",), held_out_photos=5))
    ours, kept = split(pool, plan)
    assert set(ours.species) == {BONA_FIDE, "print/laser"}
    assert set(kept.species) == {BONA_FIDE, "print/laser", "screen/lcd"}
    assert not set(ours.photos.tolist()) & set(kept.photos.tolist())
    assert held_out("print/laser", ("laser",))
    assert held_out("print/laser", ("print/laser",))
    assert not held_out(BONA_FIDE, ("print",))


def test_real_presentations_come_with_a_share_and_only_so(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="real presentations"):
        train(PLAN, pool, tmp_path, extra=pool)


def test_the_wavelet_bands_are_fixed_and_tell_detail() -> None:
    net = PadNet(*((8, 8, 8, 8), (8, 8, 8, 8)))
    assert "tight.stem.0.weight" not in {n for n, p in net.named_parameters() if p.requires_grad}
    flat = torch.ones(1, 3, 4, 4)
    bands = net.tight.stem[0](flat).view(1, 3, 4, 2, 2)
    assert torch.allclose(bands[:, :, 0], torch.ones(1))
    assert bands[:, :, 1:].abs().max() == 0


def test_the_spectrum_of_stripes_has_its_peak_where_they_are() -> None:
    """Stripes of eight pixels: 16 periods in 128, two cells of eight right of the middle."""
    x = torch.sin(torch.arange(128) * 2 * torch.pi / 8).expand(1, 6, 128, 128)
    found = spectrum(x)[0]
    assert found.shape == (16, 16)
    row, column = divmod(int(found.argmax()), 16)
    assert row in (7, 8)
    assert column in (5, 6, 9, 10)
