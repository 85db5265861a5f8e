"""The typed HTTP client of the service: `Client`, and `AsyncClient` for asyncio."""

from visavis.extras import needs

with needs("client", "the client of the service"):
    from visavis.client.async_ import AsyncClient
    from visavis.client.errors import ServiceError, Unreachable
    from visavis.client.retries import Retries
    from visavis.client.sync import Client

__all__ = ["AsyncClient", "Client", "Retries", "ServiceError", "Unreachable"]
