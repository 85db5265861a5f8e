from pathlib import Path
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch", reason="the extra `train` is not installed")

from visavis.errors import ConfigError  # noqa: E402
from visavis.train.loop import Run, rate_at  # noqa: E402
from visavis.train.recipe import Schedule  # noqa: E402

SCHEDULE = Schedule(steps=12, warmup=3, every=4, rate=0.05)


def net() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4))


def loss(net: Any, step: int) -> Any:
    dice = torch.Generator().manual_seed(step)
    return (net(torch.randn(8, 1, 5, 5, generator=dice)) - 3).square().mean()


def weights(run: Run) -> list[Any]:
    return [*run.net.state_dict().values(), *run.average.state_dict().values()]


class Interrupted(Exception):
    pass


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    whole = Run(net(), SCHEDULE, tmp_path / "whole", "f")
    whole.fit(loss)

    def stop(done: int, total: int) -> None:
        if done == 10:  # two steps after the last checkpoint
            raise Interrupted

    broken = Run(net(), SCHEDULE, tmp_path / "broken", "f")
    with pytest.raises(Interrupted):
        broken.fit(loss, stop)
    again = Run(net(), SCHEDULE, tmp_path / "broken", "f")
    assert again.resume()
    assert again.step == 8
    again.fit(loss)
    for a, b in zip(weights(whole), weights(again), strict=True):
        assert torch.equal(a, b)


def test_a_run_learns(tmp_path: Path) -> None:
    run = Run(net(), Schedule(steps=200, warmup=5, rate=0.05, decay=0.0), tmp_path, "f")
    before = float(loss(run.net, 0).detach())
    run.fit(loss)
    assert float(loss(run.net, 0).detach()) < before - 2


def test_the_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    Run(net(), SCHEDULE, tmp_path, "f").fit(loss)
    with pytest.raises(ConfigError, match="another recipe"):
        Run(net(), SCHEDULE, tmp_path, "g").resume()


def test_without_a_checkpoint_a_run_starts_at_the_beginning(tmp_path: Path) -> None:
    assert not Run(net(), SCHEDULE, tmp_path, "f").resume()


def test_the_rate_rises_and_falls() -> None:
    schedule = Schedule(steps=103, warmup=3)
    assert [rate_at(s, schedule) for s in range(3)] == pytest.approx([1 / 3, 2 / 3, 1])
    # half way down the cosine: 0.01 + 0.99 / 2
    assert rate_at(53, schedule) == pytest.approx(0.505)
    assert rate_at(103, schedule) == pytest.approx(0.01)
