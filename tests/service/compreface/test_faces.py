"""Examples: added, listed, shown and deleted, as CompreFace answers."""

import base64
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from visavis.image import decode
from visavis.service.apikeys import Scope
from visavis.service.state import Services

Add = Callable[..., str]
FACES = "/api/v1/recognition/faces"
SUBJECTS = "/api/v1/recognition/subjects"
NOT_OURS = "6b135f5b-a365-4522-b1f1-4c9ac2dd0728"


def test_added_as_a_form_and_as_base64(
    client: TestClient, png: Callable[..., bytes], services: Services
) -> None:
    form = {"file": ("image.jpg", png("ada"))}
    first = client.post(f"{FACES}?subject=ada&det_prob_threshold=0.8", files=form)
    text = base64.b64encode(png("ada", seed=1, noise=2)).decode()
    second = client.post(f"{FACES}?subject=ada", json={"file": text})
    for answer in (first, second):
        assert answer.status_code == 201
        assert answer.json().keys() == {"image_id", "subject"}
        assert answer.json()["subject"] == "ada"
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.json()["image_id"])
    assert services.recognizers.of("default").collection.subject("ada").templates == 2


@pytest.mark.parametrize(
    ("people", "number"), [((), 28), (("ada", "ben"), 31)], ids=["nobody", "two"]
)
def test_an_example_shows_one_face(
    client: TestClient, png: Callable[..., bytes], people: tuple[str, ...], number: int
) -> None:
    answer = client.post(f"{FACES}?subject=ada", files={"file": png(*people)})
    assert (answer.status_code, answer.json()["code"]) == (400, number)
    assert client.get(SUBJECTS).json() == {"subjects": []}


@pytest.mark.parametrize("subject", ["", "a%2Fb"])
def test_subjects_that_an_example_cannot_be_of(
    client: TestClient, png: Callable[..., bytes], subject: str
) -> None:
    answer = client.post(f"{FACES}?subject={subject}", files={"file": png("ada")})
    assert (answer.status_code, answer.json()["code"]) in ((400, 26), (400, 36))


def test_listed_by_pages(client: TestClient, add: Add) -> None:
    ids = [add("ada"), add("ada", seed=1, noise=2), add("ben")]
    everything = client.get(FACES).json()
    assert [face["image_id"] for face in everything["faces"]] == ids
    assert [face["subject"] for face in everything["faces"]] == ["ada", "ada", "ben"]
    assert {k: v for k, v in everything.items() if k != "faces"} == {
        "page_number": 0,
        "page_size": 20,
        "total_pages": 1,
        "total_elements": 3,
    }
    second = client.get(f"{FACES}?page=1&size=2").json()
    assert [face["image_id"] for face in second["faces"]] == ids[2:]
    assert (second["page_number"], second["page_size"], second["total_pages"]) == (1, 2, 2)
    only = client.get(f"{FACES}?subject=ben").json()
    assert (only["total_elements"], only["faces"][0]["image_id"]) == (1, ids[2])


def test_no_examples_are_no_pages(client: TestClient) -> None:
    found = client.get(FACES).json()
    assert (found["faces"], found["total_pages"], found["total_elements"]) == ([], 0, 0)


def test_one_is_deleted_and_the_subject_stays(client: TestClient, add: Add) -> None:
    image = add("ada")
    assert client.delete(f"{FACES}/{image}").json() == {"image_id": image, "subject": "ada"}
    assert client.get(SUBJECTS).json() == {"subjects": ["ada"]}
    again = client.delete(f"{FACES}/{image}")
    assert (again.status_code, again.json()["code"]) == (404, 44)


def test_some_are_deleted_and_those_that_were_not_there_left_out(
    client: TestClient, add: Add
) -> None:
    first, second = add("ada"), add("ben")
    answer = client.post(f"{FACES}/delete", json=[first, NOT_OURS, second, first])
    assert answer.json() == [
        {"image_id": first, "subject": "ada"},
        {"image_id": second, "subject": "ben"},
    ]


def test_all_of_a_subject_are_deleted_with_the_subject(client: TestClient, add: Add) -> None:
    add("ada")
    add("ada", seed=1, noise=2)
    add("ben")
    assert client.delete(f"{FACES}?subject=ada").json() == {"deleted": 2}
    assert client.get(SUBJECTS).json() == {"subjects": ["ben"]}
    assert client.delete(f"{FACES}?subject=ada").json() == {"deleted": 0}
    assert client.delete(FACES).json() == {"deleted": 1}


@pytest.mark.parametrize("image", [NOT_OURS, "x", "01234567-89ab-4cde-8f00-000000000000"])
@pytest.mark.parametrize("path", ["{}/img", "{}/verify", "{}"])
def test_an_image_that_is_not_there(client: TestClient, path: str, image: str) -> None:
    method = {"{}/img": "GET", "{}/verify": "POST", "{}": "DELETE"}[path]
    answer = client.request(method, f"{FACES}/{path.format(image)}", files={"file": b"x"})
    assert (answer.status_code, answer.json()["code"]) == (404, 44)


def test_without_crops_there_is_no_picture(client: TestClient, add: Add) -> None:
    answer = client.get(f"{FACES}/{add('ada')}/img")
    assert (answer.status_code, answer.json()["code"]) == (404, 44)
    assert "keep_crops" in answer.json()["message"]


def test_kept_crops_are_shown_also_by_a_key_in_the_path(
    client: TestClient, services: Services, add: Add
) -> None:
    services.gallery.collection("default", model="fake-1", dim=32, keep_crops=True)
    image = add("ada")
    _, token = services.keys.create("shop", [Scope.ENROL])
    shown = client.get(f"{FACES}/{image}/img", headers={"x-api-key": token})
    assert shown.headers["content-type"] == "image/png"
    assert decode(shown.content).shape == (112, 112, 3)
    del client.headers["x-api-key"]
    assert client.get(f"/api/v1/static/{token}/images/{image}").content == shown.content
    wrong = client.get(f"/api/v1/static/{token}x/images/{image}")
    assert (wrong.status_code, wrong.json()["code"]) == (401, 10)
    assert token not in wrong.text
