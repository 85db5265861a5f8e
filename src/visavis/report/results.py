"""Results as JSON that is read in diffs: sorted, six digits, short lists on one line."""

import json
import math
from typing import Any

from visavis.report.document import Report, plain


def as_json(report: Report) -> bytes:
    """Title, lead, provenance and everything measured; NaN is null."""
    return dump(
        {
            "slug": report.slug,
            "title": report.title,
            "lead": report.lead,
            "results": plain(report.results),
            "provenance": plain(report.provenance),
        }
    )


def dump(value: Any) -> bytes:
    """The plain value as UTF-8; broken surrogates of file names are written as escapes."""
    return (_text(_rounded(value), "") + "\n").encode("utf-8", "backslashreplace")


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.6g}") if math.isfinite(value) else None
        case dict():
            return {key: _rounded(value[key]) for key in sorted(value)}
        case list():
            return [_rounded(item) for item in value]
        case _:
            return value


def _text(value: Any, margin: str) -> str:
    """Lists of scalars on one line, everything else a line each."""
    inner = margin + "  "
    match value:
        case dict() if value:
            items = [f"{inner}{_scalar(k)}: {_text(v, inner)}" for k, v in value.items()]
            return "{\n" + ",\n".join(items) + f"\n{margin}}}"
        case list() if any(isinstance(item, dict | list) for item in value):
            return "[\n" + ",\n".join(inner + _text(v, inner) for v in value) + f"\n{margin}]"
        case _:
            return _scalar(value)


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
