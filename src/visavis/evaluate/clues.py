"""How well a fact that has nothing to do with the face tells attacks from bona fide pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.extras import needs

_FOLDS: Final = 5
_RESAMPLES: Final = 300
_HELPS, _TELLS = 0.7, 0.9

Column: TypeAlias = NDArray[np.float64]
Classifier: TypeAlias = Literal["logistic regression", "gradient boosting"]


@dataclass(frozen=True, slots=True)
class Clue:
    """The area under the ROC of one clue: 1 where every attack has more of it than every bona fide
    picture, 0 where less, 0.5 where it tells nothing.

    `low` and `high` are its 95 % interval over resampled subjects. NaN where it cannot be told.
    """

    name: str
    auc: float
    low: float
    high: float

    @property
    def strength(self) -> float:
        """How far the clue alone separates, 0.5 to 1, whichever way it points."""
        return max(self.auc, 1 - self.auc)

    @property
    def sure(self) -> bool:
        """Whether 0.5 lies outside the interval."""
        return self.low > 0.5 or self.high < 0.5

    @property
    def tells(self) -> bool:
        """It gives the label away: a strength of 0.9 or more that is no accident of subjects."""
        return self.sure and self.strength >= _TELLS

    @property
    def helps(self) -> bool:
        """A model could lean on it: a strength of 0.7 or more that is no accident of subjects."""
        return self.sure and self.strength >= _HELPS


def clue(
    name: str,
    values: Column,
    attack: NDArray[np.bool_],
    subjects: NDArray[np.int64],
    *,
    resamples: int = _RESAMPLES,
    seed: int = 0,
) -> Clue:
    """A clue from one value a picture, all (N,); rows of NaN are left out.

    The interval is the percentile bootstrap over subjects, as pictures of one are not independent.
    """
    known = np.isfinite(values)
    values, attack, subjects = values[known], attack[known], subjects[known]
    whole = weighted_auc(values, attack, np.ones(len(values)))
    people = np.unique(subjects, return_inverse=True)[1]
    count = int(people.max(initial=-1)) + 1
    if not np.isfinite(whole) or count < 2:
        return Clue(name, whole, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(count, np.full(count, 1 / count), resamples)
    areas = [weighted_auc(values, attack, draw[people].astype(np.float64)) for draw in draws]
    low, high = np.nanpercentile(areas, (2.5, 97.5))
    return Clue(name, whole, float(low), float(high))


def weighted_auc(values: Column, attack: NDArray[np.bool_], weights: Column) -> float:
    """The chance that an attack's value is above a bona fide's, ties half; NaN without both."""
    place = np.unique(values, return_inverse=True)[1]
    attacks = np.bincount(place, weights * attack)
    others = np.bincount(place, weights * ~attack)
    pairs = attacks.sum() * others.sum()
    below = np.cumsum(others) - others / 2
    return float(attacks @ below / pairs) if pairs > 0 else float("nan")


def joint_clue(
    name: str,
    columns: Mapping[str, Column],
    labels: Mapping[str, Sequence[str]],
    attack: NDArray[np.bool_],
    subjects: NDArray[np.int64],
    classifier: Classifier = "logistic regression",
) -> Clue:
    """The clue that several facts are together: a classifier tested on unseen subjects.

    `columns` are numbers, `labels` categories. Scores come from five folds that no subject
    straddles (fewer where there are fewer subjects); NaN where a fold would lack a class.
    """
    features = np.column_stack([*columns.values(), *_one_hot(labels)])
    scores = _unseen_scores(features, attack, subjects, classifier)
    return clue(name, scores, attack, subjects)


def _one_hot(labels: Mapping[str, Sequence[str]]) -> list[Column]:
    made = []
    for values in labels.values():
        given = np.array(values, np.str_)
        made += [(given == value).astype(np.float64) for value in np.unique(given)]
    return made


def _unseen_scores(
    features: NDArray[np.float64],
    attack: NDArray[np.bool_],
    subjects: NDArray[np.int64],
    classifier: Classifier,
) -> Column:
    with needs("evaluate", "the search for shortcuts"):
        from sklearn.impute import SimpleImputer
        from sklearn.model_selection import StratifiedGroupKFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    nothing = np.full(len(attack), np.nan)
    sides = [len(np.unique(subjects[attack == side])) for side in (True, False)]
    if min(sides) < 2:
        return nothing
    scores = nothing.copy()
    for train, test in StratifiedGroupKFold(min(_FOLDS, *sides)).split(features, attack, subjects):
        if len(np.unique(attack[train])) < 2:
            return nothing
        model = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            StandardScaler(),
            _classifier(classifier),
        )
        scores[test] = model.fit(features[train], attack[train]).decision_function(features[test])
    return scores


def _classifier(name: Classifier) -> Any:
    """A fresh classifier of scikit-learn, the same at every call."""
    match name:
        case "logistic regression":
            from sklearn.linear_model import LogisticRegression

            return LogisticRegression(max_iter=2000)
        case "gradient boosting":
            from sklearn.ensemble import GradientBoostingClassifier

            return GradientBoostingClassifier(random_state=0)
