"""Sightings in the words that the page's script puts in place."""

from collections.abc import Mapping
from typing import Final

from visavis.client.sightings import Sighting
from visavis.ui.watched import Told

STRANGER: Final = "Stranger"
_GRAVEST: Final = ("bad", "warn", "good", "quiet")


def sighting_told(found: Sighting, names: Mapping[str, str]) -> Told:
    """A sighting for its line; moments are in ISO 8601, and the page says them in local time."""
    subject = found.subject
    marks = _marks(found)
    return {
        "id": found.id,
        "who": STRANGER if subject is None else names.get(subject, subject),
        "look": min((look for _, look in marks), key=_GRAVEST.index),
        "marks": marks,
        "camera": found.camera,
        "first": found.first_seen.isoformat(),
        "last": found.last_seen.isoformat(),
        "left": "left" in found.kinds,
        "score": _score(found),
        "shot": found.has_shot,
    }


def _marks(found: Sighting) -> list[tuple[str, str]]:
    """Words, and how each is to look; a suspicion is said first."""
    marks: list[tuple[str, str]] = []
    spoof = "spoof_suspected" in found.kinds
    if spoof:
        marks.append(("spoof suspected", "bad"))
    match found.subject, "unknown" in found.kinds:
        case None, True:
            marks.append(("unknown", "warn"))
        case None, False:
            marks.append(("not decided yet", "quiet"))
        case _:
            marks.append(("identified", "good"))
    if found.live is not None and not spoof:
        marks.append(("live", "good") if found.live else ("not live", "bad"))
    return marks


def _score(found: Sighting) -> str:
    if found.score is None:
        return ""
    return f"score {found.score:.2f}, threshold {found.threshold:.2f}"
