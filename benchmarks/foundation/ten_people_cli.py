"""Ten people by the command line alone: enrolled from folders, then identified in other photos.

The ten people of LFW with the most images (one photo enrolled, three others identified each), and
ten more who are not enrolled and must come back as unknown. The figure is the share of right
answers among all 60.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, lfw_people, verdict


def visavis(*words: str | Path, home: Path) -> dict[str, object]:
    environment = {**os.environ, "VISAVIS_GALLERY": str(home / "gallery")}
    environment["VISAVIS_MASTER_KEY_FILE"] = str(home / "master.key")
    command = [sys.executable, "-m", "visavis", *map(str, words), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    if run.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} exited with {run.returncode}: {run.stderr}{run.stdout}")
    found: dict[str, object] = json.loads(run.stdout)
    return found


def main() -> None:
    args = arguments(__doc__)
    people = sorted(lfw_people(args.lfw).items(), key=lambda item: -len(item[1]))[:20]
    known = people[:10]
    right = total = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name, files in known:
            (home / "photos" / name).mkdir(parents=True)
            shutil.copy(files[0], home / "photos" / name)
        flags = ["--face", "central"]
        visavis("enrol", "--from-folder", home / "photos", *flags, home=home)
        for name, files in people:
            expected = name if (name, files) in known else None
            for path in files[1:4]:
                answer = visavis("identify", path, home=home)
                named = {face["subject"] for face in answer["results"][0]["faces"]}
                ok = expected in named if expected else named <= {None}
                right, total = right + ok, total + 1
                if not ok:
                    print(f"{path.name}: expected {expected}, got {named}")
    verdict("right answers", 100 * right / total, 95, unit=" %")


main()
