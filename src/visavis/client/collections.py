"""Collections of subjects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from visavis.client.operation import Fields, Listing, Operation, path
from visavis.client.reading import moment
from visavis.client.receipts import Deletion


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: the model of its templates, whose vectors have `dim` numbers, and how many
    there are. `keep_crops`: whether aligned crops are kept with them.
    """

    name: str
    model: str
    dim: int
    subjects: int
    templates: int
    keep_crops: bool
    created_at: datetime

    @classmethod
    def of(cls, found: Fields) -> Self:
        return cls(
            name=str(found["name"]),
            model=str(found["model"]),
            dim=int(found["dim"]),
            subjects=int(found["subjects"]),
            templates=int(found["templates"]),
            keep_crops=bool(found["keep_crops"]),
            created_at=moment(found["created_at"]),
        )


def collections() -> Listing[Collection]:
    """The collections that the key reaches, by name."""
    return Listing(path("collections"), Collection.of)


def collection(name: str) -> Operation[Collection]:
    """One collection."""
    return Operation("GET", path("collections", name), Collection.of)


def create_collection(name: str, *, keep_crops: bool | None = None) -> Operation[Collection]:
    """Makes a collection of the service's model, or finds it there already."""
    body = {"name": name, "keep_crops": keep_crops}
    return Operation("POST", path("collections"), Collection.of, body=body)


def delete_collection(name: str, *, confirm: str) -> Operation[Deletion]:
    """Destroys a collection's keys, with all its subjects; `confirm` is its name once more."""
    query = {"confirm": confirm}
    return Operation("DELETE", path("collections", name), Deletion.of, query, again=False)
