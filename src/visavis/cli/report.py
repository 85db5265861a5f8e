"""report: measured results as pages that people read, and two of them compared."""

import typer

from visavis.cli import (
    report_calibration,
    report_compare,
    report_data,
    report_fairness,
    report_liveness,
    report_model,
    report_pad,
    report_render,
    report_robustness,
    report_testing,
)

app = typer.Typer(no_args_is_help=True)
app.add_typer(report_model.app)
app.add_typer(report_calibration.app)
app.add_typer(report_compare.app)
app.add_typer(report_render.app)
app.add_typer(report_robustness.app)
app.add_typer(report_fairness.app)
app.add_typer(report_pad.app)
app.add_typer(report_data.app)
app.add_typer(report_liveness.app)
app.add_typer(report_testing.app)
