"""Signatures, computed by hand."""

import hashlib
import hmac

from visavis.service.sightings.signing import signature


def test_it_is_of_time_and_body_under_the_secret() -> None:
    mac = hmac.new(b"a secret of some length", b'1700000000.{"seq":1}', hashlib.sha256).hexdigest()
    found = signature("a secret of some length", 1700000000, b'{"seq":1}')
    assert found == f"t=1700000000,v1={mac}"


def test_whatever_changes_changes_it() -> None:
    known = signature("a" * 16, 1, b"x")
    others = [
        signature("b" * 16, 1, b"x"),
        signature("a" * 16, 2, b"x"),
        signature("a" * 16, 1, b"y"),
    ]
    assert known not in others
