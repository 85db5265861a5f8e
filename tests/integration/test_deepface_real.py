"""DeepFace itself, in the environment that it needs for itself.

VISAVIS_DEEPFACE_PYTHON names an interpreter that has `deepface` and visavis; the weights of SFace
and of FasNet lie where DEEPFACE_HOME says.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from visavis.build import build_detector, build_embedder
from visavis.settings import Settings

PYTHON = os.environ.get("VISAVIS_DEEPFACE_PYTHON")  # read before the fixtures clear it
SCRIPT = """
import json, sys
import numpy as np
from visavis.build import build_embedder
from visavis.liveness.deepface import DeepFaceLiveness
from visavis.settings import Settings
from visavis.types import Face

with np.load(sys.argv[1]) as given:
    image, face = given["image"], Face(given["box"], given["landmarks"], 1.0)
embedder = build_embedder(Settings.load(embedder="deepface:SFace"))
[found] = embedder.embed(image, [face])
live = DeepFaceLiveness().check(image, face)
print(json.dumps([found.model, found.vector.tolist(), live.score]))
"""


@pytest.mark.skipif(not PYTHON, reason="VISAVIS_DEEPFACE_PYTHON names no interpreter with deepface")
def test_deepface_sees_what_we_see(astronaut, tmp_path: Path) -> None:
    face = build_detector(Settings.load()).detect(astronaut)[0]
    np.savez(tmp_path / "in.npz", image=astronaut, box=face.box, landmarks=face.landmarks)
    run = subprocess.run(
        [str(PYTHON), "-c", SCRIPT, str(tmp_path / "in.npz")], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    model, vector, live = json.loads(run.stdout.splitlines()[-1])
    assert model == "deepface:SFace"
    [ours] = build_embedder(Settings.load()).embed(astronaut, [face])
    assert np.array(vector) @ ours.vector > 0.99
    assert 0 <= live <= 1
