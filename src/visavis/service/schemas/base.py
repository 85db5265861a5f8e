"""What all messages share."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """Frozen, and strict about what it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(BaseModel):
    """A body that a client sends: unknown fields are errors, lest a misspelt one be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorBody(Message):
    """What went wrong: a stable code, words, and what else a client can use."""

    code: str = Field(examples=["no_face"])
    message: str = Field(examples=["expected a face, found none"])
    details: dict[str, Any] = Field(default_factory=dict)


class Problem(Message):
    """The answer to every request that fails."""

    error: ErrorBody
    request_id: str = Field(examples=["5f0c6d3e9a1b4c7d8e2f"])


Name = Annotated[str, Field(min_length=1, max_length=200, examples=["ada"])]
