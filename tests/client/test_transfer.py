"""Exports and imports, asked of the real service."""

from collections.abc import Callable
from pathlib import Path

import pytest

from visavis.client import Client, ServiceError
from visavis.client.transfer import Transfer
from visavis.errors import ConfigError, InputError
from visavis.gallery import sealedfile

Png = Callable[..., bytes]
SECRET = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealedfile, "COSTS", {"iterations": 1, "lanes": 1, "memory_cost": 8})


def test_there_and_back(client: Client, png: Png, tmp_path: Path) -> None:
    client.enrol("ada", [png("ada"), png("ada", noise=2)])
    file = client.export(tmp_path / "all.visavis", SECRET)
    assert client.import_(file, SECRET, collection="copy") == Transfer(1, 2, 0)
    assert client.verify("ada", png("ada"), collection="copy").accepted
    assert client.import_(file, SECRET, existing="skip") == Transfer(0, 0, 1)


def test_another_passphrase(client: Client, tmp_path: Path) -> None:
    file = client.export(tmp_path / "all.visavis", SECRET)
    with pytest.raises(ServiceError) as caught:
        client.import_(file, "another one", collection="copy")
    assert caught.value.code == "bad_export"


def test_no_such_collection(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ServiceError) as caught:
        client.export(tmp_path / "all.visavis", SECRET, collection="nowhere")
    assert caught.value.code == "unknown_subject"
    assert list(tmp_path.glob("*.visavis")) == []


def test_files_that_cannot_be(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write"):
        client.export(tmp_path / "none" / "all.visavis", SECRET)
    with pytest.raises(InputError, match="expected a readable file"):
        client.import_(tmp_path / "none", SECRET)
