"""Who appears when in films: parts put together, strangers told apart and numbered."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from visavis.video.appearances import Appearance, Part, Span
from visavis.video.cluster import cluster


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """A film that was gone through."""

    name: str
    parts: tuple[Part, ...]

    @property
    def span(self) -> Span:
        """When its first and its last frame are."""
        return self.parts[0].span[0], self.parts[-1].span[1]


@dataclass(frozen=True, slots=True)
class Presence:
    """When somebody is in a film: a subject, or the stranger with this number.

    Numbers are for all films together, from 1, who was found most often first. `score` is a
    subject's best; `share` the part of the film's time, 0..1.
    """

    film: str
    subject: str | None
    stranger: int | None
    stays: tuple[Span, ...]
    score: float | None
    share: float


def presences(films: Sequence[Filmed], threshold: float, gap: float) -> list[Presence]:
    """Film by film who is in it: subjects by their first moment, then strangers by number.

    Strangers are grouped at `threshold`, a cosine; absences up to `gap` seconds are none. Faces
    that nothing can be said of are left out: see `unclear`.
    """
    numbers = _strangers(films, threshold)
    return [one for film in films for one in _film(film, numbers, gap)]


def unclear(film: Filmed) -> int:
    """How many faces are no subject and no stranger: too bad to tell, ambiguous, not live."""
    return sum(
        a.subject is None and a.decision != "unknown" for p in film.parts for a in p.appearances
    )


def _strangers(films: Sequence[Filmed], threshold: float) -> dict[int, int]:
    """The number of each stranger's appearances, by their identity as objects."""
    found: list[Appearance] = []
    apart: list[tuple[int, int]] = []
    for part in (part for film in films for part in film.parts):
        start = len(found)
        found += [a for a in part.appearances if a.decision == "unknown"]
        apart += together(found, range(start, len(found)))
    groups = cluster([a.embedding for a in found], threshold, apart, [len(a.frames) for a in found])
    return {id(a): int(group) + 1 for a, group in zip(found, groups, strict=True)}


def together(found: Sequence[Appearance], places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Which of these appearances of one film were seen in one frame."""
    frames = {place: frozenset(found[place].frames) for place in places}
    for a, b in itertools.combinations(frames, 2):
        if not frames[a].isdisjoint(frames[b]):
            yield a, b


def _film(film: Filmed, numbers: dict[int, int], gap: float) -> list[Presence]:
    people: dict[tuple[str | None, int | None], list[Appearance]] = {}
    for one in (a for part in film.parts for a in part.appearances):
        if one.subject is not None or id(one) in numbers:
            people.setdefault((one.subject, numbers.get(id(one))), []).append(one)
    first, last = film.span
    made = []
    for (subject, stranger), seen in people.items():
        stays = joined((span for one in seen for span in one.spans), gap)
        here = sum(end - begin for begin, end in stays)
        score = None if subject is None else max(one.score for one in seen)
        share = here / (last - first) if last > first else 1.0
        made.append(Presence(film.name, subject, stranger, stays, score, share))
    return sorted(made, key=lambda p: (p.stranger or 0, p.stays[0], p.subject or ""))


def joined(spans: Iterable[Span], gap: float) -> tuple[Span, ...]:
    """Spans in order, as few as there can be, where gaps up to `gap` are none."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)
