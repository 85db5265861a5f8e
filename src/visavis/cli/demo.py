"""demo: people enrolled, then recognised in pictures not seen before, and every answer checked."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.console import answer, marked, out, table
from visavis.cli.options import JsonOption, examples
from visavis.cli.run import Exit
from visavis.cli.serve import announce
from visavis.extras import needs

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visavis.demo import Answer
    from visavis.settings import Settings

app = typer.Typer()


@app.command(
    rich_help_panel="Look after it",
    epilog=examples(
        "visavis demo", "visavis demo --serve", "visavis demo --photos family/ --out pictures/"
    ),
)
def demo(
    photos: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            metavar="DIR",
            help="Your own photos: one folder a person, or one photo a person.",
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the annotated picture goes.")
    ] = Path("out"),
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Then serve the people of the demonstration, with web pages."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Enrol people, recognise them in new pictures, and check every answer.

    Uses a gallery of its own that is deleted at the end. One person is left out and must come
    back as unknown. Exit code 0: every answer is right; 1: one is wrong.
    """
    from visavis.build import build_recognizer
    from visavis.demo import folder_acts, gather, play, portrait_acts
    from visavis.settings import Settings

    acts = folder_acts(photos) if photos else portrait_acts()
    with tempfile.TemporaryDirectory(prefix="visavis-demo-") as home:
        gallery, key = Path(home) / "gallery", Path(home) / "master.key"
        settings = Settings.load(gallery=gallery, master_key_file=key)
        with build_recognizer(settings) as recognizer:
            answers = list(play(recognizer, acts))
            if serve:
                gather(recognizer, acts)
        right = _tell(answers, folder / "demo.png", as_json)
        if serve:
            _serve(settings)
    raise typer.Exit(Exit.YES if right else Exit.NO)


def _tell(answers: Sequence["Answer"], picture: Path, as_json: bool) -> bool:
    """Shows the answers, and says whether all are right."""
    _draw(answers, picture)
    answer(as_json, _document(answers, picture), lambda: _view(answers))
    right = all(a.right for a in answers)
    if not as_json:
        count = sum(a.right for a in answers)
        style = "green" if right else "red"
        out().print(f"{count} of {len(answers)} answers right; see {picture}", style=style)
    return right


def _serve(settings: "Settings") -> None:
    """Serves the demonstration's gallery until it is stopped; it is deleted afterwards."""
    with needs("ui", "visavis demo --serve"):
        from visavis.service.run import serve

    serve(settings, lambda address: announce(address, pages=settings.service.ui))


def _view(answers: Sequence["Answer"]) -> "RenderableType":
    view = table(
        "", "gallery", "picture", "expected", "answer", "score", "threshold", right=("score",)
    )
    for a in answers:
        exact = len(a.found) == len(a.scene.expected)
        everybody = ", ".join(name or "unknown" for name in a.scene.expected)
        for place, found in enumerate(a.found):
            best = found.candidates[0].score if found.candidates else None
            view.add_row(
                marked("[green]✓[/]" if a.right else "[red]✗[/]"),
                a.act,
                a.scene.title,
                (a.scene.expected[place] or "unknown") if exact else everybody,
                found.subject or found.decision,
                "" if best is None else f"{best:.2f}",
                f"{found.threshold.score:.2f}",
            )
        if not a.found:
            view.add_row(marked("[red]✗[/]"), a.act, a.scene.title, "a face", "no face", "", "")
    return view


def _document(answers: Sequence["Answer"], picture: Path) -> dict[str, Any]:
    return {
        "right": sum(a.right for a in answers),
        "answers": [
            {
                "gallery": a.act,
                "picture": a.scene.title,
                "expected": list(a.scene.expected),
                "found": [found.subject for found in a.found],
                "right": a.right,
            }
            for a in answers
        ],
        "drawn": str(picture),
    }


def _draw(answers: Sequence["Answer"], path: Path) -> None:
    """A contact sheet of every scene with its answers."""
    from visavis.draw import annotate, grid
    from visavis.image import save

    sheets = [
        annotate(
            a.scene.image,
            [found.sample.face for found in a.found],
            [found.subject or found.decision for found in a.found],
            ["match" if found.subject else "unknown" for found in a.found],
        )
        for a in answers
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    save(grid(sheets, [f"{a.scene.title}, {a.act}" for a in answers], 6), path)
