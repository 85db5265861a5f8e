"""Trains the liveness network by a recipe: `visavis train liveness RECIPE.toml …`."""

import hashlib
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from visavis.batching import Progress, batch
from visavis.datasets.records import BONA_FIDE
from visavis.errors import ConfigError
from visavis.train.loop import Run
from visavis.train.pad_net import spectrum
from visavis.train.pool import Pool
from visavis.train.recipe import LivenessRecipe
from visavis.train.start import network
from visavis.train.vary import MEAN, SPREAD, plain, varied
from visavis.types import Floats

Batch: TypeAlias = tuple[Floats, list[int]]
_LIVE_SHARE = 0.42


def split(pool: Pool, recipe: LivenessRecipe) -> tuple[Pool, Pool]:
    """What is learnt from, without the held-out mechanisms, and what is kept for validation.

    The validation part has all mechanisms; no photo is in both.
    """
    apart = recipe.shots.held_out_photos
    kept = pool.photos % apart == 0 if apart else np.zeros(len(pool), np.bool_)
    known = np.array([not held_out(s, recipe.shots.without) for s in pool.species], np.bool_)
    return pool.where(~kept & known), pool.where(kept)


def held_out(species: str, without: tuple[str, ...]) -> bool:
    """Whether a species `family/mechanism` is held out, by any of its names."""
    return species != BONA_FIDE and bool({species, *species.split("/")} & set(without))


def train(
    recipe: LivenessRecipe,
    pool: Pool,
    folder: Path,
    *,
    extra: Pool | None = None,
    start: Path | None = None,
    progress: Progress | None = None,
) -> Any:
    """The network trained by the recipe, weights averaged; taken up again from a checkpoint.

    `pool` and `extra` (real presentations, for `recipe.real.share` of each batch) are what is
    learnt from; `start` the file the recipe starts from. The averaged network is returned,
    ready to export.
    """
    torch.manual_seed(recipe.seed)
    if (recipe.real.share > 0) != (extra is not None):
        raise ConfigError("expected real presentations if, and only if, the recipe has a share")
    net = network(recipe.network, start)
    facts = [asdict(recipe), len(pool), list(pool.species[:1000])]
    fingerprint = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    run = Run(net, recipe.schedule, folder, fingerprint)
    run.resume()
    with closing(_batches(recipe, pool, extra, run.step)) as batches:
        run.fit(_loss(recipe, batches), progress)
    return run.average


def scores(net: Any, pool: Pool, *, surroundings: bool = True, size: int = 256) -> Floats:
    """(N, 4) logits of every shot, nothing varied; the wide crop taken away if it is to be."""
    found = []
    net.eval()
    with torch.inference_mode():
        for at in range(0, len(pool), size):
            x = plain(pool.crops[at : at + size])
            if not surroundings:
                x[:, 3:] = -MEAN / SPREAD
            found.append(net(torch.from_numpy(x)).float().numpy())
    return np.concatenate(found)


def live_logit(logits: Floats) -> Floats:
    """(N,) log-odds of live against all attacks, from (N, 4) logits."""
    against = np.logaddexp.reduce(logits[:, 1:], axis=1)
    return np.asarray(logits[:, 0] - against, np.float32)


def _loss(recipe: LivenessRecipe, batches: Iterator[Batch]) -> Callable[[Any, int], Any]:
    """The loss of the next batch: classes, and the spectrum foretold."""
    schedule = recipe.schedule

    def loss(net: Any, step: int) -> Any:
        inputs, classes = next(batches)
        x = torch.from_numpy(inputs).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits, foretold = net.both(x)
        wrong = torch.nn.functional.cross_entropy(
            logits.float(), torch.tensor(classes), label_smoothing=schedule.smoothing
        )
        if foretold is None:
            return wrong
        return wrong + schedule.spectrum * (foretold.float() - spectrum(x)).square().mean()

    return loss


def _batches(
    recipe: LivenessRecipe, pool: Pool, extra: Pool | None, first: int
) -> Generator[Batch, None, None]:
    """The batches of the steps from `first` on, made while others are learnt from."""
    schedule = recipe.schedule
    count = round(schedule.batch * recipe.real.share)
    drawn = [(pool, _chances(pool), schedule.batch - count)]
    if extra is not None:
        drawn.append((extra, _chances(extra), count))

    def make(step: int) -> Batch:
        rng = np.random.default_rng([recipe.seed, step])
        crops, classes = [], []
        for source, chance, share in drawn:
            places = np.searchsorted(chance, rng.random(share) * chance[-1], side="right")
            crops += [source.crops[i] for i in places.tolist()]
            classes += source.classes[places].tolist()
        return varied(crops, rng, schedule.no_surroundings, schedule.strength), classes

    for outcome in batch(make, range(first, schedule.steps), workers=1):
        yield outcome.unwrap()


def _chances(pool: Pool) -> NDArray[np.float64]:
    """(N,) cumulated: live shots share 42 %, the species of attack share the rest evenly."""
    species, place, counts = np.unique(
        np.array(pool.species), return_inverse=True, return_counts=True
    )
    attacks = max(int((species != BONA_FIDE).sum()), 1)
    share = np.where(species == BONA_FIDE, _LIVE_SHARE, (1 - _LIVE_SHARE) / attacks)
    return np.cumsum((share / counts)[place])
