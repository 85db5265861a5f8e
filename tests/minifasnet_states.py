"""Made-up state dicts of small networks that are built like MiniFASNet."""

import numpy as np

from visavis.train.graphs import State


def state_of(seed: int, *, gates: bool) -> State:
    """Channels 3, 6, 8, 4, 8, 16; rows of two, with a gate on the last of each if `gates`."""
    rng = np.random.default_rng(seed)
    state: dict[str, np.ndarray] = {}

    def conv(name: str, *shape: int) -> None:
        scale = 1.0 / np.sqrt(np.prod(shape[1:]))
        state[f"{name}.weight"] = (rng.standard_normal(shape) * scale).astype(np.float32)

    def bn(name: str, size: int) -> None:
        state[f"{name}.weight"] = rng.uniform(0.5, 1.5, size).astype(np.float32)
        state[f"{name}.bias"] = rng.standard_normal(size).astype(np.float32) / 4
        state[f"{name}.running_mean"] = rng.standard_normal(size).astype(np.float32) / 4
        state[f"{name}.running_var"] = rng.uniform(0.8, 2.5, size).astype(np.float32)
        state[f"{name}.num_batches_tracked"] = np.array(5, np.float32)

    def step(name: str, after: int, before: int, side: int = 1, prelu: bool = True) -> None:
        conv(f"{name}.conv", after, before, side, side)
        bn(f"{name}.bn", after)
        if prelu:
            state[f"{name}.prelu.weight"] = rng.uniform(-0.2, 1.2, after).astype(np.float32)

    def bottleneck(name: str, before: int, wide: int, after: int) -> None:
        step(f"{name}.conv", wide, before)
        step(f"{name}.conv_dw", wide, 1, 3)
        step(f"{name}.project", after, wide, prelu=False)

    def row(name: str, size: int) -> None:
        for index in range(2):
            bottleneck(f"{name}.model.{index}", size, 5, size)
        if gates:
            for number, (after, before) in enumerate(((2, size), (size, 2)), 1):
                conv(f"{name}.model.1.se_module.fc{number}", after, before, 1, 1)
                bn(f"{name}.model.1.se_module.bn{number}", after)

    step("conv1", 6, 3, 3)
    step("conv2_dw", 6, 1, 3)
    bottleneck("conv_23", 6, 8, 4)
    row("conv_3", 4)
    bottleneck("conv_34", 4, 9, 8)
    row("conv_4", 8)
    bottleneck("conv_45", 8, 9, 8)
    row("conv_5", 8)
    step("conv_6_sep", 16, 8)
    step("conv_6_dw", 16, 1, 5, prelu=False)
    conv("linear", 7, 16)
    bn("bn", 7)
    conv("prob", 3, 7)
    return state
