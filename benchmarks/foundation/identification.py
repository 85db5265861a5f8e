"""1:N on LFW: one image of each person with two or more is enrolled, up to three others are probes.

Through the public API with an encrypted gallery: `enrol`, then `identify`. Rank-1 is the share of
probes whose best candidate is the right person; a probe without a face counts as wrong. The share
named at the policy's threshold is printed beside it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, isolated, lfw_people, verdict

from visavis import Policy, build_recognizer
from visavis.batching import batch
from visavis.pipeline import choose
from visavis.types import Identification

OPEN = Policy(review="off", face="central")


def main() -> None:
    args = arguments(__doc__)
    people = {name: files for name, files in lfw_people(args.lfw).items() if len(files) > 1}
    probes = [(name, path) for name, files in people.items() for path in files[1:4]]
    flags = {"runtime": args.runtime, "embedder": args.embedder}
    with isolated(**flags) as settings, build_recognizer(settings) as recognizer:

        def enrol(item: tuple[str, list[Path]]) -> None:
            recognizer.enrol(item[0], item[1][0], policy=OPEN)

        def central(path: Path) -> Identification:
            """The answer for the face in the middle: others may be in the picture."""
            image = recognizer.pipeline.decode(path)
            meant = choose(recognizer.detect(image), OPEN, image)
            answers = recognizer.identify(image, OPEN)
            return max(answers, key=lambda a: float(a.sample.face.box[0] == meant.box[0]))

        refused = [o.error for o in batch(enrol, people.items()) if o.error]
        answers = list(batch(central, [path for _, path in probes]))
        size = len(recognizer.collection)
    for error in refused:
        print(f"  refused: {error}")
    first = named = wrong = 0
    for (name, _), answer in zip(probes, answers, strict=True):
        if answer.value:
            first += answer.value.candidates[0].subject == name
            named += answer.value.subject == name
            wrong += answer.value.subject not in (name, None)
    print(f"people {len(people)}, enrolled {size}, refused {len(refused)}, probes {len(probes)}")
    print(f"probes without a face {sum(a.error is not None for a in answers)}")
    print(
        f"named rightly at FPIR 1 %: {named / len(probes):.2%}, wrongly: {wrong / len(probes):.2%}"
    )
    verdict("rank-1", 100 * first / len(probes), 98.0, unit=" %")


main()
