"""How long after its answer an identification stands in the audit log, on disk.

Another process's view of the database is read until the record is there. The figure is the longest
of `--count` delays, milliseconds; it may be 50.
"""

import sqlite3
import time
from contextlib import closing

import numpy as np
from shared import arguments, isolated, photos, server, verdict

from visavis.gallery import DATABASE

PATH = "/v1/collections/default/identify"


def main() -> None:
    args = arguments(__doc__, count=60)
    photo = photos(args.lfw, 1)[0][1]
    with isolated() as settings, server(settings) as service:
        database = sqlite3.connect(f"file:{settings.gallery / DATABASE}?mode=ro", uri=True)
        with closing(database) as watched:

            def records() -> int:
                found = watched.execute("SELECT count(*) FROM audit WHERE action = 'identify'")
                return int(found.fetchone()[0])

            delays = []
            for _ in range(args.count):
                before = records()
                status, _answer = service.call("POST", PATH, photo, Content_Type="image/jpeg")
                answered = time.perf_counter()
                if status != 200:
                    raise SystemExit(f"expected 200, got {status}")
                while records() == before:
                    time.sleep(0.0005)
                delays.append(1e3 * (time.perf_counter() - answered))
                time.sleep(0.05)
    print(f"median {np.median(delays):.1f} ms")
    verdict("longest delay", max(delays), 50, at_most=True, unit=" ms")


main()
