import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sighted import START, entered, later
from visavis.errors import InputError, TamperedTemplate, UnknownSubject
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.sighting import Kind, Sighted
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

Draw = Callable[[], Embedding]
PICTURE = np.random.default_rng(1).integers(0, 256, (24, 20, 3), np.uint8)


@pytest.fixture
def people(people: Collection, draw: Draw) -> Collection:
    for name in ("ada", "ben"):
        people.enrol(name, [draw()], qualities=[1])
    return people


def kinds(people: Collection) -> list[tuple[str, str | None]]:
    return [(event.told.kind, event.told.subject) for event in people.sightings.events()]


def test_an_event_comes_back_as_it_was_told(people: Collection) -> None:
    one = entered("ada", rate=0.001, live=True, quality=0.75, shot=PICTURE)
    two = entered(None, 1, score=None)
    seqs = people.sightings.note([one, two])
    assert seqs == (1, 2)
    first, second = people.sightings.events()
    assert (first.seq, first.told, first.has_shot) == (1, one, True)
    assert (second.seq, second.told, second.has_shot) == (2, two, False)
    assert people.sightings.events(after=1) == [second]
    assert people.sightings.events(limit=1) == [first]
    assert people.sightings.note([]) == ()
    with pytest.raises(InputError, match="1 or more"):
        people.sightings.events(limit=0)


def test_numbers_rise_over_collections_and_are_not_used_again(
    gallery: Gallery, people: Collection
) -> None:
    others = gallery.collection("others", model="m", dim=128)
    assert people.sightings.note([entered("ada")]) == (1,)
    assert others.sightings.note([entered(None)]) == (2,)
    assert people.sightings.purge(datetime.now(UTC)).events == 1
    assert people.sightings.note([entered("ada")]) == (3,)
    assert [event.seq for event in others.sightings.events()] == [2]
    assert people.sightings.last() == others.sightings.last() == 3


def test_a_sighting_from_first_to_last(people: Collection) -> None:
    first = entered("ada")
    people.sightings.note([first, entered("ben", 1, camera="yard"), entered(None, 2)])
    people.sightings.note([later(first, Kind.LEFT, 9)])
    unknown, ben, ada = people.sightings.sightings()
    assert ada.id == first.sighting
    assert ada.kinds == {Kind.ENTERED, Kind.LEFT}
    assert (ada.latest.first_seen, ada.latest.score) == (START, 0.6)
    assert people.sightings.sightings(limit=2) == [unknown, ben]
    assert people.sightings.sightings(before=ben.number) == [ada]
    assert people.sightings.sightings(camera="yard") == [ben]
    assert people.sightings.sightings(subject="ada") == [ada]
    assert people.sightings.sightings(since=START + timedelta(seconds=5)) == [ada]
    with pytest.raises(UnknownSubject):
        people.sightings.sightings(subject="nobody")


def test_somebody_unknown_who_is_named_later_is_sealed_anew(people: Collection) -> None:
    first = entered(None, shot=PICTURE)
    people.sightings.note([first, later(first, Kind.UNKNOWN, 1)])
    people.sightings.note([later(first, Kind.IDENTIFIED, 2, subject="ada")])
    assert kinds(people) == [("entered", "ada"), ("unknown", "ada"), ("identified", "ada")]
    shot = people.sightings.shot(first.sighting)
    assert shot is not None
    assert np.array_equal(shot, PICTURE)
    people.forget("ada")
    assert (kinds(people), people.sightings.sightings()) == ([], [])


def test_the_subject_is_told_by_its_present_id(people: Collection) -> None:
    first = entered("ada")
    people.sightings.note([first, entered("ben")])
    people.rename("ada", "eve")
    assert kinds(people) == [("entered", "eve"), ("entered", "ben")]
    people.sightings.note([later(first, Kind.LEFT, 3)])  # of the id that it had
    assert kinds(people)[-1] == ("left", "eve")
    people.merge("eve", "ben")
    assert {subject for _, subject in kinds(people)} == {"ben"}
    assert len(people.sightings.sightings(subject="ben")) == 2


def test_forgetting_takes_what_came_by_a_merge_and_its_keys(
    gallery: Gallery, people: Collection
) -> None:
    people.sightings.note([entered("ada", shot=PICTURE), entered("ben"), entered(None)])
    people.merge("ada", "ben")
    assert people.forget("ben").keys_destroyed == 2
    assert kinds(people) == [("entered", None)]
    assert gallery.orphans() == []
    assert len(gallery.keys.owners()) == 2  # the gallery's and the collection's


def test_a_merged_key_stays_while_it_seals_sightings(gallery: Gallery, people: Collection) -> None:
    people.sightings.note([entered("ada", shot=PICTURE)])
    template = people.templates("ada")[0].id
    people.merge("ada", "ben")
    people.remove_template("ben", template)
    assert kinds(people) == [("entered", "ben")]
    assert gallery.orphans() == []
    people.sightings.purge(datetime.now(UTC))
    assert len(gallery.keys.owners()) == 3  # ben's is left, and that of ada is gone
    assert people.subject("ben").templates == 1


def test_nothing_of_somebody_forgotten_comes_back(people: Collection) -> None:
    first, unknown = entered("ada"), entered(None)
    people.sightings.note([first, unknown])
    people.forget("ada")
    told = [later(first, Kind.LEFT, 1), entered("ada", 2), later(unknown, Kind.LEFT, 3)]
    gone = later(unknown, Kind.IDENTIFIED, 2, subject="ada")
    assert people.sightings.note([*told[:2], gone, told[2]]) == (None, None, None, 6)
    assert kinds(people) == [("entered", None), ("left", None)]


def test_rows_whose_key_is_gone_are_orphans(gallery: Gallery, people: Collection) -> None:
    people.sightings.note([entered("ada"), entered("ada", 1), entered("ben", 2)])
    people.merge("ada", "ben")
    with people.desk.store.read() as c:
        row = people.desk.find(c, "ben")
        (owner,) = people.desk.profile(people.desk.key(row), row).merged
    gallery.keys.destroy([owner])
    assert [event.seq for event in people.sightings.events(limit=1)] == [3]
    assert len(people.sightings.sightings(limit=3)) == 1
    assert [(o.owner, o.templates) for o in gallery.orphans()] == [(owner, 1)]
    assert gallery.clear_orphans() == (1, 0)
    with people.desk.store.read() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM sightings").scalar() == 1
    assert gallery.orphans() == []


def test_an_orphan_may_be_sightings_alone(gallery: Gallery, people: Collection) -> None:
    people.sightings.note([entered("ada")])
    template = people.templates("ada")[0].id
    people.merge("ada", "ben")
    people.remove_template("ben", template)
    with people.desk.store.read() as c:
        (owner,) = people.desk.open(c, "ben")[2].merged
    gallery.keys.destroy([owner])
    assert [(o.owner, o.templates) for o in gallery.orphans()] == [(owner, 0)]
    assert gallery.clear_orphans() == (1, 0)
    assert people.sightings.events() == []


def test_reading_a_shot_is_audited(gallery: Gallery, people: Collection) -> None:
    first, other = entered("ada", shot=PICTURE), entered("ada", 1)
    people.sightings.note([first, other])
    people.merge("ada", "ben")
    assert people.sightings.shot(first.sighting, {"request": "r"}) is not None
    assert people.sightings.shot(other.sighting) is None
    record = gallery.audit_tail(1)[0]
    assert (record.action, record.subject) == ("sighting_shot", people.pseudonym("ben"))
    assert record.details == {"request": "r", "sighting": first.sighting}
    with pytest.raises(UnknownSubject):
        people.sightings.shot("0" * 32)


def test_retention_removes_what_is_old(gallery: Gallery, people: Collection) -> None:
    people.sightings.note([entered("ada", shot=PICTURE), entered(None, 1), entered("ben", 10)])
    before = len(gallery.audit_tail(100))
    assert people.sightings.purge(START) == (0, 0)
    assert len(gallery.audit_tail(100)) == before
    assert people.sightings.purge(START + timedelta(seconds=5), {"by": "cron"}) == (2, 2)
    assert kinds(people) == [("entered", "ben")]
    record = gallery.audit_tail(1)[0]
    assert record.details == {"by": "cron", "sightings": 2, "events": 2}
    assert "ada" in people


def test_receivers_go_on_where_they_were(home: Path, keyring: Keyring, people: Collection) -> None:
    people.sightings.note([entered("ada"), entered("ben")])
    assert people.sightings.cursor("hook") is None
    people.sightings.delivered("hook", 2)
    people.sightings.delivered("hook", 1)  # told late
    assert people.sightings.cursor("hook") == 2
    with pytest.raises(InputError, match="0 to 2"):
        people.sightings.delivered("hook", 3)
    with Gallery(home, keyring) as again:
        assert again.open_collection("people").sightings.cursor("hook") == 2
    people.sightings.drop_receiver("hook")
    assert people.sightings.cursor("hook") is None


def test_sightings_that_nothing_ended_are_ended(people: Collection) -> None:
    open_, done, other = entered("ada"), entered("ben"), entered(None, camera="yard")
    people.sightings.note([open_, done, other, later(done, Kind.LEFT, 1)])
    at = START + timedelta(minutes=1)
    assert people.sightings.end("door", at) == (5,)
    told = people.sightings.events(after=4)[0].told
    assert (told.kind, told.sighting, told.at) == (Kind.LEFT, open_.sighting, at)
    assert told.last_seen == START
    assert people.sightings.end("door", at) == ()


def test_a_restored_gallery_gives_no_number_twice(
    gallery: Gallery, people: Collection, keyring: Keyring, tmp_path: Path
) -> None:
    people.sightings.note([entered("ada"), entered("ben")])
    people.sightings.delivered("hook", 1)
    gallery.backup(tmp_path / "backup", with_keys=True)
    people.sightings.note([entered("ada")])
    Gallery.restore(tmp_path / "backup", tmp_path / "again", keyring)
    with Gallery(tmp_path / "again", keyring) as again:
        restored = again.open_collection("people").sightings
        assert [event.told.subject for event in restored.events()] == ["ada", "ben"]
        assert restored.cursor("hook") == 1
        assert (restored.note([entered("ada")])[0] or 0) > 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sightings SET subject = NULL WHERE id = 1",
        "UPDATE sightings SET subject = (SELECT subject FROM sightings WHERE id = 2) WHERE id = 1",
        "UPDATE sighting_events SET sighting = 3 WHERE seq = 1",
        "UPDATE sighting_events SET seq = 9 WHERE seq = 1",
        "UPDATE sightings SET uid = '00000000000000000000000000000000' WHERE id = 1",
    ],
)
def test_a_row_that_was_moved_does_not_open(people: Collection, change: str) -> None:
    people.sightings.note([entered("ada"), entered("ben"), entered("ada")])
    with people.desk.store.write() as c:
        c.exec_driver_sql(change)
    with pytest.raises(TamperedTemplate):
        people.sightings.events()


def test_no_plain_text_is_stored(home: Path, people: Collection) -> None:
    people.sightings.note([entered("ada", camera="the back door", shot=PICTURE)])
    files = b"".join(path.read_bytes() for path in home.iterdir())
    for text in (b"back door", b"entered", b"threshold", PICTURE.tobytes()[:16]):
        assert text not in files
    with people.desk.store.read() as c:
        blobs = [
            bytes(blob)
            for table in ("sightings", "sighting_events", "shots")
            for blob in c.exec_driver_sql(f"SELECT sealed FROM {table}").scalars()
        ]
    assert len(blobs) == 3
    assert all(blob[:40] in files for blob in blobs)
    people.forget("ada")
    files = b"".join(path.read_bytes() for path in home.iterdir())
    assert not any(blob[i : i + 16] in files for blob in blobs for i in range(0, len(blob), 16))


def test_a_deleted_collection_has_no_sightings(gallery: Gallery, people: Collection) -> None:
    gallery.delete_collection("people")
    calls: list[Callable[[], object]] = [
        lambda: people.sightings.note([entered(None)]),
        lambda: people.sightings.end("door", START),
        people.sightings.events,
        people.sightings.sightings,
        people.sightings.last,
        lambda: people.sightings.shot("0" * 32),
        lambda: people.sightings.purge(START),
        lambda: people.sightings.cursor("hook"),
        lambda: people.sightings.delivered("hook", 0),
        lambda: people.sightings.drop_receiver("hook"),
    ]
    for call in calls:
        with pytest.raises(UnknownSubject):
            call()


def test_an_event_checks_itself() -> None:
    with pytest.raises(InputError, match="hexadecimal"):
        entered("ada", sighting="x")
    with pytest.raises(InputError, match="camera"):
        entered("ada", camera="")
    with pytest.raises(InputError, match="last_seen"):
        entered("ada", last_seen=START - timedelta(seconds=1))
    with pytest.raises(InputError, match="zone"):
        entered("ada", at=datetime(2026, 1, 1))


WRITER = """
import sys
from pathlib import Path
from sighted import Kind, entered, later
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring

people = Gallery(Path(sys.argv[1]), Keyring([bytes(range(32))])).open_collection("people")
for i in range(100_000):
    first = entered("ada" if i % 2 else None, i)
    seqs = people.sightings.note([first, later(first, Kind.LEFT, i + 1)])
    print(*seqs, first.sighting, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_was_acknowledged_survives_a_kill(
    home: Path, keyring: Keyring, people: Collection
) -> None:
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {tests!r})\n{WRITER}"]
    process = subprocess.Popen([*command, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(12)]
    process.send_signal(signal.SIGKILL)
    with process:
        lines += process.stdout
    told: dict[int, Sighted] = {e.seq: e.told for e in people.sightings.events(limit=100_000)}
    assert len(told) % 2 == 0  # a transaction is there whole, or not at all
    for line in (line for line in lines if line.endswith("\n")):
        first, last, sighting = line.split()
        assert (told[int(first)].kind, told[int(last)].kind) == (Kind.ENTERED, Kind.LEFT)
        assert told[int(last)].sighting == sighting
    with Gallery(home, keyring) as again:
        assert len(again.open_collection("people").sightings.events(limit=100_000)) == len(told)


def test_one_sighting_is_found_by_its_id(people: Collection) -> None:
    one, two = entered("ada"), entered(None, 1, score=None)
    people.sightings.note([one, two])
    assert people.sightings.get(two.sighting).latest == two
    assert people.sightings.get(one.sighting).latest.subject == "ada"
    with pytest.raises(UnknownSubject, match="no sighting"):
        people.sightings.get("f" * 32)
    people.forget("ada")
    with pytest.raises(UnknownSubject, match="no sighting"):
        people.sightings.get(one.sighting)
