"""The command line: parse, call, print. One file a command group, wired together in `app`."""


def main() -> None:
    """Runs `visavis` with the arguments of the process and exits with its code."""
    from visavis.cli.app import app

    app()
