"""Memory over 10,000 identifies on real photos against an encrypted gallery of 500 people.

The figure is the growth of resident memory from the 1,000th to the last identify.
"""

import sys
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, isolated, lfw_people, verdict

from visavis import Policy, build_recognizer

OPEN = Policy(review="off", face="central")


def resident() -> float:
    """Resident memory of this process in MiB."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    args = arguments(__doc__, identifies=10_000, people=500)
    people = dict(islice(lfw_people(args.lfw).items(), args.people))
    images = [path for files in people.values() for path in files]
    with isolated(runtime=args.runtime) as settings, build_recognizer(settings) as recognizer:
        for name, files in people.items():
            recognizer.enrol(name, files[0], policy=OPEN)
        for done, path in enumerate(islice(cycle(images), args.identifies), start=1):
            recognizer.identify(path)
            if done == args.identifies // 10:
                base = resident()
            if done % (args.identifies // 10) == 0:
                print(f"{done} identifies: {resident():.1f} MiB", flush=True)
        growth = resident() - base
    verdict("growth", growth, 10, at_most=True, unit=" MiB")


main()
