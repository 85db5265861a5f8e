"""Keys from passphrases, for files that leave the gallery."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from visavis.gallery.vault import KEY_BYTES

COSTS = {"iterations": 3, "lanes": 4, "memory_cost": 64 * 1024}  # RFC 9106, second choice
MOST = {"iterations": 16, "lanes": 64, "memory_cost": 1024 * 1024}  # a file cannot ask for more


def cipher(passphrase: str, salt: bytes, costs: Mapping[str, Any]) -> AESGCM:
    """AES-256-GCM under the Argon2id hash of the passphrase, in Unicode NFC.

    `costs` may hold more than COSTS' names. Raises ValueError, KeyError or TypeError unless each
    is a number within MOST.
    """
    if not all(0 < costs[cost] <= most for cost, most in MOST.items()):
        raise ValueError("costs out of range")
    text = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    stretch = Argon2id(salt=salt, length=KEY_BYTES, **{name: costs[name] for name in COSTS})
    return AESGCM(stretch.derive(text))
