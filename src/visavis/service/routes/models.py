"""What the service decides by: its models, what was measured of them, and its policy."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends

from visavis.build import cards_of, checks_of
from visavis.errors import ConfigError
from visavis.liveness.fusion import Fused
from visavis.models.catalogue import ModelCard
from visavis.protocols import LivenessCheck
from visavis.service.deps import needs
from visavis.service.errors import NotHere
from visavis.service.openapi import ERRORS
from visavis.service.schemas.models import (
    CalibrationOut,
    LivenessTableOut,
    ModelOut,
    ModelsOut,
    PolicyOut,
)
from visavis.service.state import Call
from visavis.settings import Settings
from visavis.targets import FusionTable

router = APIRouter(prefix="/v1", tags=["models"], responses=ERRORS)

Anybody: TypeAlias = Annotated[Call, Depends(needs())]


@router.get("/models", operation_id="list_models")
async def list_models(call: Anybody) -> ModelsOut:
    """Lists the models that are loaded, with their terms and limits."""
    cards = await call.run(lambda: _cards(call.services.settings))
    return ModelsOut(items=[ModelOut.of(card) for card in cards])


@router.get("/models/calibration", operation_id="show_calibration")
async def show_calibration(call: Anybody) -> CalibrationOut:
    """Says which score of the embedder stands for which false-match rate."""
    embedder = call.services.pipeline.embedder
    try:
        return CalibrationOut.of(embedder.model, embedder.calibration)
    except ConfigError as error:
        raise NotHere(str(error)) from None


@router.get("/models/liveness", operation_id="show_liveness_table")
async def show_liveness_table(call: Anybody) -> LivenessTableOut | None:
    """Says how often the liveness checks err; null where nothing was measured of them."""
    table = _table(call.services.liveness)
    return None if table is None else LivenessTableOut.of(table, call.services.policy.live)


@router.get("/policy", operation_id="show_policy")
async def show_policy(call: Anybody) -> PolicyOut:
    """Shows the policy of requests that ask for no other, and the loosest that they may ask for."""
    return PolicyOut.of(call.services.policy, call.services.limits)


def _cards(settings: Settings) -> tuple[ModelCard, ...]:
    """Liveness checks are loaded whatever the policy says."""
    return tuple(dict.fromkeys((*cards_of(settings), *checks_of(settings))))


def _table(check: LivenessCheck) -> FusionTable | None:
    inner = getattr(check, "inner", check)
    return inner.table if isinstance(inner, Fused) else None
