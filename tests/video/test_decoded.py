"""Files decoded by FFmpeg: times, rotation, what is broken, and what is never opened."""

import socket
import subprocess
import sys
import threading
import wave
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from streams import number_of, picture, turned, write_video
from visavis.errors import BadStream, ImageTooLarge, StreamFailed, VisavisError
from visavis.image import ImageLimits
from visavis.video.address import Address
from visavis.video.decoded import Decoded
from visavis.video.frames import Frame
from visavis.video.source import SourceOptions

STEADY = [i / 25 for i in range(20)]


def opened(path: Path | str, **options: object) -> Decoded:
    return Decoded(Address.parse(str(path)), SourceOptions(**options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "steady.mp4", STEADY)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.mov"])
def test_every_frame_in_order(name: str, tmp_path: Path) -> None:
    source = opened(write_video(tmp_path / name, STEADY))
    frames = list(source.frames())
    assert [f.number for f in frames] == list(range(20))
    assert [number_of(f.image) for f in frames] == list(range(20))
    assert [f.at for f in frames] == pytest.approx(STEADY, abs=2e-3)
    assert (source.corrupt, source.live, source.name) == (0, False, str(tmp_path / name))


@pytest.mark.parametrize("threads", [1, 3])
def test_colours_and_rows(steady: Path, threads: int) -> None:
    frames = list(opened(steady, threads=threads).frames())
    assert len(frames) == 20
    for frame in frames:
        found = frame.image
        assert found.shape == (48, 64, 3)
        assert found.dtype == np.uint8
        difference = np.abs(found.astype(int) - picture(frame.number).astype(int))
        assert difference[8:16, 8:24].max() < 30  # red stays red: neither swapped nor upside down


def test_times_of_a_variable_frame_rate(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.5, 0.51, 2.0]
    frames = list(opened(write_video(tmp_path / "vfr.mp4", times)).frames())
    assert [f.at for f in frames] == pytest.approx(times, abs=2e-3)


def test_times_begin_at_zero(tmp_path: Path) -> None:
    path = write_video(tmp_path / "late.mkv", [5.0, 5.5])
    assert [f.at for f in opened(path).frames()] == pytest.approx([0.0, 0.5], abs=2e-3)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_rotation_of_a_phone(steady: Path, quarters: int) -> None:
    frame = next(opened(turned(steady, quarters)).frames())
    upright = np.rot90(picture(0), -quarters)  # the matrix turns clockwise
    assert frame.image.shape == upright.shape
    assert np.abs(frame.image.astype(int) - upright.astype(int)).mean() < 12
    assert frame.image.flags.c_contiguous


def test_a_truncated_file_gives_what_is_there(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.ts", STEADY).read_bytes()
    part = tmp_path / "part.ts"
    part.write_bytes(whole[: len(whole) * 6 // 10])
    numbers = [number_of(f.image) for f in opened(part).frames()]
    assert 0 < len(numbers) < 20
    assert numbers == list(range(len(numbers)))


def test_a_file_without_its_index_is_no_video(steady: Path, tmp_path: Path) -> None:
    data = steady.read_bytes()
    part = tmp_path / "part.mp4"
    part.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(BadStream, match="expected a video"):
        list(opened(part).frames())


def test_corrupt_packets_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", STEADY, codec="mjpeg")
    places, data = packets(path), bytearray(path.read_bytes())
    for start, size in (places[5], places[11]):
        begin = data.index(b"\xff\xd8", start)
        data[begin : begin + size - 8] = b"\x55" * (size - 8)
    path.write_bytes(data)
    source = opened(path)
    numbers = [number_of(f.image) for f in source.frames()]
    assert numbers == [i for i in range(20) if i not in (5, 11)]
    assert source.corrupt == 2


def test_noise_in_a_file_never_does_worse_than_fail(steady: Path, tmp_path: Path) -> None:
    whole, rng = steady.read_bytes(), np.random.default_rng(3)
    path, outcomes = tmp_path / "noise.mp4", set()
    for _ in range(40):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 30):
            data[place] = rng.integers(0, 256)
        path.write_bytes(data)
        try:
            frames = [f.image.shape for f in opened(path).frames()]
            outcomes.add("frames" if frames else "none")
        except VisavisError as error:
            outcomes.add(error.code)
    assert "frames" in outcomes
    assert outcomes <= {"frames", "bad_stream", "stream_failed", "image_too_large"}


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "a.mp4"
    text.write_text("no video " * 100)
    with pytest.raises(BadStream, match="expected a video"):
        list(opened(text).frames())
    with pytest.raises(BadStream, match="No such file"):
        list(opened(tmp_path / "absent.mp4").frames())
    sound = tmp_path / "a.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    with pytest.raises(BadStream, match="expected a video"):  # a container that is not let in
        list(opened(sound).frames())


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(BadStream, match="without pictures"):
        list(opened(path).frames())


def test_playlists_and_lists_open_nothing(steady: Path, tmp_path: Path) -> None:
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{steady}\n#EXT-X-ENDLIST\n")
    listing = tmp_path / "a.ffconcat"
    listing.write_text(f"ffconcat version 1.0\nfile {steady.name}\n")
    (tmp_path / steady.name).write_bytes(steady.read_bytes())
    with av.open(str(listing)) as container:  # what FFmpeg would do if it were let
        assert next(container.decode(video=0)).width == 64
    for path in (playlist, listing):
        with pytest.raises(BadStream, match="expected a video"):
            list(opened(path).frames())


def test_a_file_named_like_an_address_is_a_file(
    tmp_path: Path, steady: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "concat:a.mp4").write_bytes(steady.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert len(list(opened("concat:a.mp4").frames())) == 20
    with pytest.raises(BadStream):
        list(opened(f"concat:{steady}|{steady}").frames())


def test_pictures_beyond_the_limit_are_refused(steady: Path) -> None:
    with pytest.raises((ImageTooLarge, BadStream)):
        list(opened(steady, limits=ImageLimits(max_pixels=64 * 47)).frames())
    assert len(list(opened(steady, limits=ImageLimits(max_pixels=64 * 64)).frames())) == 20


def test_closed_between_frames_it_ends(steady: Path) -> None:
    source = opened(steady)
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []
    assert list(source.frames()) == []


def test_read_again_its_numbers_and_times_go_on(steady: Path) -> None:
    source = opened(steady)
    frames = [*source.frames(), *source.frames()]
    assert [f.number for f in frames] == list(range(40))
    assert all(a.at <= b.at for a, b in pairwise(frames))


def test_frames_are_converted_after_the_file_is_closed(steady: Path) -> None:
    frames: list[Frame] = list(opened(steady).frames())
    assert number_of(frames[7].image) == 7


def test_a_webcam_that_is_not_there_may_come_back() -> None:
    source = opened("webcam:987")
    assert source.live
    with pytest.raises((StreamFailed, BadStream), match="webcam:987"):
        list(source.frames())


def test_no_error_of_a_camera_holds_its_password() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    source = opened(f"rtsp://admin:s3cret@127.0.0.1:{port}/user=admin&password=s3cret")
    with pytest.raises(StreamFailed, match="Connection refused") as caught:
        list(source.frames())
    seen: BaseException | None = caught.value
    assert seen is not None
    assert seen.__context__ is None
    assert seen.__cause__ is None
    assert "s3cret" not in str(seen) + repr(source) + source.name


def test_a_camera_that_never_answers_fails_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = opened(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x", connect=0.3)
        with pytest.raises(StreamFailed, match=r"did not answer in 0\.3 s"):
            list(source.frames())


def test_an_answer_that_leads_elsewhere_is_not_followed(steady: Path) -> None:
    """A camera's description may name other protocols; none but RTSP's own is spoken."""
    answered = threading.Event()

    def answer(server: socket.socket) -> None:
        while True:
            try:
                found, _ = server.accept()
            except OSError:
                return
            with found:
                while data := found.recv(65536):
                    sequence = next(x for x in data.split(b"\r\n") if x.startswith(b"CSeq"))
                    found.sendall(
                        b"RTSP/1.0 302 Found\r\n" + sequence + b"\r\n"
                        b"Location: file://" + str(steady).encode() + b"\r\n\r\n"
                    )
                    answered.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,), daemon=True)
        thread.start()
        source = opened(f"rtsp://127.0.0.1:{server.getsockname()[1]}/x", connect=5)
        with pytest.raises((StreamFailed, BadStream)):
            list(source.frames())
        assert answered.is_set()


def packets(path: Path) -> list[tuple[int, int]]:
    """Place and size of each in the file."""
    with av.open(str(path)) as container:
        return [(int(p.pos or 0), p.size) for p in container.demux(video=0) if p.size]


def test_damage_between_key_frames_costs_what_it_hit(tmp_path: Path, steady: Path) -> None:
    path, data = tmp_path / "broken.mp4", bytearray(steady.read_bytes())
    start, size = packets(steady)[5]
    data[start + size // 3 : start + size] = b"\xa5" * (size - size // 3)
    path.write_bytes(data)
    source = opened(path)
    assert 15 <= len(list(source.frames())) + source.corrupt <= 20
    assert source.corrupt >= 1


def test_nothing_is_written_to_stderr(tmp_path: Path, steady: Path) -> None:
    path, data = tmp_path / "broken.mp4", bytearray(steady.read_bytes())
    for start, size in packets(steady):
        data[start + size // 3 : start + size] = b"\xa5" * (size - size // 3)
    path.write_bytes(data)
    path.write_bytes(data)
    code = (
        "import sys\nfrom visavis.errors import VisavisError\n"
        "from visavis.video.sources import open_source\n"
        "source = open_source(sys.argv[1])\n"
        "try: print(len(list(source.frames())), source.corrupt)\n"
        "except VisavisError as error: print(error.code, source.corrupt)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    assert run.stdout.split() not in ([], ["20", "0"])
