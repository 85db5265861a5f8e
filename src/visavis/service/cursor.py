"""Cursors of pages: where to go on, sealed, since addresses are logged and subject ids are not."""

import base64

from visavis.errors import InputError, TamperedTemplate
from visavis.gallery.vault import DataKey

PURPOSE = "visavis/cursor"


class BadCursor(InputError):
    """Raised for a cursor that was not made under the present key, or was changed."""

    code = "bad_cursor"


class Cursors:
    """Makes and opens cursors under a key of 32 bytes: a new key voids the old cursors."""

    def __init__(self, key: bytes) -> None:
        """Raises ConfigError for a key of another size."""
        self._key = DataKey(key)

    def seal(self, value: str | int) -> str:
        """The value as base64url, 39 characters and 4 more for every 3 bytes of it (AES-GCM)."""
        kind = "s" if isinstance(value, str) else "i"
        plain = f"{kind}{value}".encode("utf-8", "surrogatepass")
        return _text(self._key.seal(plain, PURPOSE))

    def open(self, text: str) -> str | int:
        """The value that was sealed. Raises BadCursor for anything that `seal` has not made."""
        refusal = BadCursor("expected a cursor as a page before gave it, got another text")
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if _text(sealed) != text:
                raise refusal
            plain = self._key.unseal(sealed, PURPOSE).decode("utf-8", "surrogatepass")
        except (ValueError, TamperedTemplate):
            raise refusal from None
        return plain[1:] if plain[0] == "s" else int(plain[1:])


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
