"""The report on a set of pictures."""

from visavis.evaluate.explore import Exploration
from visavis.evaluate.pages import census, suspects
from visavis.evaluate.pages.figures import count, number, share
from visavis.report.document import Provenance, Report, Section, plain
from visavis.report.words import literal


def page(found: Exploration, provenance: Provenance) -> Report:
    """Counts, balance, quality, duplicates, suspect labels, leakage and maps of a set."""
    name = found.embedded.dataset.name
    return Report(
        slug="dataset",
        title=f"Data set: {name}",
        lead=lead(found),
        sections=sections(found),
        provenance=provenance,
        results=plain(found.findings()),
    )


def sections(found: Exploration) -> tuple[Section, ...]:
    """Those sections that the set has something for."""
    made = [census.contents(found)]
    if found.identities.people:
        made.append(census.people(found))
    if found.values:
        made.append(census.attributes(found))
    made += [census.pictures(found), suspects.duplicates(found)]
    if found.outliers and found.look_alikes:
        made.append(suspects.labels(found.outliers, found.look_alikes))
    if found.leakage:
        made.append(suspects.leakage(found.leakage))
    return (*made, suspects.maps(found))


def lead(found: Exploration) -> str:
    """The conclusion: size, faces found, what should be looked at before the set is used."""
    dataset, who = found.embedded.dataset, found.identities
    faces = int(found.embedded.usable.sum())
    of = f" of {count(who.people, 'identity', 'identities')}" if who.people else ""
    said = [
        f"{literal(dataset.name)} holds {count(len(dataset), 'picture')}{of}; a face was found in "
        f"{number(faces)} ({share(faces, len(dataset))}).",
        *([_uneven(found)] if found.values else []),
        _repeats(found),
        *([_labels(found)] if found.outliers else []),
        *([_overlap(found)] if found.leakage else []),
    ]
    return " ".join(said)


def _uneven(found: Exploration) -> str:
    """The attribute whose largest and smallest values lie furthest apart."""
    ratios = {
        name: max(v.pictures for v in values) / min(v.pictures for v in values)
        for name, values in found.values.items()
    }
    name = max(ratios, key=lambda n: ratios[n])
    if ratios[name] < 1.05:
        return "Its attributes are even."
    return (
        f"The most uneven of its attributes is {literal(name)}: the largest value has "
        f"{number(round(ratios[name], 1))} times the pictures of the smallest."
    )


def _repeats(found: Exploration) -> str:
    made = found.duplicates
    if not made.groups:
        return "No picture repeats another."
    across = (
        f", and {count(len(made.across), 'photograph')} stand under more than one identity"
        if made.across
        else ""
    )
    few = "picture repeats" if made.extra == 1 else "pictures repeat"
    return f"{number(made.extra)} {few} another{across}."


def _labels(found: Exploration) -> str:
    if found.outliers is None or found.look_alikes is None:
        return ""
    unlike, doubles = found.outliers.unlike, found.look_alikes.similar_people
    return (
        f"Look first at {count(unlike, 'picture')} unlike the rest of their identity and at "
        f"{count(doubles, 'pair')} of identities that look like one person: suspects, not verdicts."
    )


def _overlap(found: Exploration) -> str:
    if found.leakage is None:
        return ""
    other = literal(found.leakage.second)
    if not found.leakage.found:
        return f"Nothing says that it overlaps with {other}."
    return (
        f"It overlaps with {other}: {count(found.leakage.pictures, 'shared picture')}, "
        f"{count(found.leakage.doubles_total, 'pair')} of people who look alike."
    )
