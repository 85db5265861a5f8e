"""Which parts of a face the check that comes with Visavis rests on: occlusion maps.

Means over FairFace pictures (CC BY 4.0) as they are, and over simulated attacks on them, and the
map of a few drawn over the picture, for the report. Prints the share of the absolute drop that
lies in the middle third of the grid.
"""

import numpy as np
from shared import OURS, arguments, asked, checks, settings, verdict

from visavis.build import build_detector
from visavis.datasets.attacks import attack
from visavis.datasets.layouts import read
from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.liveness import LivenessResults, Map, Shown
from visavis.evaluate.occlusion import Occlusion, by_look, mean_drop, occlude, overlay, photograph
from visavis.image import decode
from visavis.report.document import Photograph
from visavis.types import Face, Image

SPECIES = (BONA_FIDE, "print/photo", "screen/lcd", "mask/cutout")
CREDIT = "FairFace, K. Karkkainen and J. Joo; changed: map drawn over"


def main() -> None:
    args = arguments(__doc__, count=24, seed=7)
    dataset = read(args.data / "fairface")
    names = [p.name for p in dataset.pictures]
    rng = np.random.default_rng(args.seed)
    chosen = dataset.only(rng.choice(names, args.count, replace=False).tolist())
    maps, pictures = [], []
    with settings(check=OURS) as found:
        here, detector = asked(found), build_detector(found)
        score = by_look(here.lookers[0])
        for species in SPECIES:
            done: list[Occlusion] = []
            for picture in chosen.pictures:
                image = decode(picture.path)
                faces = detector.detect(image)
                if species != BONA_FIDE and faces:
                    name = species.split("/")[1]
                    image = attack(image, faces[0], name, np.random.default_rng(args.seed)).image
                    faces = detector.detect(image)
                one = _occluded(image, faces, score)
                if one is None:
                    continue
                done.append(one)
                if len(done) == 1:
                    pictures.append(_picture(image, one, species))
            maps.append(Map(OURS, "FairFace maps", species, len(done), mean_drop(done)))
    shown = Shown("FairFace maps", "simulated", SPECIES, note="pictures of the occlusion maps")
    LivenessResults(
        checks=checks([OURS], args.results),
        sets=(shown,),
        maps=tuple(maps),
        photographs=tuple(pictures),
    ).save(args.results / "maps.json")
    middle = [float(np.abs(m.drop[2:5, 2:5]).sum() / np.abs(m.drop).sum()) for m in maps]
    for one, share in zip(maps, middle, strict=True):
        print(f"{one.species}: {100 * share:.0f} % of the drop in the middle 9 of 49 patches")
    verdict("faces mapped", sum(m.faces for m in maps), args.count)


def _occluded(image: Image, faces: list[Face], score: object) -> Occlusion | None:
    if not faces:
        return None
    try:
        return occlude(image, max(faces, key=lambda f: f.area), score)  # type: ignore[arg-type]
    except InputError:  # no answer to this face
        return None


def _picture(image: Image, found: Occlusion, species: str) -> Photograph:
    kind = "a live person" if species == BONA_FIDE else f"a simulated attack, {species}"
    return photograph(
        f"map-{species.replace('/', '-')}",
        overlay(image, found),
        caption=f"Orange patches spoke for a live person, blue ones against: {kind}, "
        f"log-odds of live {found.score:.1f}.",
        alt=f"A face with an occlusion map over it: {kind}",
        licence="CC BY 4.0",
        credit=CREDIT,
    )


main()
