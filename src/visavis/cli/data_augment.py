"""data augment: what training would see of a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, facts
from visavis.cli.options import JsonOption, Photo, examples
from visavis.cli.words import text

if TYPE_CHECKING:
    from visavis.types import Image

app = typer.Typer()
STRENGTHS = (0.25, 0.5, 1.0)
COLUMNS = 6


@app.command(
    epilog=examples(
        "visavis data augment face.jpg --out sheet.jpg",
        "visavis data augment face.jpg --out sheet.jpg --seed 7 --count 24",
    ),
)
def augment(
    image: Photo,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="The contact sheet.")
    ] = Path("augmented.jpg"),
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="The same sheet for the same number.")
    ] = 0,
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, max=200, help="Random variations.")
    ] = 17,
    as_json: JsonOption = False,
) -> None:
    """Write a contact sheet of a picture varied at random, as training does it.

    First the picture and N variations by the default recipe, then each single
    effect at a quarter, half and full strength.
    """
    from visavis.draw import grid
    from visavis.image import decode, save

    images, captions = _sheet(decode(image), seed, count)
    save(grid(images, captions, COLUMNS), out)
    view = {"written": text(str(out)), "pictures": text(str(len(images)))}
    answer(as_json, {"written": str(out), "pictures": len(images)}, lambda: facts(view))


def _sheet(image: "Image", seed: int, count: int) -> "tuple[list[Image], list[str]]":
    import numpy as np

    from visavis.datasets.augment import EFFECTS, effect
    from visavis.datasets.augment import augment as varied

    image = _at_most(image, 480)
    images, captions = [image], ["as it is"]
    for number in range(1, count + 1):
        images.append(varied(image, np.random.default_rng([seed, number])).image)
        captions.append(f"variation {number}")
    for place, name in enumerate(EFFECTS):
        for strength in STRENGTHS:
            rng = np.random.default_rng([seed, place])
            images.append(effect(image, name, strength, rng))
            captions.append(f"{name.replace('_', ' ')} {strength:g}")
    return images, captions


def _at_most(image: "Image", side: int) -> "Image":
    """The picture reduced to what a contact sheet can show."""
    from visavis.datasets.distortions import resized

    return resized(image, min(side / max(image.shape[:2]), 1.0))
