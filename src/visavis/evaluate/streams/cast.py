"""Who takes part in scripted streams: people who are enrolled by other photos, and strangers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias

import numpy as np

from visavis.datasets.lfw import Errata
from visavis.datasets.records import Dataset, Picture
from visavis.errors import BadDataset, InputError
from visavis.evaluate.conditions import Scene
from visavis.pipeline import Pipeline, choose
from visavis.policy import Policy
from visavis.types import Embedding, Identification, Match, Sample

_Folder: TypeAlias = tuple[str, list[Picture]]
_SHOTS: Final = 2  # photographs by which a person is shown, besides the enrolled one
_CENTRAL: Final = Policy(face="central")


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """A person: photographs with the face that is meant, none of them the enrolled one."""

    name: str
    shots: tuple[Scene, ...]
    enrolled: bool


class Desk:
    """Decides who a sample shows among one template a person; leaves no record."""

    def __init__(
        self, names: Sequence[str], templates: Sequence[Embedding], pipeline: Pipeline,
        policy: Policy,
    ) -> None:  # fmt: skip
        """Raises NotMeasured where the calibration cannot state the policy's rate."""
        self.policy = policy
        self.threshold = policy.identification(pipeline.embedder.calibration, len(names))
        self._names = tuple(names)
        self._vectors = np.stack([t.vector for t in templates])

    def __len__(self) -> int:
        return len(self._names)

    def __call__(self, sample: Sample) -> Identification:
        scores = self._vectors @ sample.embedding.vector
        best = np.argsort(-scores, kind="stable")[: self.policy.top_k]
        return Identification(
            sample,
            tuple(Match(self._names[i], float(scores[i]), f"{i:016x}") for i in best),
            self.threshold,
            self.policy.margin,
            self.policy.limits.reasons(sample.quality),
            self.policy.liveness == "require",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """`known` are enrolled, and so are others who never appear; `strangers` are not."""

    known: tuple[Role, ...]
    strangers: tuple[Role, ...]
    names: tuple[str, ...]
    templates: tuple[Embedding, ...]


def choose_cast(
    pipeline: Pipeline,
    dataset: Dataset,
    *,
    people: int,
    enrolled: int,
    seed: int = 0,
    errata: Errata | None = None,
) -> Cast:
    """A seeded choice of `people` who are enrolled and half as many strangers, two or more.

    In a small set two thirds are enrolled and shown. More people are enrolled, up to `enrolled` in
    all, as far as the set has them. Raises
    BadDataset where nobody has two photos with a face, or no two strangers are left.
    """
    folders, count = _folders(dataset, seed, errata), len(dataset.identities)
    people = max(min(people, 2 * count // 3, count - 2), 1)
    known, templates, others = _known(pipeline, folders, people)
    wanted = max(people // 2, 2)
    strangers = list[Role]()
    names = [role.name for role in known]
    for name, pictures in chain(others, folders):
        if len(strangers) == wanted and len(names) >= enrolled:
            break
        found = list(_scenes(pipeline, pictures, _SHOTS if len(strangers) < wanted else 1))
        if found and len(strangers) < wanted:
            strangers.append(Role(name, tuple(found), False))
        elif found:
            names.append(name)
            templates.append(_template(pipeline, found[0]))
    if not known or len(strangers) < 2:
        raise BadDataset(
            f"{dataset.name}: expected somebody with two usable photos and two strangers more, "
            f"got {len(known)} and {len(strangers)}"
        )
    return Cast(tuple(known), tuple(strangers), tuple(names), tuple(templates))


def _known(
    pipeline: Pipeline, folders: Iterator[_Folder], people: int
) -> tuple[list[Role], list[Embedding], list[_Folder]]:
    """The first with two usable photos, their templates, and those who were passed over."""
    known, templates, others = list[Role](), list[Embedding](), list[_Folder]()
    while len(known) < people and (folder := next(folders, None)) is not None:
        found = list(_scenes(pipeline, folder[1], 1 + _SHOTS)) if len(folder[1]) > 1 else []
        if len(found) < 2:
            others.append(folder)
        else:
            known.append(Role(folder[0], tuple(found[1:]), True))
            templates.append(_template(pipeline, found[0]))
    return known, templates, others


def _folders(dataset: Dataset, seed: int, errata: Errata | None) -> Iterator[_Folder]:
    """People in random order with their pictures, none of two names or under a wrong one."""
    twice = set() if errata is None else {n for pair in errata.same_people for n in pair}
    wrong = frozenset() if errata is None else errata.left_out
    of: dict[str, list[Picture]] = {}
    for picture in dataset.pictures:
        if picture.identity is not None and picture.name not in wrong:
            of.setdefault(picture.identity, []).append(picture)
    names = sorted(set(of) - twice)
    rng = np.random.default_rng(seed)
    for place in rng.permutation(len(names)).tolist():
        pictures = of[names[place]]
        order = rng.permutation(len(pictures)).tolist()
        yield names[place], [pictures[i] for i in order]


def _scenes(pipeline: Pipeline, pictures: Sequence[Picture], most: int) -> Iterator[Scene]:
    """The first photos in which a face is found."""
    count = 0
    for picture in pictures:
        if count == most:
            return
        try:
            image = pipeline.decode(picture.path)
            yield Scene(image, choose(pipeline.detector.detect(image), _CENTRAL, image))
        except InputError:
            continue
        count += 1


def _template(pipeline: Pipeline, scene: Scene) -> Embedding:
    return pipeline.embedder.embed(scene.image, [scene.face])[0]
