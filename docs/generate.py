"""Writes docs/reference/cli.md from the commands and api.md from the service's routes.

`--check` only says whether they are current.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from visavis.cli.app import app
from visavis.service.app import reference

FOLDER = Path(__file__).parent / "reference"
HEAD = """# Commands

Made by `make docs` from the commands' own help.
Exit codes: 0 match or done, 1 no match, 2 bad input, 3 system, 130 interrupted.
"""
API_HEAD = """# REST API

Made by `make docs` from the service's routes; `/openapi.json` of a running service has the types
and examples. How to call it: [the service](../guides/service.md). WebSockets: `/v1/live`,
`/v1/challenges/{id}/frames`.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    pages = {
        "cli.md": [HEAD, *_sections(get_command(app), "visavis")],
        "api.md": [API_HEAD, *_operations(reference())],
    }
    for name, parts in pages.items():
        page, text = FOLDER / name, "\n".join(parts)
        if not args.check:
            FOLDER.mkdir(exist_ok=True)
            page.write_text(text)
        elif not page.exists() or page.read_text() != text:
            sys.exit(f"{name} is out of date: run `make docs`")


def _operations(document: dict[str, Any]) -> Iterator[str]:
    """A table of the operations of each tag, with their parameters."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            words = " ".join(operation.get("description", operation["summary"]).split())
            asked = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
            query = f" `?{'=&'.join(asked)}=`" if asked else ""
            row = f"| `{method.upper()} {path}` | {words}{query} |"
            by_tag.setdefault(operation["tags"][0], []).append(row)
    for tag, rows in by_tag.items():
        yield "\n".join([f"## {tag}\n", "| operation | |", "|---|---|", *rows, ""])


def _sections(command: Any, name: str) -> Iterator[str]:
    """A section a command, groups before their members."""
    if subcommands := getattr(command, "commands", None):
        for word, subcommand in sorted(subcommands.items()):
            if not subcommand.hidden:
                yield from _sections(subcommand, f"{name} {word}")
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    words = " ".join([name, *(f"[{a.metavar or a.name.upper()}]" for a in arguments)])
    yield f"## {name}\n\n```\n{words}\n```\n\n{_plain(command.help)}\n"
    yield from (f"- `{_flags(o)}`: {_plain(o.help)}" for o in options if o.name != "help")
    yield f"\n{examples}\n" if (examples := _examples(command.epilog)) else ""


def _flags(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or 'VALUE'}"
    return ", ".join([*option.opts, *option.secondary_opts]) + value


def _bare(text: str | None) -> str:
    """Help without terminal markup."""
    return re.sub(r"\[/?(?:dim|bold|green|red)?\]", "", text or "").replace("\\[", "[")


def _plain(text: str | None) -> str:
    """Help as Markdown, one line a paragraph."""
    return "\n\n".join(" ".join(part.split()) for part in _bare(text).split("\n\n"))


def _examples(epilog: str | None) -> str:
    lines = [line.strip() for line in _bare(epilog).splitlines() if line.strip().startswith("$")]
    return "\n".join(["```", *lines, "```"]) if lines else ""


main()
