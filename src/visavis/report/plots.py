"""Drawings for reports: vector SVG whose text and lines follow light and dark pages."""

from visavis.report.charts import bars, heat_map, histogram, scatter
from visavis.report.curves import Curve2, cmc, det, lines, reliability, roc

__all__ = [
    "Curve2",
    "bars",
    "cmc",
    "det",
    "heat_map",
    "histogram",
    "lines",
    "reliability",
    "roc",
    "scatter",
]
