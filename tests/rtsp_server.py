"""An RTSP server on 127.0.0.1, by GStreamer under the system's Python: for tests and benchmarks.

Serves a file of H.264 access units (each after its length, 4 bytes, big end first) in a loop, each
client from the beginning, and writes its port to stdout. RTSP_USER and RTSP_PASSWORD ask clients
for them. `--check` says by its exit code whether all that it needs is there.
"""

import argparse
import os
import struct
import sys
from itertools import count
from pathlib import Path

ELEMENTS = ("appsrc", "h264parse", "rtph264pay")


def usable() -> bool:
    try:
        import gi

        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import Gst, GstRtspServer  # noqa: F401
    except (ImportError, ValueError):
        return False
    Gst.init(None)
    return all(Gst.ElementFactory.find(name) for name in ELEMENTS)


def units(path: Path) -> list[bytes]:
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def serve(args: argparse.Namespace) -> None:
    from gi.repository import GLib, Gst, GstRtspServer

    frames = units(args.units)
    step = Gst.SECOND // args.fps

    def feed(source, _length, numbers) -> None:
        number = next(numbers)
        buffer = Gst.Buffer.new_wrapped(frames[number % len(frames)])
        buffer.pts = buffer.dts = number * step
        buffer.duration = step
        source.emit("push-buffer", buffer)

    def configure(_factory, media) -> None:
        source = media.get_element().get_by_name_recurse_up("source")
        source.connect("need-data", feed, count())

    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        "( appsrc name=source format=time is-live=true block=true caps=video/x-h264,"
        f"stream-format=byte-stream,alignment=au,framerate={args.fps}/1"
        " ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
    )
    factory.connect("media-configure", configure)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(args.port))
    if os.environ.get("RTSP_USER"):
        _ask(server, factory)
    server.get_mount_points().add_factory("/live", factory)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {args.port}")
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def _ask(server, factory) -> None:
    """Lets in those who know the password alone, by digest or basic authentication."""
    from gi.repository import GstRtsp, GstRtspServer

    user, password = os.environ["RTSP_USER"], os.environ["RTSP_PASSWORD"]
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    basic = GstRtspServer.RTSPAuth.make_basic(user, password)
    auth.add_basic(basic, token)
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
    server.set_auth(auth)
    role = GstRtspServer.RTSPPermissions()
    role.add_permission_for_role("viewer", "media.factory.access", True)
    role.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(role)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("units", type=Path, nargs="?")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if not usable():
        sys.exit(1)
    if not args.check:
        serve(args)


if __name__ == "__main__":
    main()
