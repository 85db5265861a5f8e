"""Lists, a page at a time."""

from typing import Annotated, TypeAlias

from fastapi import Query
from pydantic import Field

from visavis.service.cursor import BadCursor, Cursors
from visavis.service.schemas.base import Request


class PageQuery(Request):
    """Which page of a list: the first, or the one that `next` of a page before it names."""

    cursor: str | None = Field(None, max_length=4096, description="`next` of the page before")
    limit: int = Field(100, ge=1, le=500, description="items a page", examples=[100])

    def after(self, cursors: Cursors) -> str | None:
        """Where the page before ended; None for the first page. Raises BadCursor."""
        if self.cursor is None:
            return None
        found = cursors.open(self.cursor)
        if not isinstance(found, str):
            raise BadCursor("expected a cursor of this list, got one of another")
        return found


Paged: TypeAlias = Annotated[PageQuery, Query()]
Next: TypeAlias = Annotated[
    str | None, Field(examples=["AUv2cX9p"], description="cursor of the next page, null at the end")
]
