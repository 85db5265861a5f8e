"""One request for faces: the pictures it brings, the pipeline it runs, and how it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.requests import Request

from visavis.errors import NoFace
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.service.apikeys import Scope
from visavis.service.compreface.access import Visit
from visavis.service.compreface.errors import missing_part
from visavis.service.compreface.options import Options, Times, choosing
from visavis.service.compreface.schemas import FaceBoxOut, PoseOut
from visavis.service.images import read_upload
from visavis.service.state import Call
from visavis.types import Embedding, Face, Quality, Sample


async def read_pictures(request: Request, call: Call, *names: str) -> list[bytes]:
    """One picture of each name, from a form or from base64 in JSON. Raises BadRequest."""
    upload = await read_upload(request, call.services.limits, names)
    for name in names:
        if not upload.files.get(name):
            raise missing_part(name)
    return [upload.one(name) for name in names]


@dataclass(frozen=True)
class Asking:
    """What was asked of one picture by one caller."""

    visit: Visit
    options: Options
    times: Times = field(default_factory=Times)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The service's, with the faces that are wanted alone."""
        return choosing(self.visit.call.services.pipeline, self.options, self.times)

    @property
    def tells_vectors(self) -> bool:
        """Whether embeddings were asked for by somebody who may see them."""
        allowed = self.visit.call.caller.may(Scope.SCORES, self.visit.collection)
        return allowed and self.options.wants("calculator")

    def samples(self, picture: bytes, policy: Policy) -> list[Sample]:
        """The samples of the faces that are wanted, largest first. Raises NoFace."""
        found = self.pipeline.samples(picture, policy)
        if not found:
            raise NoFace("expected a face, found none")
        self.visit.call.services.metrics.observe_samples(found)
        return found

    def fields(self, samples: Sequence[Sample]) -> list[dict[str, Any]]:
        """The fields of `FoundFaceOut` of each face of a picture."""
        return [self.face(s.face, s.quality, s.embedding, len(samples)) for s in samples]

    def face(
        self, face: Face, quality: Quality, embedding: Embedding | None, of: int
    ) -> dict[str, Any]:
        """The fields of one face; the times of the picture are shared among its `of` faces."""
        wants = self.options.wants
        points = [(round(float(x)), round(float(y))) for x, y in face.landmarks]
        return {
            "box": FaceBoxOut.of(face),
            "landmarks": points if wants("landmarks") else None,
            "pose": PoseOut.of(quality) if wants("pose") else None,
            "embedding": vector(embedding) if embedding and self.tells_vectors else None,
            "execution_time": self._times(of) if self.options.status else None,
        }

    def versions(self) -> dict[str, str] | None:
        """The models, where the status was asked for."""
        if not self.options.status:
            return None
        services = self.visit.call.services
        return {
            "detector": services.settings.detector,
            "calculator": services.pipeline.embedder.model,
        }

    def _times(self, faces: int) -> dict[str, float]:
        names = {"detector": "detect", "calculator": "embed"}
        taken = self.times.seconds
        return {
            name: round(1e3 * taken[stage] / faces, 1)
            for name, stage in names.items()
            if stage in taken
        }


def vector(embedding: Embedding) -> list[float]:
    """The numbers of an embedding as they are sent."""
    return [round(float(value), 7) for value in embedding.vector]
