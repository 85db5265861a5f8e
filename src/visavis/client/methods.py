"""Lets a method look like the function that makes what it sends."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_args

F = TypeVar("F", bound=Callable[..., Any])


def given(make: Callable[..., Any]) -> Any:
    """The T of a function that returns Operation[T] or Listing[T]."""
    return get_args(inspect.signature(make).return_annotation)[0]


def looking_like(make: Callable[..., Any], result: Any) -> Callable[[F], F]:
    """A decorator: gives a method the name, the words and the parameters of `make`, after self,
    and says that it returns `result`.
    """
    made = inspect.signature(make)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)

    def dress(call: F) -> F:
        call.__name__ = call.__qualname__ = make.__name__
        call.__doc__ = make.__doc__
        call.__signature__ = made.replace(  # type: ignore[attr-defined]
            parameters=[own, *made.parameters.values()], return_annotation=result
        )
        return call

    return dress
