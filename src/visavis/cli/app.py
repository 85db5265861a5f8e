"""The command tree."""

from typing import Annotated

import typer

from visavis import __version__
from visavis.cli import (
    apikeys,
    audit,
    calibrate,
    calibrate_liveness,
    cluster,
    compreface,
    config,
    data,
    decide,
    demo,
    doctor,
    enrol,
    evaluate,
    faces,
    gallery,
    keys,
    live,
    models,
    report,
    serve,
    sightings,
    subjects,
    train,
    ui,
    version,
    video,
    watch,
)
from visavis.cli.run import Cli

KEEP, WATCH, MEASURE, MIND = "Keep a gallery", "Watch", "Measure", "Look after it"

app = typer.Typer(
    cls=Cli,
    name="visavis",
    no_args_is_help=True,
    help="Self-hosted face recognition: enrol, verify and identify people, offline.",
    epilog="Exit codes: 0 yes or done, 1 no, 2 unusable input, 3 system, 130 Ctrl-C.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"visavis {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Self-hosted face recognition: enrol, verify and identify people, offline."""


for top in (enrol, decide, faces, live, watch, cluster, serve, ui):
    app.add_typer(top.app)
for name, group, panel, summary in (
    ("subjects", subjects, KEEP, "List, show, rename, merge and forget subjects."),
    ("gallery", gallery, KEEP, "Describe, back up, move, purge and re-embed a gallery."),
    ("keys", keys, KEEP, "Rotate, export and import master keys."),
    ("apikeys", apikeys, KEEP, "Make, list, rotate and revoke API keys of the service."),
    ("audit", audit, KEEP, "Verify, export and follow the audit log."),
    ("compreface", compreface, KEEP, "Move people over from CompreFace."),
    ("video", video, WATCH, "Find people in films."),
    ("sightings", sightings, WATCH, "List, show and purge who was seen."),
    ("data", data, MEASURE, "Fetch, prepare and explore sets of pictures."),
    ("evaluate", evaluate, MEASURE, "Measure error rates, by official protocols."),
    ("train", train, MEASURE, "Train models by a recipe."),
    ("report", report, MEASURE, "Write reports of what was measured; compare two."),
    ("models", models, MIND, "List, fetch and verify models, with their licences."),
    ("config", config, MIND, "Show settings and where they come from."),
):
    app.add_typer(group.app, name=name, rich_help_panel=panel, help=summary)
for top in (calibrate, calibrate_liveness, doctor, demo, version):
    app.add_typer(top.app)
