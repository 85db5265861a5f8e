"""Processor time of the service for one identify, over that of the bare library.

The same photos in the same process count for both: one client sends them one after another over
one connection, by turns with the library in this process, several rounds. The figure is the median
round's ratio, and may be 1.15 at most.
"""

import http.client
import time

import numpy as np
from shared import Server, arguments, isolated, photos, server, verdict

from visavis.build import build_recognizer
from visavis.errors import InputError
from visavis.recognizer import Recognizer

PATH = "/v1/collections/default/identify"


def main() -> None:
    args = arguments(__doc__, count=60, enrolled=50, rounds=7)
    found = photos(args.lfw, args.count)
    with isolated() as settings:
        with build_recognizer(settings) as recognizer:
            for name, photo in photos(args.lfw, args.enrolled):
                try:
                    recognizer.enrol(name, photo)
                except InputError as error:
                    print(f"left out {name}: {error.code}")
        with server(settings, workers=1) as service, build_recognizer(settings) as recognizer:
            ratios = _rounds(service, recognizer, [photo for _, photo in found], args.rounds)
    print(f"rounds: {', '.join(f'{ratio:.3f}' for ratio in ratios)}")
    verdict("CPU of the service over the library", float(np.median(ratios)), 1.15, at_most=True)


def _rounds(
    service: Server, recognizer: Recognizer, files: list[bytes], rounds: int
) -> list[float]:
    ratios = []
    for turn in range(rounds + 1):
        before = time.process_time()
        for photo in files:
            recognizer.identify(photo)
        library = time.process_time() - before
        before = service.cpu_seconds
        client = http.client.HTTPConnection("127.0.0.1", service.port)
        for photo in files:
            client.request("POST", PATH, photo, {"Content-Type": "image/jpeg"})
            answer = client.getresponse()
            if answer.status != 200:
                raise SystemExit(answer.read().decode())
            answer.read()
        served = service.cpu_seconds - before
        if turn:  # the first round warms up
            ratios.append(served / library)
            each = 1e3 / len(files)
            print(f"library {library * each:.2f} ms, service {served * each:.2f} ms an image")
    return ratios


main()
