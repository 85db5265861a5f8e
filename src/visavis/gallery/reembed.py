"""A new model for a collection: all vectors made anew from the kept crops."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from sqlalchemy import Connection

from visavis.audit import Action, Detail, flat
from visavis.errors import GalleryError, ModelMismatch
from visavis.gallery import rows
from visavis.gallery.change import Change, changing
from visavis.gallery.desk import Desk
from visavis.gallery.rows import CollectionRow, TemplateRow
from visavis.gallery.sealing import unpack_templates
from visavis.gallery.vault import DataKey
from visavis.types import Embedding, Floats, Image

PAGE = 100


class _Kept(NamedTuple):
    """A stored template with its owner's key and its crop."""

    row: TemplateRow
    key: DataKey
    crop: Image


def reembed(
    desk: Desk,
    model: str,
    dim: int,
    embed: Callable[[Image], Embedding],
    details: Mapping[str, Detail] | None = None,
) -> int:
    """Replaces every vector by `embed(crop)` in one transaction; returns how many.

    The embedding itself is done before the transaction, so that others can go on enrolling.
    Raises GalleryError, with nothing changed, if a template has no crop or the model stays the
    same, and ModelMismatch if `embed` gives vectors of another model or dimension.
    """

    def vector(crop: Image) -> Floats:
        embedding = embed(crop)
        if (embedding.model, embedding.dim) != (model, dim):
            raise ModelMismatch(
                f"expected vectors of {model} ({dim}), got {embedding.model} ({embedding.dim})"
            )
        return embedding.vector

    told = flat(details or {})
    with desk.store.read() as c:
        _check(c, rows.collection(c, desk.collection), model)
    pages = _pages(desk, desk.store.read)
    done = {kept.row.id: vector(kept.crop) for page in pages for kept in page}
    with changing(desk, told) as change:
        _check(change.c, change.collection, model)
        count = 0
        for page in _pages(desk, lambda: nullcontext(change.c)):
            vectors = [
                done[kept.row.id] if kept.row.id in done else vector(kept.crop) for kept in page
            ]
            rows.set_sealed(change.c, _sealed(change, page, vectors, model))
            count += len(page)
        before = change.collection.model
        rows.set_collection(change.c, desk.collection, model=model, dim=dim)
        change.audit(Action.REEMBED, None, {"from": before, "to": model, "templates": count})
    return count


def _check(c: Connection, head: CollectionRow, model: str) -> None:
    if head.model == model:
        raise GalleryError(f"collection {head.name!r} holds vectors of {model} already")
    if missing := rows.templates_without_crop(c, head.id):
        raise GalleryError(
            f"{missing} templates of collection {head.name!r} have no kept crop, so they cannot "
            f"be embedded by {model}: enrol those subjects again, or remove them"
        )


def _pages(
    desk: Desk, opened: Callable[[], AbstractContextManager[Connection]]
) -> Iterator[list[_Kept]]:
    """All templates with their crops, some subjects at a time, each page in a transaction from
    `opened`; unreadable ones are left out.
    """
    after = 0
    while True:
        with opened() as c:
            people = rows.page(c, desk.collection, after, PAGE)
            stored = rows.templates_of(c, [row.id for row in people])
            crops = {crop.template: crop for row in people for crop in rows.crops_of(c, row.id)}
        if not people:
            return
        after = people[-1].id
        keys = desk.keys.get_many(list({row.owner for row in stored}))
        yield [
            _Kept(
                row,
                keys[row.owner],
                desk.seals.open_crop(keys[row.owner], row.owner, row.id, crops[row.id].sealed),
            )
            for row in stored
            if row.owner in keys and row.id in crops
        ]


def _sealed(
    change: Change, page: list[_Kept], vectors: list[Floats], model: str
) -> Iterator[tuple[int, bytes]]:
    """What the templates are to hold: the new vectors, and the qualities they had."""
    seals, head = change.desk.seals, change.collection
    for (row, key, _), vector in zip(page, vectors, strict=True):
        opened = seals.open_template(key, row.owner, row.id, head.model, row.sealed)
        _, qualities = unpack_templates([opened], head.dim)
        quality = float(qualities[0])
        yield row.id, seals.seal_template(key, row.owner, row.id, model, vector, quality)
