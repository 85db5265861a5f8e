"""How many live people the default check refuses at its default threshold, whom nothing was
trained or fitted on: pictures of LFW and of FairFace's validation split, by group of people.

The figure is the higher BPCER of the two sets; the spread between groups is printed before it.
"""

import numpy as np
from shared import FUSED, answers, arguments, asked, checks, for_fitting, settings, verdict

from visavis.datasets.layouts import read
from visavis.datasets.records import BONA_FIDE, Dataset
from visavis.evaluate.liveness import LivenessResults, Shown
from visavis.evaluate.liveness_rates import bona_fide, by_group


def main() -> None:
    args = arguments(__doc__, count=2000, seed=5)
    _, unseen = for_fitting(read(args.data / "lfw"))
    rng = np.random.default_rng(args.seed)
    names = sorted(p.name for p in unseen.pictures)
    wanted = min(args.count, len(names))
    lfw = unseen.only(rng.choice(names, wanted, replace=False).tolist(), "LFW")
    fairface = read(args.data / "fairface")
    shown = (_shown(lfw, "LFW", ()), _shown(fairface, "FairFace", ("race", "gender", "age")))
    with settings() as found:
        here = asked(found)
        said = []
        for dataset, one in zip((lfw, fairface), shown, strict=True):
            logits = here.logits(dataset.pictures, one.name, args.results)
            said += answers(here.table, logits, one.name)
        results = LivenessResults(
            checks=checks(here.names, args.results), sets=shown, answers=tuple(said)
        )
    results.save(args.results / "bona_fide.json")
    worst = 0.0
    for one in results.answers:
        if np.isnan(one.scores).all():
            print(f"{one.shown} / {one.check}: cannot tell of any")
            continue
        refused, silent = bona_fide(results, one)
        print(
            f"{one.shown} / {one.check}: BPCER {100 * refused.value:.2f} % "
            f"({100 * refused.low:.2f} to {100 * refused.high:.2f}), no answer "
            f"{100 * silent.value:.2f} % of {silent.trials:,}"
        )
        if one.check == FUSED:
            worst = max(worst, refused.value)
            for attribute in results.shown(one.shown).groups:
                group = by_group(results, one, attribute)
                each = ", ".join(f"{name} {100 * rate.value:.1f}" for name, rate in group.groups)
                print(f"  by {attribute}: spread {100 * group.spread:.1f} points ({each})")
    verdict("BPCER of the default at its threshold, the worse set", 100 * worst, 5, at_most=True,
            unit=" %")  # fmt: skip


def _shown(dataset: Dataset, name: str, labels: tuple[str, ...]) -> Shown:
    groups = {a: tuple(p.attributes[a] for p in dataset.pictures) for a in labels}
    species = (BONA_FIDE,) * len(dataset)
    return Shown(name, "bona_fide", species, groups=groups, digest=dataset.digest)


main()
