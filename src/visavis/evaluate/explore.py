"""Everything that is looked at in a set of pictures, before anybody trains or tests on it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from visavis.datasets.records import PadSet
from visavis.evaluate.balance import (
    CrossTable,
    Identities,
    Value,
    attributes_of,
    cross_tables,
    identities_of,
    values_of,
)
from visavis.evaluate.duplicates import Duplicates, find_duplicates
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.embedding_map import EmbeddingMap, pca_map, tsne_map
from visavis.evaluate.files import Files
from visavis.evaluate.leakage import Leakage, find_leakage
from visavis.evaluate.lookalikes import LookAlikes, find_look_alikes
from visavis.evaluate.outliers import Outliers, find_outliers
from visavis.evaluate.pad_data import PadFindings, examine
from visavis.policy import Calibration, QualityLimits
from visavis.types import Quality

FILE_MEASURES: Final = ("bytes", "width", "height", "jpeg_quality", "brightness")
FACE_MEASURES: Final = (
    "score",
    "size",
    "sharpness",
    "brightness",
    "contrast",
    "yaw",
    "pitch",
    "roll",
    "cut",
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Order statistics of the finite values; NaN where there are none."""

    count: int
    least: float
    low: float
    median: float
    high: float
    most: float

    @classmethod
    def of(cls, values: ArrayLike) -> "Spread":
        """Least, 5 %, median, 95 % and most."""
        flat = np.asarray(values, np.float64).ravel()
        flat = flat[np.isfinite(flat)]
        if not flat.size:
            return cls(0, *[float("nan")] * 5)
        return cls(flat.size, *np.percentile(flat, (0, 5, 50, 95, 100)).tolist())


@dataclass(frozen=True, slots=True)
class Exploration:
    """A set of pictures as it was found. `outliers` and `look_alikes` are None without people.

    `values` by attribute; `failures`: codes of pictures without a face, with their counts;
    `unfit`: reasons for which the default quality limits would refuse a face that was found.
    """

    embedded: Embedded
    files: Files
    identities: Identities
    values: Mapping[str, tuple[Value, ...]]
    crosses: tuple[CrossTable, ...]
    failures: Mapping[str, int]
    unfit: Mapping[str, int]
    duplicates: Duplicates
    outliers: Outliers | None
    look_alikes: LookAlikes | None
    maps: tuple[EmbeddingMap, ...]
    leakage: Leakage | None = None
    pad: PadFindings | None = None

    def findings(self) -> dict[str, Any]:
        """What was found, without a value for every picture: what reports keep."""
        dataset, embedded = self.embedded.dataset, self.embedded
        return {
            "dataset": dataset.name,
            "system": embedded.system,
            "notes": dataset.notes,
            "pictures": len(dataset),
            "faces": int(embedded.usable.sum()),
            "failures": self.failures,
            "unfit": self.unfit,
            "formats": dict(Counter(kind for kind in self.files.kinds if kind)),
            "grey": int(np.nansum(self.files.measure("grey"))),
            "files": {name: Spread.of(self.files.measure(name)) for name in FILE_MEASURES},
            "quality": {name: Spread.of(embedded.measure(name)) for name in FACE_MEASURES},
            "identities": self.identities,
            "attributes": self.values,
            "crosses": self.crosses,
            "duplicates": self.duplicates,
            "outliers": self.outliers,
            "look_alikes": self.look_alikes,
            "variance_in_plane": self.maps[0].explained,
            "leakage": self.leakage,
            "pad": self.pad,
        }


def explore(
    embedded: Embedded,
    files: Files,
    calibration: Calibration,
    *,
    against: tuple[Embedded, Files] | None = None,
    pad: PadSet | None = None,
    fmr: float = 1e-6,
    tsne: bool = True,
) -> Exploration:
    """Explores a set; `against` a second one for leakage, as `pad` for shortcuts to the label.

    `fmr` is that of the threshold above which two people look alike. Raises MissingExtra without
    the extra `evaluate`.
    """
    dataset = embedded.dataset
    people = identities_of(dataset)
    labelled = people.people > 1
    duplicates = find_duplicates(embedded, files)
    names = attributes_of(dataset)
    return Exploration(
        embedded=embedded,
        files=files,
        identities=people,
        values={name: values_of(embedded, name) for name in names},
        crosses=cross_tables(dataset),
        failures=dict(Counter(embedded.errors.values())),
        unfit=_unfit(embedded),
        duplicates=duplicates,
        outliers=find_outliers(embedded, calibration) if labelled else None,
        look_alikes=find_look_alikes(embedded, calibration, fmr=fmr) if labelled else None,
        maps=(pca_map(embedded), *((tsne_map(embedded),) if tsne else ())),
        leakage=find_leakage(embedded, files, *against, calibration, fmr=fmr) if against else None,
        pad=examine(pad, embedded, files, duplicates) if pad else None,
    )


def _unfit(embedded: Embedded) -> dict[str, int]:
    limits = QualityLimits()
    faces = (Quality(*row) for row in embedded.quality[embedded.usable].tolist())
    return dict(Counter(str(reason) for face in faces for reason in limits.reasons(face)))
