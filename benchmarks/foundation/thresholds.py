"""Score thresholds by false-match rate from all impostor pairs of LFW, for the model card.

Every image's central face is embedded once; each pair of images of different people is one
comparison. Prints a table to paste into models/calibration.py and the genuine match rates beside
it. Pairs share people, so they are not independent: the lowest rates rest on few people.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embed_files, lfw_people, pipeline_for, verdict

RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
BINS = np.linspace(-1, 1, 200_001)


def main() -> None:
    args = arguments(__doc__)
    people = lfw_people(args.lfw)
    files = [path for files in people.values() for path in files]
    owner = np.repeat(np.arange(len(people)), [len(files) for files in people.values()])
    vectors, failed = embed_files(pipeline_for(args), files)
    usable = np.isfinite(vectors[:, 0])
    vectors, owner = vectors[usable], owner[usable]
    impostors = np.zeros(len(BINS) - 1, dtype=np.int64)
    genuine = np.zeros_like(impostors)
    for start in range(0, len(vectors), 500):
        scores = vectors[start : start + 500] @ vectors.T
        later = np.arange(len(vectors)) > np.arange(start, start + len(scores))[:, None]
        same = owner[start : start + 500, None] == owner
        impostors += np.histogram(scores[later & ~same], BINS)[0]
        genuine += np.histogram(scores[later & same], BINS)[0]
    pairs = int(impostors.sum())
    above = impostors[::-1].cumsum()[::-1] / pairs
    matched = genuine[::-1].cumsum()[::-1] / genuine.sum()
    print(f"images {len(files)}, without a face {len(failed)}, genuine pairs {genuine.sum()}")
    print(f"impostor pairs {pairs}")
    for rate in RATES:
        at = int(np.argmax(above <= rate))
        print(f"({rate:.0e}, {BINS[at]:.4f}),  # TMR {matched[at]:.2%}")
    verdict("impostor pairs behind the lowest rate", pairs * RATES[-1], 30)


main()
