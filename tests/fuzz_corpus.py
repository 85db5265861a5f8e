"""A deterministic corpus of broken, hostile and odd image files, for any test that decodes.

`corpus()` gives (name, bytes) pairs: small pictures in every format, whole and mutated, and
files made to hurt. Whatever reads images must answer each of them with pixels or a typed error.
"""

import io
import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import PIL.Image
from skimage.data import astronaut


def corpus(seed: int = 20_24) -> list[tuple[str, bytes]]:
    """The whole corpus, the same for the same seed and library versions."""
    whole = seeds()
    rng = random.Random(seed)
    cases = [*whole.items(), *hostile().items()]
    for name, data in whole.items():
        other = rng.choice(list(whole.values()))
        cases += [(f"{name}/{what}", bad) for what, bad in mutations(data, other, rng)]
    return cases


def picture(width: int = 48, height: int = 40) -> PIL.Image.Image:
    """A small RGB picture with gradients and edges."""
    y, x = np.mgrid[:height, :width]
    planes = (x * 255 // width, y * 255 // height, (x // 4 + y // 4) % 2 * 255)
    return PIL.Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def encoded(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of `image` as a file of Pillow's format `kind`."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def seeds() -> dict[str, bytes]:
    """Whole files: every format and colour mode that is read, small."""
    small = picture()
    face = PIL.Image.fromarray(astronaut()[40:200, 140:300])
    alpha = small.copy()
    alpha.putalpha(small.convert("L"))
    deep = PIL.Image.fromarray(np.asarray(small.convert("L"), np.uint16) * 257)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    frames = [small.rotate(90 * turn) for turn in range(1, 4)]
    files = {
        "jpeg": encoded(small, "JPEG"),
        "jpeg-face": encoded(face, "JPEG", quality=90),
        "jpeg-progressive": encoded(face, "JPEG", progressive=True, exif=exif),
        "jpeg-grey": encoded(small.convert("L"), "JPEG", exif=exif),
        "jpeg-cmyk": encoded(small.convert("CMYK"), "JPEG"),
        "png": encoded(small, "PNG"),
        "png-face": encoded(face, "PNG"),
        "png-alpha": encoded(alpha, "PNG", exif=exif),
        "png-palette": encoded(small.quantize(16), "PNG", transparency=3),
        "png-16": encoded(deep, "PNG"),
        "webp": encoded(face, "WEBP", quality=80, exif=exif),
        "webp-lossless": encoded(alpha, "WEBP", lossless=True),
        "webp-animated": encoded(small, "WEBP", save_all=True, append_images=frames),
        "bmp": encoded(small, "BMP"),
        "bmp-palette": encoded(small.quantize(16), "BMP"),
        "tiff": encoded(small, "TIFF"),
        "tiff-packbits": encoded(face, "TIFF", compression="packbits"),
        "tiff-16": encoded(deep, "TIFF", compression="tiff_adobe_deflate"),
        "tiff-pages": encoded(small, "TIFF", save_all=True, append_images=frames),
        "gif": encoded(small.quantize(32), "GIF"),
        "gif-animated": encoded(small, "GIF", save_all=True, append_images=frames),
    }
    try:
        from pillow_heif import from_pillow
    except ImportError:
        return files
    file = io.BytesIO()
    from_pillow(face).save(file, format="HEIF")
    return files | {"heic": file.getvalue()}


def mutations(data: bytes, other: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Truncations, bit flips, header edits and block swaps of one file."""
    for share in (0.02, 0.1, 0.3, 0.5, 0.8, 0.95):
        yield f"cut-{share}", data[: int(len(data) * share)]
    yield "cut-last-byte", data[:-1]
    for count in (1, 1, 4, 32, 256):
        yield f"flip-{count}", _flipped(data, count, len(data), rng)
    for count in (1, 2, 4):
        yield f"flip-header-{count}", _flipped(data, count, min(64, len(data)), rng)
    for filler in (b"\x00", b"\xff"):
        at = rng.randrange(len(data) - 16)
        yield f"fill-{filler.hex()}", data[:at] + filler * 16 + data[at + 16 :]
    a, b, c = sorted(rng.sample(range(4, len(data)), 3))
    yield "swap-blocks", data[:a] + data[b:c] + data[a:b] + data[c:]
    yield "drop-block", data[:a] + data[b:]
    yield "repeat-block", data[:b] + data[a:b] * 3 + data[b:]
    yield "graft", data[: len(data) // 2] + other[len(other) // 2 :]
    yield "tail-of-junk", data + rng.randbytes(500)


def _flipped(data: bytes, count: int, end: int, rng: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(count):
        broken[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return bytes(broken)


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8) -> bytes:
    """A PNG of exactly these chunks after its header, with right checksums."""
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in ((b"IHDR", header), *chunks, (b"IEND", b"")):
        parts += [struct.pack(">I", len(body)), kind, body]
        parts.append(struct.pack(">I", zlib.crc32(kind + body)))
    return b"".join(parts)


def hostile() -> dict[str, bytes]:
    """Bombs, absurd headers and files of other kinds."""
    whole = seeds()
    zeros = zlib.compress(bytes(8 * 2**20), 9)
    jpeg, gif, bmp, tiff = (whole[kind] for kind in ("jpeg", "gif", "bmp", "tiff"))
    frame = jpeg.index(b"\xff\xc0") + 5
    canvas = struct.pack("<I", 10) + bytes(4) + b"\xff\xff\xff" * 2
    loop = tiff[:4] + struct.pack("<I", 8) + struct.pack("<HI", 0, 8)
    cases = {
        "empty": b"",
        "one-byte": b"\xff",
        "html": b"<!DOCTYPE html><html><title>404 Not Found</title></html>",
        "text": "Bjørn".encode() * 50,
        "zeros": bytes(4096),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "zip": b"PK\x03\x04" + bytes(64),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(64),
        "mp4": b"\x00\x00\x00\x20ftypisom" + bytes(64),
        "heic-header-only": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        "riff-wave": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(32),
        "png-bomb": png(100_000, 100_000, (b"IDAT", zeros), depth=1),
        "png-absurd": png(2**31 - 1, 2**31 - 1, (b"IDAT", zeros)),
        "png-0x0": png(0, 0, (b"IDAT", zeros)),
        "png-too-much-data": png(8, 8, (b"IDAT", zeros)),
        "png-too-little-data": png(4000, 4000, (b"IDAT", zlib.compress(bytes(9)))),
        "png-no-data": png(9, 9),
        "png-text-bomb": png(8, 8, (b"zTXt", b"a\0\0" + zeros), (b"IDAT", zeros)),
        "png-profile-bomb": png(8, 8, (b"iCCP", b"a\0\0" + zeros), (b"IDAT", zeros)),
        "jpeg-absurd": jpeg[:frame] + b"\xff\xff\xff\xff" + jpeg[frame + 4 :],
        "jpeg-tall": jpeg[:frame] + b"\x40\x00" + jpeg[frame + 2 :],
        "jpeg-0-high": jpeg[:frame] + b"\x00\x00" + jpeg[frame + 2 :],
        "jpeg-two-frames": jpeg[: frame - 5] + jpeg[frame - 5 : frame + 12] + jpeg[frame - 5 :],
        "jpeg-end-at-once": b"\xff\xd8\xff\xd9",
        "gif-absurd": gif[:6] + b"\xff\xff\xff\xff" + gif[10:],
        "gif-many-frames": gif[:-1] + gif[gif.index(b",") : -1] * 500 + b";",
        "bmp-absurd": bmp[:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + bmp[26:],
        "bmp-negative": bmp[:18] + struct.pack("<ii", -7, -(2**31)) + bmp[26:],
        "bmp-large": bmp[:18] + struct.pack("<ii", 6000, 6000) + bmp[26:],
        "webp-absurd": b"RIFF\x16\x00\x00\x00WEBPVP8X" + canvas,
        "tiff-loop": loop,
        "tiff-far-directory": tiff[:4] + struct.pack("<I", 2**32 - 2) + tiff[8:],
        "tiff-huge-count": tiff.replace(b"\x00\x01\x03\x00\x01", b"\x00\x01\x03\x00\xff"),
    }
    return cases | {f"{kind}-magic-only": data[:12] for kind, data in whole.items()}
