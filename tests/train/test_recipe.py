from pathlib import Path

import pytest

from visavis.errors import ConfigError
from visavis.train.recipe import LivenessRecipe, Schedule, load

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda p: p.name)
def test_every_recipe_of_the_project_is_one(path: Path) -> None:
    assert load(path).name


def test_what_a_recipe_leaves_out_has_a_default(tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text('name = "mine"\n[schedule]\nsteps = 10\n[network]\ntight = [8, 8, 8, 8]\n')
    found = load(file)
    assert found == LivenessRecipe(
        "mine",
        schedule=Schedule(steps=10),
        network=type(found.network)(tight=(8, 8, 8, 8)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nome = 1", "nome"),
        ("seed = 1", "name"),
        ('name = "a"\n[schedule]\nstep = 1', "step"),
        ('name = "a"\n[schedule]\nsteps = "many"', "expected such as"),
        ('name = "a"\n[schedule]\nsteps = true', "expected such as"),
        ('name = "a"\n[network]\ntight = [8, 8, 8]', "four stages"),
        ('name = "a"\n[network]\nstart = "zero"', "expected a start"),
        ('name = "a"\nschedule = 3', "expected a table"),
        ("name = ", "cannot read"),
    ],
)
def test_odd_recipes_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "r.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load(file)


def test_a_missing_recipe_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path / "none.toml")
