"""Bulk enrolment: what is packed, and the real service working it off."""

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from visavis.client import Client, ServiceError
from visavis.client.bodies import Form
from visavis.client.jobs import Job, People, start_job
from visavis.errors import InputError

Png = Callable[..., bytes]


def finished(client: Client, job: Job) -> Job:
    for _ in range(1000):
        if (found := client.job(job.id)).ended:
            return found
        time.sleep(0.01)
    raise AssertionError(found)


class TestPacking:
    def test_one_folder_a_subject(self, tmp_path: Path) -> None:
        (tmp_path / "ben.jpg").write_bytes(b"ben")
        body = start_job({"ada": [b"one", b"two"], "Ben Ä.": tmp_path / "ben.jpg"}).body
        assert isinstance(body, Form)
        (file,) = body.files
        with ZipFile(BytesIO(file.data)) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        assert file.name == "archive"
        assert found == {"ada/0": b"one", "ada/1": b"two", "Ben Ä./0": b"ben"}

    def test_the_same_photos_are_the_same_bytes(self) -> None:
        assert start_job({"ada": b"one"}).body == start_job({"ada": b"one"}).body

    def test_an_archive_stays_as_it_is(self) -> None:
        body = start_job(b"PK").body
        assert isinstance(body, Form)
        assert body.files[0].data == b"PK"

    @pytest.mark.parametrize("ident", [".ada", "__MACOSX", "a/b", "a\\b"])
    def test_refuses_folders_that_would_be_left_out(self, ident: str) -> None:
        with pytest.raises(InputError, match="expected the name of a folder"):
            start_job({ident: b"one"})


class TestService:
    def test_enrols_in_the_background(self, client: Client, png: Png) -> None:
        people: People = {"ada": [png("ada"), png()], "ben": png("ben")}
        started = client.start_job(people, idempotency_key="k1")
        assert (started.collection, started.total) == ("default", 3)
        done = finished(client, started)
        assert (done.state, done.done, done.enrolled, done.refused) == ("done", 3, 2, 1)
        assert done.error is None
        assert done.started_at is not None
        assert done.ended_at is not None
        assert done.ended_at >= done.created_at
        assert client.verify("ben", png("ben")).accepted
        items = list(client.job_items(started.id))
        assert [(item.subject, item.file, item.outcome, item.code) for item in items] == [
            ("ada", "0", "enrolled", None),
            ("ada", "1", "refused", "no_face"),
            ("ben", "0", "enrolled", None),
        ]
        assert items[0].template in {found.id for found in client.templates("ada")}
        assert client.start_job(people, idempotency_key="k1").id == started.id
        assert list(client.jobs()) == [done]

    def test_cancels_and_deletes(self, client: Client, png: Png) -> None:
        job = client.start_job({"ada": png("ada")})
        assert client.cancel_job(job.id).id == job.id
        assert finished(client, job).state in ("cancelled", "done")
        assert client.delete_job(job.id) is None
        with pytest.raises(ServiceError) as caught:
            client.job(job.id)
        assert caught.value.code == "not_found"

    def test_says_what_is_wrong_with_an_archive(self, client: Client) -> None:
        with pytest.raises(ServiceError) as caught:
            client.start_job(b"no zip file")
        assert caught.value.code == "bad_archive"
