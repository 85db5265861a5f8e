"""What comparing all pairs of LFW takes once its pictures are embedded: seconds and memory.

The comparison runs in a process of its own, so that its peak memory is its own.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.datasets.layouts import read
from visavis.evaluate.allpairs import compare_all


def compare(args: object) -> tuple[float, float, int]:
    """Seconds, peak memory of the process in GB, and impostor pairs."""
    embedded = embedded_for(args, read(args.lfw))
    start = time.perf_counter()
    pairs = compare_all(embedded)
    pairs.tmr(1e-4)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return seconds, peak, pairs.impostor_pairs


def main() -> None:
    args = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        args.cache = args.cache or Path(folder)
        embedded_for(args, read(args.lfw))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, peak, pairs = pool.apply(compare, (args,))
    print(f"{pairs} impostor pairs, {pairs / seconds / 1e6:.1f} million a second")
    print(f"peak memory of the process: {peak:.2f} GB (needs <= 2 GB)")
    if peak > 2:
        sys.exit(f"peak memory: {peak:.2f} GB SHORT")
    verdict("all pairs", seconds, 180, at_most=True, unit=" s")


if __name__ == "__main__":
    main()
