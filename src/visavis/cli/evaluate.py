"""evaluate: protocols and conditions, one command a measurement."""

import typer

from visavis.cli import (
    evaluate_allpairs,
    evaluate_classification,
    evaluate_container,
    evaluate_fairness,
    evaluate_identification,
    evaluate_latency,
    evaluate_pad,
    evaluate_robustness,
    evaluate_spoof,
    evaluate_verification,
)

app = typer.Typer(no_args_is_help=True)
app.add_typer(evaluate_verification.app)
app.add_typer(evaluate_identification.app)
app.add_typer(evaluate_robustness.app)
app.add_typer(evaluate_classification.app)
app.add_typer(evaluate_fairness.app)
app.add_typer(evaluate_latency.app)
app.add_typer(evaluate_pad.app)
app.add_typer(evaluate_allpairs.app)
app.add_typer(evaluate_spoof.app)
app.add_typer(evaluate_container.app)
