"""Leave one subject out: the research variant, which learns from real prints as well.

For each subject of NUAA train the shipped network is taught further by `recipes/liveness-nuaa.toml`
on the presentations of all others, with simulated shots of FairFace's validation pictures, and is
then shown those of the subject left out. The threshold is fixed in advance: a probability of 0.5.
Needs the extra `train`. Prints APCER and BPCER of each subject, their means and the worst; the
figure is the mean of both means.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from shared import OURS, arguments, said, verdict

from visavis.build import build_detector, build_weights
from visavis.datasets.pad import read_pad
from visavis.datasets.records import BONA_FIDE
from visavis.evaluate.fuse import looks
from visavis.evaluate.liveness import Answers, Check, LivenessResults, Shown
from visavis.evaluate.liveness_rates import by_subject
from visavis.liveness.passive import Passive
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.settings import Settings
from visavis.targets import by_face
from visavis.train.liveness import split, train
from visavis.train.produce import MODEL, Inputs, only, write_models
from visavis.train.recipe import load

RECIPE = Path(__file__).parents[2] / "recipes" / "liveness-nuaa.toml"
NAME, START = "visavis-pad-1-nuaa", "visavis-pad-1-f32"


def main() -> None:
    args = arguments(__doc__, recipe=str(RECIPE), workers=1)
    plan, found = load(Path(args.recipe)), Settings.load()
    detector, start = build_detector(found), build_weights(found).locate(card(START))
    folder = args.data / "pad" / "nuaa_train"
    pad = read_pad(folder)
    inputs = Inputs(args.data / "fairface", folder, args.results / "pool", args.workers)
    pictures, faces = inputs.faces(inputs.dataset(plan), detector)
    shots, _ = split(inputs.shots(plan, pictures, faces, said("simulating shots")), plan)
    scores = np.full(len(pad.presentations), np.nan, np.float32)
    for subject in sorted({p.subject for p in pad.presentations}):
        own = replace(plan, real=replace(plan.real, without=(subject,)))
        out = args.results / f"without-subject-{subject}"
        extra = inputs.presentations(own, detector)
        net = train(own, shots, out, extra=extra, start=start, progress=said(f"without {subject}"))
        write_models(net, shots, out, own.seed)
        rows = [i for i, p in enumerate(pad.presentations) if p.subject == subject]
        theirs = only(pad, [pad.presentations[i] for i in rows])
        looker = Passive(open_session(out / MODEL), card(OURS))
        seen = looks(detector, [looker], theirs.dataset.pictures)
        logits = np.where(np.isnan(seen[OURS]), seen[by_face(OURS)], seen[OURS])
        scores[rows] = 1 / (1 + np.exp(-logits))
    shown = Shown(
        "NUAA train",
        "recorded",
        tuple(p.species for p in pad.presentations),
        tuple(p.subject for p in pad.presentations),
        digest=pad.dataset.digest,
    )
    results = LivenessResults(
        checks=(Check(NAME, "ours, with real prints", "ours", "FairFace; NUAA train", "recipe"),),
        sets=(shown,),
        answers=(Answers(NAME, shown.name, 0.5, scores, "subject_out"),),
    )
    results.save(args.results / "subjects.json")
    _report(results)


def _report(results: LivenessResults) -> None:
    one = by_subject(results, results.answers[0])
    rows = [(name, r.pad.apcer.value, r.pad.bpcer.value, r.eer) for name, r in one.subjects]
    for name, apcer, bpcer, eer in rows:
        print(f"subject {name}: APCER {100 * apcer:.1f} %, BPCER {100 * bpcer:.1f} %, "
              f"D-EER {100 * eer:.1f} %")  # fmt: skip
    if one.missing:
        print(f"without both classes, left out: {', '.join(one.missing)}")
    apcer, bpcer = (np.array([row[i] for row in rows]) for i in (1, 2))
    print(f"APCER: mean {100 * apcer.mean():.1f} %, worst {100 * apcer.max():.1f} %")
    print(f"BPCER: mean {100 * bpcer.mean():.1f} %, worst {100 * bpcer.max():.1f} %")
    silent = np.isnan(results.answers[0].scores)
    live = np.array([s == BONA_FIDE for s in results.sets[0].species])
    print(f"no answer: {100 * silent[~live].mean():.1f} % of prints, "
          f"{100 * silent[live].mean():.1f} % of live people")  # fmt: skip
    verdict("mean of mean APCER and mean BPCER, leave one subject out",
            50 * (apcer.mean() + bpcer.mean()), 10, at_most=True, unit=" %")  # fmt: skip


if __name__ == "__main__":  # shots are made by processes that import this again
    main()
