"""What rewriting a pruned network gains: VietAnh954's as published over the same as it is loaded.

Milliseconds a face on one core, medians of interleaved runs. The figure is the time as loaded
(whole blocks of channels, PReLU as convolutions) over that as published; at most 0.7.
"""

import sys
import time

import numpy as np
from shared import OTHER, arguments, verdict

from visavis.build import build_weights
from visavis.models.catalogue import card
from visavis.models.rewrite import fixed
from visavis.models.session import open_session
from visavis.settings import Settings


def main() -> None:
    args = arguments(__doc__, runs=100)
    entry = card(OTHER)
    path = build_weights(Settings.load()).find(entry)
    if path is None:
        sys.exit(f"expected {entry.file} in VISAVIS_MODEL_DIR")
    data = path.read_bytes()
    ways = {
        "as published": open_session(data),
        "as loaded": open_session(fixed(data, any_size=False, blocked=True)),
    }
    batch = np.random.default_rng(0).random((1, 3, entry.size, entry.size), np.float32)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(args.runs):
        for name, session in ways.items():
            start = time.perf_counter()
            session.run(batch)
            taken[name].append(time.perf_counter() - start)
    middle = {name: float(np.median(times)) for name, times in taken.items()}
    for name, seconds in middle.items():
        print(f"{name}: {1e3 * seconds:.2f} ms")
    ratio = middle["as loaded"] / middle["as published"]
    verdict(f"{OTHER}, as loaded over as published", ratio, 0.7, at_most=True)


main()
