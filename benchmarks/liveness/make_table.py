"""Makes the table that comes with Visavis: how liveness checks are joined, and their thresholds.

From `--photos`, FairFace's training split (those pictures that `recipes/liveness.toml` does not
train on), and a quarter of LFW's people: pictures of live people as they are, and simulated live
shots and attacks of some of them. Checks count evenly, in deviations over live people. Thresholds
are by the BPCER of the worse of the two sets of plain pictures (the upper end of its 95 % interval,
so that other people are not refused more often) and the APCER of the worst mechanism. NUAA is not
used. Writes `--out`; prints the thresholds.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from shared import Asked, arguments, for_fitting, said, settings

from visavis.build import build_detector, build_lookers
from visavis.datasets.layouts import read
from visavis.datasets.listing import tree
from visavis.datasets.pad import read_pad
from visavis.datasets.records import BONA_FIDE, Dataset, PadSet, Picture
from visavis.evaluate.fuse import fit, measure
from visavis.evaluate.spoof import simulate
from visavis.image import decode
from visavis.image import save as write
from visavis.models.liveness_table import save
from visavis.targets import DEFAULT_TARGET, FusionTable
from visavis.testing import FakeLiveness
from visavis.train.produce import Inputs
from visavis.train.recipe import load
from visavis.types import Floats

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "recipes" / "liveness.toml"
TABLE = ROOT / "src" / "visavis" / "models" / "tables_liveness" / "packaged.json"


def main() -> None:
    args = arguments(__doc__, photos="", plain=1000, shots=60, seed=3, out=str(TABLE))
    photos = Path(args.photos)
    used = {p.name for p in Inputs(photos, None, Path()).dataset(load(RECIPE)).pictures}
    rest = (f for f in tree(photos) if f.relative_to(photos).as_posix() not in used)
    fairface = Dataset("FairFace", photos, tuple(Picture(f, f.name) for f in rest))
    lfw, _ = for_fitting(read(args.data / "lfw"))
    logits: list[dict[str, Floats]] = []
    species: list[str] = []
    sets: list[str] = []
    with settings() as found, tempfile.TemporaryDirectory(prefix="visavis-shots-") as folder:
        here = Asked(build_lookers(found), FusionTable(()), found)
        for dataset in (lfw, fairface):
            plain = _some(dataset, args.plain, args.seed)
            logits.append(here.logits(plain.pictures, f"fit-{dataset.name}", args.results))
            species += [BONA_FIDE] * len(plain)
            sets += [dataset.name] * len(plain)
            out = Path(folder) / dataset.name
            few = _some(dataset, args.shots, args.seed + 1)
            simulate(few, build_detector(found), FakeLiveness(), seed=args.seed, out=out,
                     progress=said(f"shots of {dataset.name}"))  # fmt: skip
            pad = read_pad(out)
            logits.append(
                here.logits(pad.dataset.pictures, f"fit-{dataset.name}-sim", args.results)
            )
            species += [p.species for p in pad.presentations]
            sets += [f"simulated on {dataset.name}"] * len(pad.presentations)
    table = _fitted(logits, species, sets)
    Path(args.out).parent.mkdir(exist_ok=True)
    save(Path(args.out), table)
    for one in table.combinations:
        limit = one.table.threshold(DEFAULT_TARGET)
        [(_, bpcer, apcer)] = [p for p in one.table.points if p[0] == limit]
        print(f"{'+'.join(one.checks)}: weights {one.weights}, threshold {limit:.4f}: BPCER "
              f"{100 * bpcer:.1f} %, simulated APCER of the worst {100 * apcer:.1f} %")  # fmt: skip


def _tight(pad: PadSet, here: Asked, out: Path) -> PadSet:
    """The same presentations cut close around the face, as pictures that show nothing else."""
    detector, made = build_detector(here.settings), []
    for i, one in enumerate(pad.presentations):
        image = decode(one.picture.path)
        faces = detector.detect(image)
        if not faces:
            continue
        face = max(faces, key=lambda f: f.area)
        middle, half = face.box.reshape(2, 2).mean(axis=0), 0.55 * max(face.width, face.height)
        x1, y1 = np.maximum(middle - half, 0).astype(int)
        x2, y2 = (middle + half).astype(int)
        path = out / f"{i}.png"
        out.mkdir(exist_ok=True)
        write(np.ascontiguousarray(image[y1:y2, x1:x2]), path)
        made.append(replace(one, picture=Picture(path, path.name)))
    return PadSet(Dataset(out.name, out, tuple(p.picture for p in made)), tuple(made))


def _fitted(logits: list[dict[str, Floats]], species: list[str], sets: list[str]) -> FusionTable:
    """Weights from all, thresholds from plain pictures and the attacks."""
    columns = {name: np.concatenate([part[name] for part in logits]) for name in logits[0]}
    said_of = {"bona_fide": "LFW and FairFace", "attacks": "simulated attacks"}
    weights = fit(columns, species, sets=sets, even=True, **said_of)  # type: ignore[arg-type]
    kept = [
        s != BONA_FIDE or not where.startswith("simulated")
        for s, where in zip(species, sets, strict=True)
    ]
    rows = np.flatnonzero(kept)
    return measure(
        weights,
        {name: column[rows] for name, column in columns.items()},
        [species[i] for i in rows],
        sets=[sets[i] for i in rows],
        bound=True,
        **said_of,
    )


def _some(dataset: Dataset, count: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    names = sorted(p.name for p in dataset.pictures)
    return dataset.only(rng.choice(names, min(count, len(names)), replace=False).tolist())


main()
