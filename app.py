"""The web pages, by the Spaces convention: `python app.py` is `visavis ui`."""

import sys

from visavis.cli.app import app

app(["ui", *sys.argv[1:]], prog_name="visavis")
