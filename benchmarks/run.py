"""Runs every benchmark and prints one line each; exits non-zero when any falls short."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMMANDS = [
    ["foundation/startup.py", "--what", "import"],
    ["foundation/startup.py", "--what", "compare"],
    ["foundation/runtimes.py"],
    ["foundation/speed.py"],
    ["foundation/speed.py", "--runtime", "openvino"],
    ["foundation/lfw_view2.py"],
    ["foundation/identification.py"],
    ["foundation/ten_people_cli.py"],
    ["foundation/tilt.py"],
    ["foundation/open_gallery.py"],
    ["foundation/memory.py"],
    ["measure/all_pairs.py"],
    ["measure/all_pairs.py", "--fmr", "1e-5", "--needs", "97"],
    ["measure/all_pairs_cost.py"],
    ["measure/open_set.py"],
    ["measure/holdout.py"],
    ["measure/fpir.py"],
    ["measure/default_embedder.py"],
    ["measure/pages.py"],
    ["foundation/lfw_view2.py", "--embedder", "mobilefacenet", "--needs", "98.82"],
    ["foundation/lfw_view2.py", "--embedder", "dlib-resnet-v1", "--needs", "98.6"],
    ["liveness/speed.py"],
    ["liveness/speed.py", "--what", "pipeline"],
    ["liveness/speed.py", "--what", "pipeline", "--check", "auto"],
    ["liveness/blocks.py"],
    ["liveness/table.py"],
    ["liveness/bona_fide.py"],
    ["liveness/subjects.py"],
    ["liveness/context.py"],
    ["liveness/container.py"],
    ["liveness/temporal.py"],
    ["liveness/challenge.py"],
    ["liveness/maps.py"],
    ["service/cpu.py"],
    ["service/load.py"],
    ["service/kill.py"],
    ["service/hostile.py"],
    ["service/schema.py"],
    ["service/audit_delay.py"],
    ["service/compreface.py"],
    ["service/ui_shots.py"],
    ["service/ui_camera.py"],
    ["service/bandit.py"],
    ["video/lag.py"],
    ["video/rtsp.py"],
    ["video/tracking.py"],
    ["video/webhook.py"],
    ["video/speed.py"],
    ["video/cluster.py"],
    ["foundation/clean_clone.py"],
]


def main() -> None:
    short = 0
    for command in COMMANDS:
        run = subprocess.run(
            [sys.executable, str(HERE / command[0]), *command[1:]],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        last = (run.stdout.strip() or run.stderr.strip()).splitlines()[-1:]
        print(f"{' '.join(command)}: {''.join(last)}", flush=True)
        short += run.returncode != 0
    sys.exit(1 if short else 0)


main()
