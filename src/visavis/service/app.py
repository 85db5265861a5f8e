"""The ASGI application: routers, errors, and the guard around them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Lifespan

from visavis import __version__
from visavis.errors import VisavisError
from visavis.service.compreface import routes as compreface
from visavis.service.compreface.errors import CompreFaceErrors
from visavis.service.errors import BadRequest, answer, envelope, status_of
from visavis.service.guard import Guard
from visavis.service.openapi import document
from visavis.service.routes import (
    audit,
    batch,
    cameras,
    challenges,
    collections,
    decisions,
    enrolment,
    faces,
    health,
    jobs,
    keys,
    live,
    models,
    sightings,
    subjects,
    templates,
    transfer,
)
from visavis.service.state import Services
from visavis.ui.mount import mount

logger = logging.getLogger("visavis.service")

_ABOUT = (
    "Face recognition on your own machine. Scores are cosines; a higher score always means more "
    "alike. Decisions are made at the error rate that you state."
)


def create_app(services: Services) -> FastAPI:
    """The application around services that are open; they are closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(services.jobs.start)
        await asyncio.to_thread(services.outputs.start)
        await asyncio.to_thread(services.cameras.start_all)
        yield
        services.streams.end()
        await asyncio.to_thread(services.cameras.stop_all)
        await asyncio.to_thread(services.outputs.stop)
        await asyncio.to_thread(services.jobs.stop)
        await services.workers.drain(services.limits.drain_seconds)
        services.close()

    app = _bare(lifespan)
    app.state.services = services
    app.add_exception_handler(VisavisError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    if services.limits.ui and find_spec("gradio") is not None:
        mount(
            app,
            host=_own_name(services),
            collection=services.settings.collection,
            reports=services.settings.gallery.parent / "reports",
            camera_hosts=services.limits.camera_hosts,
            webcams=services.limits.webcams,
        )
    if services.limits.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=services.limits.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key"],
            expose_headers=["X-Request-Id", "Retry-After", enrolment.REPLAYED],
        )
    app.add_middleware(Guard, settings=services.limits, metrics=services.metrics)
    app.add_middleware(CompreFaceErrors)
    return app


def reference() -> dict[str, Any]:
    """The OpenAPI document, without services."""
    return document(_bare(None))


def _bare(lifespan: Lifespan[FastAPI] | None) -> FastAPI:
    """The application with its routes."""
    app = FastAPI(
        title="Visavis",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    for router in _routers():
        app.include_router(router)
    return app


def _own_name(services: Services) -> str:
    """A name under which the pages, in the same process, may call the service."""
    return next(iter(services.limits.hosts), "127.0.0.1")


def _routers() -> Sequence[APIRouter]:
    return (
        faces.router,
        decisions.router,
        collections.router,
        subjects.router,
        templates.router,
        enrolment.router,
        batch.router,
        jobs.router,
        transfer.router,
        audit.router,
        models.router,
        keys.router,
        compreface.router,
        challenges.router,
        live.router,
        cameras.router,
        sightings.router,
        health.router,
    )


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, VisavisError)
    services: Services = request.app.state.services
    services.metrics.observe_refusal(error)
    if status_of(error) >= 500:
        logger.error("%s: %s", error.code, error, exc_info=error)
    return answer(error, request.state.request_id)


async def _invalid(request: Request, error: Exception) -> Response:
    """What FastAPI found wrong, without the values: they may be pictures."""
    assert isinstance(error, RequestValidationError)
    problems = tuple(
        {"where": ".".join(map(str, e["loc"]))[:100], "what": e["msg"][:300]}
        for e in error.errors()[:20]
    )
    first = problems[0] if problems else {"where": "request", "what": "invalid"}
    found = BadRequest(f"{first['where']}: {first['what']}", problems)
    body = envelope(found.code, str(found), request.state.request_id, {"problems": list(problems)})
    return JSONResponse(body, 422)


async def _plain(request: Request, error: Exception) -> Response:
    """What Starlette raises: no such path, no such method."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, VisavisError):  # raised by the guard while FastAPI read a body
        return await _known(request, error.__cause__)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
    words = error.detail or HTTPStatus(error.status_code).phrase
    body = envelope(code, str(words), request.state.request_id)
    return JSONResponse(body, error.status_code, headers=error.headers)
