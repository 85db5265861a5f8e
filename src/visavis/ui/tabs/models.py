"""What the service decides by: models with their terms, thresholds by error rate, liveness."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import gradio as gr

from visavis.client.about import Calibration, Model, Policy, calibration, models, policy
from visavis.client.operation import Fields, Operation, path
from visavis.errors import NotMeasured, VisavisError
from visavis.policy import Calibration as Table
from visavis.ui import cards, words
from visavis.ui.desk import QUIET, Desk
from visavis.ui.session import Ask

_LIVE_RATES: Final = (0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Combination:
    """Liveness checks that answer together; `points` are (threshold, bpcer, apcer)."""

    checks: tuple[str, ...]
    threshold: float | None
    points: tuple[tuple[float, float, float], ...]

    @classmethod
    def of(cls, found: Fields) -> Self:
        points = ((p["threshold"], p["bpcer"], p["apcer"]) for p in found["points"])
        return cls(tuple(found["checks"]), found["threshold"], tuple(points))


def liveness_table() -> Operation[tuple[Combination, ...]]:
    """How often the liveness checks err; empty where nothing was measured of them."""

    def read(found: Fields | None) -> tuple[Combination, ...]:
        return tuple(map(Combination.of, found["combinations"])) if found else ()

    return Operation("GET", path("models", "liveness"), read)


def models_tab(desk: Desk, tab: gr.Tab) -> None:
    """Draws the tab."""
    slider = gr.Slider(
        2,
        6,
        4,
        step=0.1,
        label="False-match rate: pairs of strangers that would pass as one person",
        buttons=[],
        elem_id="models-rate",
        elem_classes=["vv-rate-slider"],
    )
    told = gr.HTML(apply_default_css=False, elem_id="models-threshold")
    listing = gr.HTML(apply_default_css=False, elem_id="models-list")
    slider.input(desk.handler(threshold_at), slider, told, trigger_mode="always_last", **QUIET)
    tab.select(desk.handler(threshold_at), slider, told, **QUIET)
    tab.select(desk.handler(everything), None, listing, **QUIET)


async def threshold_at(ask: Ask, exponent: float) -> str:
    """The threshold at a rate of 10 to the minus `exponent`, and what both mean."""
    try:
        found, set_to = await ask(calibration()), await ask(policy())
        return _threshold(found, set_to, 10 ** -float(exponent))
    except VisavisError as error:
        return cards.failure(error)


def _threshold(found: Calibration, set_to: Policy, rate: float) -> cards.Safe:
    try:
        at = _table(found).threshold(rate)
    except NotMeasured as error:
        return cards.notice(words.sentence(str(error)))
    low, high = at.interval or (None, None)
    interval = (
        f"another set of as many people shows {words.one_in(high)} to {words.one_in(low)} there, "
        "95 times in 100"
        if low and high
        else "how sure this is was not measured"
    )
    source = f"{found.pairs:,} pairs of {found.identities:,} people of {found.dataset}"
    beyond = (
        f"Beyond what was measured: from a tail fitted to {source}."
        if at.extrapolated
        else (f"Measured on {source}.")
    )
    facts = cards.facts(
        (
            ("Threshold", f"{at.score:.3f}"),
            ("Interval", words.sentence(interval)),
            ("Data", beyond),
            ("The service is set to", f"{words.one_in(set_to.fmr)} (not changed here)"),
        )
    )
    said = words.sentence(words.false_match(rate))
    return cards.verdict(words.one_in(rate), "quiet", said, facts)


def _table(found: Calibration) -> Table:
    whole = all(p.low is not None and p.high is not None for p in found.points)
    points: tuple[Any, ...] = tuple(
        (p.fmr, p.threshold, p.low, p.high) if whole else (p.fmr, p.threshold) for p in found.points
    )
    return Table(points, found.dataset, found.pairs, found.identities, found.measured)


async def everything(ask: Ask) -> str:
    """The models that are loaded with their terms, and how often the liveness checks err."""
    try:
        loaded, checks = await ask(models()), await ask(liveness_table())
    except VisavisError as error:
        return cards.failure(error)
    return cards.joined((_liveness(checks), *map(_model, loaded)))


def _model(model: Model) -> cards.Safe:
    trained = "; ".join(f"{name} ({terms})" for name, terms in model.training_data) or "not stated"
    facts = cards.facts(
        (
            ("Licence of the file", model.licence),
            ("Trained on", trained),
            ("Source", model.source),
            ("Limits", model.limits),
            ("File", f"{model.bytes / 1e6:.1f} MB, SHA-256 {model.sha256[:16]}…"),
        )
    )
    title = cards.tag("div", cards.tag("b", model.id), cards.badge(model.task), look="vv-row")
    said = cards.tag("p", model.description, look="vv-said")
    return cards.tag("section", title, said, facts, look="vv-card")


def _liveness(combinations: Sequence[Combination]) -> cards.Safe:
    if not combinations:
        return cards.notice("Nothing was measured of the liveness checks that are loaded.", "quiet")
    rows = []
    for one in combinations:
        name = " + ".join(one.checks)
        passing = [_percent(_attacks(one, rate)) for rate in _LIVE_RATES]
        limit = "–" if one.threshold is None else f"{one.threshold:.2f}"
        rows.append((cards.tag("code", name), limit, *passing))
    columns = ("Checks", "Threshold", *(f"{rate:.0%} of live refused" for rate in _LIVE_RATES))
    title = cards.tag("h3", "Liveness: attacks of the worst kind that pass")
    return cards.tag("section", title, cards.table(columns, rows), look="vv-card")


def _attacks(one: Combination, bpcer: float) -> float | None:
    """The share of attacks that pass where no more live people than this are refused."""
    return min((apcer for _, refused, apcer in one.points if refused <= bpcer), default=None)


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate * 100:.3g} %"
