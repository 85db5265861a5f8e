"""The error rates that a request asks for, within what the service allows."""

from dataclasses import replace
from typing import Final, Literal

from pydantic import Field

from visavis.errors import InputError
from visavis.policy import Policy
from visavis.service.apikeys import Scope
from visavis.service.auth import Caller
from visavis.service.schemas.base import Request
from visavis.serving import ServiceSettings

_STRICTNESS: Final = ("off", "report", "require")


class PolicyQuery(Request):
    """What a request may say about its decision; what is left out is as the service is set."""

    fmr: float | None = Field(
        default=None, gt=0, lt=1, description="false-match rate accepted of a 1:1 decision"
    )
    fpir: float | None = Field(
        default=None, gt=0, lt=1, description="share of strangers' searches that may name somebody"
    )
    threshold: float | None = Field(
        default=None, ge=-1, le=1, description="a score instead of a rate (scope `scores`)"
    )
    top_k: int | None = Field(default=None, ge=1, le=50, description="candidates a face")
    face: Literal["only", "dominant", "largest", "central"] | None = Field(
        default=None, description="the face meant in a photo of several"
    )
    liveness: Literal["off", "report", "require"] | None = Field(
        default=None, description="may be stricter than the service's setting, never laxer"
    )

    def applied(self, base: Policy, limits: ServiceSettings, caller: Caller) -> Policy:
        """`base` with what was asked for. Raises InputError for what the service does not allow,
        Forbidden for a threshold without the scope.
        """
        self._check(limits)
        if self.threshold is not None:
            caller.require(Scope.SCORES)
        asked = {
            name: value
            for name in ("fmr", "fpir", "threshold", "top_k", "face")
            if (value := getattr(self, name)) is not None
        }
        if self.liveness is not None:
            asked["liveness"] = max(self.liveness, base.liveness, key=_STRICTNESS.index)
        return replace(base, **asked) if asked else base

    def _check(self, limits: ServiceSettings) -> None:
        for name, most in (("fmr", limits.loosest_fmr), ("fpir", limits.loosest_fpir)):
            rate = getattr(self, name)
            if rate is not None and rate > most:
                raise InputError(f"expected {name} of {most:g} or less, got {rate:g}")
