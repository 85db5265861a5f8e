"""How a webhook's receiver knows that what came is from this service, and is not repeated."""

import hmac
from typing import Final

HEADER: Final = "Visavis-Signature"
WINDOW: Final = 300
"""Seconds after which a receiver takes a signature for a repeated one."""


def signature(secret: str, at: int, body: bytes) -> str:
    """The header's value: the second at which it was signed, and HMAC-SHA256 under the secret of
    that second in decimal digits, a full stop and the body.
    """
    mac = hmac.new(secret.encode(), b"%d." % at + body, "sha256")
    return f"t={at},v1={mac.hexdigest()}"
