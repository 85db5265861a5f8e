"""models: list, show, pull, verify."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from visavis.cli.console import answer, facts, progress, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.run import Exit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.models.catalogue import ModelCard
    from visavis.models.weights import Weights
    from visavis.settings import Settings

app = typer.Typer(no_args_is_help=True)
Model: TypeAlias = Annotated[str, typer.Argument(metavar="MODEL", help="Id of the model.")]
Models: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODELS]...", help="Ids; without any, the models in use."),
]
AcceptOption: TypeAlias = Annotated[
    bool,
    typer.Option("--accept-non-commercial", help="I keep to the terms of non-commercial weights."),
]


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a model's file is on this machine: `here`, `absent`, or an error's code."""

    card: "ModelCard"
    state: str
    path: Path | None = None
    problem: str = ""


@app.command("list", epilog=examples("visavis models list"))
def list_(as_json: JsonOption = False) -> None:
    """List the known models: the licence of the file, and what it was trained on.

    A permissive licence of the file does not clear the pictures that a model was
    trained on: they have terms of their own.
    """
    from visavis.embed.fusion import parse
    from visavis.models.catalogue import CATALOGUE
    from visavis.settings import Settings

    settings = Settings.load()
    found = [_presence(card, settings) for card in CATALOGUE]
    used = {settings.detector, *(part.model for part in parse(settings.embedder))}
    answer(
        as_json,
        {"models": [_document(p) | {"in_use": p.card.id in used} for p in found]},
        lambda: _list(found, used),
    )


@app.command(epilog=examples("visavis models show sface-2021dec-int8bq"))
def show(model: Model, as_json: JsonOption = False) -> None:
    """Show all that is known about a model."""
    from visavis.models.catalogue import card
    from visavis.settings import Settings

    found = _presence(card(model), Settings.load())
    answer(as_json, _document(found), lambda: _show(found))


@app.command(
    epilog=examples("visavis models pull", "visavis models pull sface-2021dec --no-progress")
)
def pull(
    models: Models = None,
    bar: Annotated[bool, typer.Option("--progress/--no-progress", help="Show a bar.")] = True,
    accept_non_commercial: AcceptOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch the files of models that are not on this machine yet, and check them."""
    from visavis.build import build_weights
    from visavis.settings import Settings

    settings = Settings.load(accept_non_commercial=accept_non_commercial or None)
    weights = build_weights(settings)
    found = [_pull(weights, card, bar) for card in _cards(models, settings)]
    answer(as_json, {"models": [_document(p) for p in found]}, lambda: _paths(found))


def _pull(weights: "Weights", card: "ModelCard", bar: bool) -> Presence:
    if not bar:
        return Presence(card, "here", weights.pull(card))
    with progress(card.id, card.bytes, unit="bytes") as advance:
        return Presence(card, "here", weights.pull(card, advance))


@app.command(epilog=examples("visavis models verify", "visavis models verify mobilefacenet"))
def verify(models: Models = None, as_json: JsonOption = False) -> None:
    """Check that the files of models are on this machine and have the right SHA-256.

    Exit code 3: one is missing or wrong.
    """
    from visavis.settings import Settings

    settings = Settings.load()
    found = [_presence(card, settings) for card in _cards(models, settings)]
    answer(as_json, {"models": [_document(p) for p in found]}, lambda: _paths(found))
    raise typer.Exit(Exit.YES if all(p.state == "here" for p in found) else Exit.SYSTEM)


def _cards(models: Sequence[str] | None, settings: "Settings") -> list["ModelCard"]:
    from visavis.build import cards_of
    from visavis.models.catalogue import card

    return [card(name) for name in models] if models else list(cards_of(settings))


def _presence(card: "ModelCard", settings: "Settings") -> Presence:
    from visavis.build import build_weights
    from visavis.errors import ModelError

    try:
        path = build_weights(settings).find(card)
    except ModelError as error:
        return Presence(card, error.code, problem=str(error))
    return Presence(card, "absent" if path is None else "here", path)


def _document(found: Presence) -> dict[str, Any]:
    card = found.card
    return {
        "id": card.id,
        "task": card.task,
        "description": card.description,
        "licence": card.licence,
        "training_data": [{"name": t.name, "terms": t.terms} for t in card.training_data],
        "limits": card.limits,
        "source": card.source,
        "file": card.file,
        "bytes": card.bytes,
        "sha256": card.sha256,
        "dim": card.dim,
        "state": found.state,
        "path": found.path,
        "problem": found.problem or None,
    }


def _list(found: Sequence[Presence], used: set[str]) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from visavis.cli.words import size

    rows = table("model", "task", "size", "file licence", "trained on", "here", right=("size",))
    for one in found:
        card = one.card
        rows.add_row(
            Text(card.id, style="bold" if card.id in used else ""),
            card.task,
            size(card.bytes),
            card.licence,
            ", ".join(t.name for t in card.training_data) or "not published",
            _state(one),
        )
    hint = "bold: in use; training data have terms of their own: visavis models show MODEL"
    return Group(rows, Text(hint, style="dim"))


def _state(found: Presence) -> "RenderableType":
    from rich.text import Text

    from visavis.cli.console import marked

    match found.state:
        case "here":
            return Text(marked("✓"), style="green")
        case "absent":
            return Text(marked("·"), style="dim")
        case code:
            return Text(f"{marked('✗')} {code}", style="red")


def _show(found: Presence) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from visavis.cli.words import size, text
    from visavis.models.calibration import table as calibration

    card = found.card
    rows: dict[str, RenderableType] = {
        "task": card.task,
        "file": f"{card.file}, {size(card.bytes)}",
        "sha256": card.sha256,
        "licence of the file": card.licence,
        "trained on": "\n".join(f"{t.name}: {t.terms}" for t in card.training_data),
        "limits": card.limits,
        "source": card.source,
        "embedding": "" if card.dim is None else f"{card.dim} numbers",
        "calibrated on": known.dataset if (known := calibration(card.table or card.id)) else "",
        "to have it": card.obtain,
        "here": text(found.path or found.problem or "no: visavis models pull " + card.id),
    }
    return Group(Text(card.id, style="bold"), Text(card.description, style="dim"), "", facts(rows))


def _paths(found: Sequence[Presence]) -> "RenderableType":
    from visavis.cli.words import text

    rows = table("", "model", "file")
    for one in found:
        where = one.path or one.problem or f"not on this machine: visavis models pull {one.card.id}"
        rows.add_row(_state(one), one.card.id, text(where))
    return rows
