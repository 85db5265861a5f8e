from pathlib import Path

import numpy as np
import pytest

from streams import number_of, picture
from visavis.errors import ConfigError, InputError
from visavis.video.film import Film
from visavis.video.sources import open_source


def test_frames_keep_their_times(tmp_path: Path) -> None:
    path, times = tmp_path / "out.mp4", [100.0, 100.04, 100.2, 100.9]
    with Film(path) as film:
        for number, at in enumerate(times):
            film.add(picture(number), at)
        assert not path.exists()
    found = list(open_source(str(path)).frames())
    assert [number_of(f.image) for f in found] == [0, 1, 2, 3]
    assert np.allclose([f.at for f in found], [0.0, 0.04, 0.2, 0.9], atol=0.002)
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_odd_sizes_lose_a_row_or_a_column(tmp_path: Path) -> None:
    with Film(tmp_path / "out.mp4") as film:
        film.add(picture(1, 65, 49), 0.0)
    [frame] = open_source(str(tmp_path / "out.mp4")).frames()
    assert frame.image.shape == (48, 64, 3)


def test_frames_that_are_no_later_are_left_out(tmp_path: Path) -> None:
    with Film(tmp_path / "out.mp4") as film:
        for number, at in enumerate((0.0, 0.5, 0.5, 0.2, 0.6)):
            film.add(picture(number), at)
    found = [number_of(f.image) for f in open_source(str(tmp_path / "out.mp4")).frames()]
    assert found == [0, 1, 4]


def test_a_film_without_frames_leaves_no_file(tmp_path: Path) -> None:
    Film(tmp_path / "out.mp4").close()
    assert not list(tmp_path.iterdir())


def test_frames_have_one_size(tmp_path: Path) -> None:
    with Film(tmp_path / "out.mp4") as film:
        film.add(picture(1), 0.0)
        with pytest.raises(InputError, match="one size"):
            film.add(picture(1, 80), 0.1)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write"):
        Film(tmp_path / "missing" / "out.mp4")
