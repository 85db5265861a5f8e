"""version: of visavis and of what it stands on."""

from collections.abc import Callable
from typing import Any

import numpy as np

import visavis
from visavis.cli.version import installed


def test_version(run: Callable[..., Any], run_json: Callable[..., Any]) -> None:
    code, document = run_json("version")
    assert (code, document["visavis"]) == (0, visavis.__version__)
    assert document["numpy"] == np.__version__
    assert np.__version__ in run("version").stdout


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert installed("no-such-distribution") is None
