"""For those who look after the service: is it alive, is it ready, what has it done."""

import asyncio
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from visavis import __version__
from visavis.service.deps import services_of
from visavis.service.metrics import CONTENT_TYPE

router = APIRouter(tags=["operation"])

_READY: Final = {"ready": True, "version": __version__, "parts": {"gallery": "ok", "disk": "ok"}}


@router.get("/healthz", operation_id="healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """Says `ok` as long as the process answers."""
    return "ok"


@router.get(
    "/readyz",
    operation_id="readyz",
    responses={
        200: {"content": {"application/json": {"example": _READY}}},
        503: {"description": "A part does not work"},
    },
)
async def readyz(request: Request) -> Response:
    """Says whether all parts work: 200, or 503 while one does not."""
    services = services_of(request)
    parts = await asyncio.to_thread(services.readiness.check)
    ready = all(part.ok for part in parts)
    body = {
        "ready": ready,
        "version": __version__,
        "parts": {part.name: "ok" if part.ok else part.detail for part in parts},
    }
    return JSONResponse(body, 200 if ready else 503)


@router.get("/metrics", operation_id="metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Figures for Prometheus; no subject is named in them."""
    found = await asyncio.to_thread(services_of(request).metrics.render)
    return Response(found, media_type=CONTENT_TYPE)
