"""What importing the client needs, and what it does not."""

import subprocess
import sys

import pytest


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_imports_nothing_of_the_service_or_the_library() -> None:
    heavy = ["numpy", "cv2", "PIL", "sqlalchemy", "pydantic", "fastapi", "onnxruntime"]
    assert (
        run(f"import sys, visavis.client; print([m for m in {heavy} if m in sys.modules])") == "[]"
    )


@pytest.mark.parametrize("library", ["httpx", "websockets"])
def test_says_what_to_install(library: str) -> None:
    found = run(
        f"import sys; sys.modules['{library}'] = None\n"
        "from visavis.errors import MissingExtra\n"
        "try:\n    import visavis.client\n"
        "except MissingExtra as error:\n    print(error)"
    )
    assert found == "the client of the service needs an extra: pip install 'visavis[client]'"
