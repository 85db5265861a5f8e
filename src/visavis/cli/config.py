"""config show: what is set, to what, and by whom."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from visavis.cli.console import answer, table
from visavis.cli.options import CollectionOption, GalleryOption, JsonOption, examples

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.settings import Settings

app = typer.Typer(no_args_is_help=True)
MASK = "********"
_TABLES = ("limits", "service")
"""Settings that are tables of their own in config.toml."""


@app.callback()
def config() -> None:
    """Settings."""


@app.command(epilog=examples("visavis config show", "VISAVIS_FMR=1e-5 visavis config show --json"))
def show(
    gallery: GalleryOption = None,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every setting, its value and where that comes from; secrets are masked.

    Precedence: option, then environment (VISAVIS_…), then config.toml, then default.
    """
    from visavis.settings import Settings, config_file

    flags = {"gallery": gallery, "collection": collection}
    settings = Settings.load(**flags)
    origins = _origins(settings, flags)
    values = _values(settings)
    path = config_file()
    answer(
        as_json,
        {
            "config_file": path,
            "config_file_exists": path.is_file(),
            "settings": {n: {"value": v, "from": origins[n]} for n, v in values.items()},
        },
        lambda: _view(values, origins, f"{path}{'' if path.is_file() else ' (not there)'}"),
    )


def _values(settings: "Settings") -> dict[str, Any]:
    """All settings as plain values; of a command only the program, as arguments may be secret."""
    values = settings.model_dump(mode="json")
    if settings.master_key is not None:
        values["master_key"] = MASK
    if settings.master_key_command is not None:
        program, _, arguments = settings.master_key_command.strip().partition(" ")
        values["master_key_command"] = f"{program} {MASK}" if arguments else program
    values["keys"] = str(settings.key_store)
    for table_name in _TABLES:
        inside = values.pop(table_name)
        values |= {f"{table_name}.{name}": value for name, value in inside.items()}
    return values


def _origins(settings: "Settings", flags: Mapping[str, object]) -> dict[str, str]:
    """Who set each setting: option, environment, file or default."""
    environment = {name.upper() for name in os.environ}

    def origin(name: str) -> str:
        whole, _, part = name.partition(".")
        if flags.get(name) is not None:
            return "option"
        if {f"VISAVIS_{word.upper()}" for word in (whole, f"{whole}__{part}")} & environment:
            return "environment"
        return "file" if _was_set(settings, whole, part) else "default"

    return {name: origin(name) for name in _values(settings)}


def _was_set(settings: "Settings", name: str, part: str) -> bool:
    if not part:
        return name in settings.model_fields_set
    inside = getattr(settings, name)
    default = type(settings).model_fields[name].get_default(call_default_factory=True)
    return bool(getattr(inside, part) != getattr(default, part))


def _view(values: Mapping[str, Any], origins: Mapping[str, str], path: str) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from visavis.cli.words import text

    rows = table("setting", "value", "from")
    for name, value in values.items():
        own = origins[name] != "default"
        shown = (
            Text("not set", style="dim") if value is None else text(value, "bold" if own else "")
        )
        rows.add_row(name, shown, Text(origins[name], style="" if own else "dim"))
    return Group(rows, text(f"file: {path}", "dim"))
