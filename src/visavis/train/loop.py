"""The training loop: steps, a rising and falling rate, averaged weights, checkpoints, resume."""

import json
import math
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import torch

from visavis.batching import Progress
from visavis.errors import ConfigError
from visavis.train.recipe import Schedule

CHECKPOINT: Final = "checkpoint.pt"
LOG: Final = "log.jsonl"


class Run:
    """One network in training. Everything random comes from the step's number, so that a run that
    was interrupted and taken up again ends where an uninterrupted one does.
    """

    def __init__(self, net: Any, schedule: Schedule, folder: Path, fingerprint: str) -> None:
        self.net = net.to(memory_format=torch.channels_last)
        self.average = deepcopy(self.net).eval()
        self.step = 0
        self._schedule = schedule
        self._folder = folder
        self._fingerprint = fingerprint
        learnt = [p for p in net.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in learnt if p.ndim > 1], "weight_decay": schedule.decay},
                {"params": [p for p in learnt if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=schedule.rate,
        )

    def resume(self) -> bool:
        """Takes up the checkpoint in the folder, if there is one.

        Raises ConfigError for that of another recipe.
        """
        path = self._folder / CHECKPOINT
        if not path.exists():
            return False
        found = torch.load(path, weights_only=True)
        if found["fingerprint"] != self._fingerprint:
            raise ConfigError(f"{path} is of another recipe or other data: choose another folder")
        self.net.load_state_dict(found["net"])
        self.average.load_state_dict(found["average"])
        self._optimizer.load_state_dict(found["optimizer"])
        self.step = int(found["step"])
        return True

    def fit(self, loss: Callable[[Any, int], Any], progress: Progress | None = None) -> None:
        """Steps to the schedule's end. `loss(net, step)` gives the loss of that step's batch."""
        schedule = self._schedule
        self._folder.mkdir(parents=True, exist_ok=True)
        running = 0.0
        self.net.train()
        while self.step < schedule.steps:
            for group in self._optimizer.param_groups:
                group["lr"] = schedule.rate * rate_at(self.step, schedule)
            found = loss(self.net, self.step)
            self._optimizer.zero_grad(set_to_none=True)
            found.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
            self._optimizer.step()
            self.step += 1
            self._blend()
            running += float(found.detach())
            if self.step % schedule.every == 0 or self.step == schedule.steps:
                since = (self.step - 1) % schedule.every + 1
                self._keep(running / since)
                running = 0.0
            if progress is not None:
                progress(self.step, schedule.steps)

    def _blend(self) -> None:
        """The average moves towards the network, faster at the beginning."""
        share = min(self._schedule.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            state = self.net.state_dict()
            for name, kept in self.average.state_dict().items():
                if kept.dtype.is_floating_point:
                    kept.lerp_(state[name], 1 - share)
                else:
                    kept.copy_(state[name])

    def _keep(self, loss: float) -> None:
        path = self._folder / CHECKPOINT
        part = path.with_suffix(".part")
        torch.save(
            {
                "fingerprint": self._fingerprint,
                "step": self.step,
                "net": self.net.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self._optimizer.state_dict(),
            },
            part,
        )
        os.replace(part, path)
        with (self._folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": self.step, "loss": round(loss, 5)}) + "\n")


def rate_at(step: int, schedule: Schedule) -> float:
    """The share of the full learning rate at a step: linear rise, then a cosine to 1 %."""
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    done = (step - schedule.warmup) / max(schedule.steps - schedule.warmup, 1)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2
