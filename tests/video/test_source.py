"""Options of sources."""

import pytest

from visavis.errors import ConfigError
from visavis.video.source import SourceOptions


@pytest.mark.parametrize("field", ["connect", "stall", "threads", "folder_fps"])
def test_numbers_are_above_zero(field: str) -> None:
    with pytest.raises(ConfigError, match="above 0"):
        SourceOptions(**{field: 0})  # type: ignore[arg-type]
