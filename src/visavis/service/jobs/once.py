"""A job that is sent twice with one `Idempotency-Key` is taken in once."""

import hashlib
import hmac
import json
from typing import Final

from visavis.service.idempotency import Idempotency, Interrupted, Stored
from visavis.service.jobs.form import JobForm
from visavis.service.jobs.jobs import Jobs
from visavis.service.jobs.values import Job, Order

_IDENT: Final = 24


def submit_once(
    jobs: Jobs, idempotency: Idempotency, secret: bytes, order: Order, form: JobForm, key: str
) -> Job:
    """The job that the first request with this idempotency key made, or a new one; all on this
    thread. `secret` keeps digests of photos from being guessed.

    Raises as `Jobs.submit`, IdempotencyMismatch, InProgress, and NotHere if it was deleted since.
    """
    digest = Idempotency.digest(str(order.origin.get("key", "")), "JOB", order.collection, key)
    begun = idempotency.begin(digest, _asked(secret, order, form))
    if isinstance(begun, Stored):
        return jobs.get(order.collection, json.loads(begun.body)["job"])
    try:
        ident = digest[:_IDENT]
        known = jobs.find(order.collection, ident)
        if known is not None and isinstance(begun, Interrupted):
            job = known
        else:  # where one is known, it is of a request so old that its key is free again
            parts = form.portions(jobs.limits)
            job = jobs.submit(order, parts, ident if known is None else None)
    except BaseException:
        idempotency.abandon(digest)  # nothing was stored
        raise
    idempotency.finish(digest, 202, json.dumps({"job": job.id}))
    return job


def _asked(secret: bytes, order: Order, form: JobForm) -> str:
    """What another request for the same has too."""
    files = [("", form.archive)] if form.archive is not None else form.images
    said = [dict(order.policy), [(path, hashlib.sha256(data).hexdigest()) for path, data in files]]
    return hmac.digest(secret, json.dumps(said, sort_keys=True).encode(), "sha256").hex()
