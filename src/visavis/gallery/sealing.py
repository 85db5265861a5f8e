"""What is sealed in a gallery's rows, and for which ids: nothing moves from one row to another.

Every seal is bound to the random uids of collection and owner, to its kind and, for a template, to
the template's id and model. Names that clients choose are not among them, so that renaming and
merging subjects leaves ciphertext as it is.
"""

import hmac
import io
import json
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from visavis.errors import InputError, TamperedTemplate
from visavis.gallery.vault import DataKey, ReadyKey
from visavis.types import Floats, Image

LONGEST = 256
BLOCK = 256  # profiles are padded to multiples: lengths tell less, and rows seldom grow


@dataclass(frozen=True, slots=True)
class Profile:
    """The sealed part of a subject. `merged`: owners of templates that came from other subjects."""

    id: str
    name: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    consent_ref: str | None = None
    merged: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.id, "subject id")
        texts = [self.name, self.consent_ref or "", *self.metadata, *self.metadata.values()]
        if not all(isinstance(text, str) for text in texts):
            raise InputError("name, consent_ref and metadata must be text (and text to text)")
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    def pack(self) -> bytes:
        fields = [self.name, dict(self.metadata), self.consent_ref, self.merged]
        data = f"{self.id}\n{json.dumps(fields)}".encode()
        return data.ljust(-(-len(data) // BLOCK) * BLOCK)

    @classmethod
    def unpack(cls, data: bytes) -> "Profile":
        ident, _, fields = data.partition(b"\n")
        name, metadata, consent_ref, merged = json.loads(fields)
        return cls(ident.decode(), name, metadata, consent_ref, tuple(merged))


class Seals:
    """Seals and opens the rows of one collection. Opening raises TamperedTemplate."""

    def __init__(self, uid: str, key: DataKey) -> None:
        self._uid = uid
        self._key = key
        self._lookups = key.derive("visavis/lookup")
        self._cameras = key.derive("visavis/camera")

    def lookup(self, subject: str) -> str:
        """The pseudonym under which a subject's row is found: as `DataKey.pseudonym`, but quick."""
        text = subject.encode("utf-8", "surrogatepass")
        return hmac.digest(self._lookups, text, "sha256")[:16].hex()

    def camera(self, name: str) -> str:
        """The pseudonym under which a camera's sightings are found."""
        return hmac.digest(self._cameras, name.encode(), "sha256")[:16].hex()

    def stand_in(self, owner: str) -> str:
        """What the audit log calls an owner whose own key is gone."""
        return self._key.pseudonym(owner)

    def seal_profile(self, key: DataKey, owner: str, profile: Profile) -> bytes:
        return key.seal(profile.pack(), self._profile(owner))

    def open_profile(self, key: DataKey | ReadyKey, owner: str, sealed: bytes) -> Profile:
        return Profile.unpack(key.unseal(sealed, self._profile(owner)))

    def open_id(self, key: DataKey | ReadyKey, owner: str, sealed: bytes) -> str:
        """The subject's id alone: quick."""
        return key.unseal(sealed, self._profile(owner)).partition(b"\n")[0].decode()

    def seal_template(
        self, key: DataKey, owner: str, template: int, model: str, vector: Floats, quality: float
    ) -> bytes:
        data = vector.astype("<f4").tobytes() + np.float64(quality).astype("<f8").tobytes()
        return key.seal(data, self._template(owner, template, model))

    def open_template(
        self, key: DataKey | ReadyKey, owner: str, template: int, model: str, sealed: bytes
    ) -> bytes:
        """The packed vector and quality, for `unpack_templates`."""
        return key.unseal(sealed, self._template(owner, template, model))

    def seal_crop(self, key: DataKey, owner: str, template: int, crop: Image) -> bytes:
        return key.seal(pack_crop(crop), self._crop(owner, template))

    def open_crop(self, key: DataKey, owner: str, template: int, sealed: bytes) -> Image:
        return unpack_crop(key.unseal(sealed, self._crop(owner, template)))

    def seal_sighting(self, key: DataKey, owner: str, sighting: str, data: bytes) -> bytes:
        return key.seal(data, self._sighting(owner, sighting))

    def open_sighting(self, key: DataKey, owner: str, sighting: str, sealed: bytes) -> bytes:
        return key.unseal(sealed, self._sighting(owner, sighting))

    def seal_event(self, key: DataKey, owner: str, sighting: str, seq: int, data: bytes) -> bytes:
        return key.seal(data, self._event(owner, sighting, seq))

    def open_event(self, key: DataKey, owner: str, sighting: str, seq: int, sealed: bytes) -> bytes:
        return key.unseal(sealed, self._event(owner, sighting, seq))

    def seal_shot(self, key: DataKey, owner: str, sighting: str, shot: Image) -> bytes:
        return key.seal(pack_crop(shot), self._shot(owner, sighting))

    def open_shot(self, key: DataKey, owner: str, sighting: str, sealed: bytes) -> Image:
        return unpack_crop(key.unseal(sealed, self._shot(owner, sighting)))

    # One id a seal, because opening a large gallery makes many: it is unambiguous, since all of
    # its parts but the last have a fixed length.

    def _profile(self, owner: str) -> str:
        return f"profile {self._uid} {owner}"

    def _template(self, owner: str, template: int, model: str) -> str:
        return f"template {self._uid} {owner} {template:016x} {model}"

    def _crop(self, owner: str, template: int) -> str:
        return f"crop {self._uid} {owner} {template:016x}"

    def _sighting(self, owner: str, sighting: str) -> str:
        return f"sighting {self._uid} {owner} {sighting}"

    def _event(self, owner: str, sighting: str, seq: int) -> str:
        return f"event {self._uid} {owner} {sighting} {seq}"

    def _shot(self, owner: str, sighting: str) -> str:
        return f"shot {self._uid} {owner} {sighting}"


def check_owner(owner: str, uid: str, profile: Profile) -> None:
    """A template of another owner is the subject's only if its sealed profile says so."""
    if owner != uid and owner not in profile.merged:
        raise TamperedTemplate("a template was moved to a subject that it does not belong to")


def unpack_templates(packed: Sequence[bytes], dim: int) -> tuple[Floats, NDArray[np.float64]]:
    """(N, dim) vectors and (N,) qualities of opened templates."""
    layout = np.dtype([("vector", "<f4", (dim,)), ("quality", "<f8")])
    if any(len(data) != layout.itemsize for data in packed):
        raise TamperedTemplate(f"expected templates of {dim} dimensions, got another size")
    table = np.frombuffer(b"".join(packed), layout)
    return table["vector"].astype(np.float32), table["quality"].astype(np.float64)


def pack_crop(crop: Image) -> bytes:
    """An (H, W, 3) RGB crop as PNG: exact."""
    if crop.dtype != np.uint8 or crop.ndim != 3 or crop.shape[2] != 3:
        raise InputError(f"expected an (H, W, 3) uint8 crop, got {crop.dtype} {crop.shape}")
    buffer = io.BytesIO()
    PIL.Image.fromarray(crop).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def unpack_crop(png: bytes) -> Image:
    with PIL.Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.array(image.convert("RGB"))


def check_name(name: str, what: str) -> None:
    """Raises InputError unless `name` can name a subject or a collection."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
        size = f"{len(name)} characters" if isinstance(name, str) else type(name).__name__
        raise InputError(f"a {what} must be text of 1 to {LONGEST} characters, got {size}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise InputError(f"a {what} must not hold control characters or lone surrogates")


def new_uid() -> str:
    return secrets.token_hex(16)


def new_template() -> int:
    """A random row number of 63 bits: the template's immutable id."""
    return secrets.randbits(63)


def template_id(number: int) -> str:
    """A template's number as clients see it: 16 hexadecimal digits."""
    return f"{number:016x}"


def stamp(when: datetime) -> str:
    """A time as stored: UTC, so that text sorts by time. Raises InputError without a zone."""
    if when.tzinfo is None:
        raise InputError(f"times must have a time zone, got {when.isoformat()}")
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def now() -> str:
    return stamp(datetime.now(UTC))
