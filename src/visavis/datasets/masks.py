"""Simulated masks on a wearer's face: a printed face with holes for the eyes, and a flat one.

A mask is drawn in place: the picture stays as large as it was, what lies beyond the mask stays as
it is. Shapes follow a `Head`; everything random comes from the caller's generator.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.datasets import distortions as d
from visavis.datasets.heads import Head, Points
from visavis.datasets.paper import bend, check_photo, crease, fibres, field, grain, shaded
from visavis.types import Face, Floats, Image

_MIDDLE: Final = (0.0, 0.55)  # of a face, in a head's coordinates
_EYE: Final = 0.07  # radius about an eye's middle that no shadow reaches, in a head's units


def cutout(photo: Image, face: Face, rng: np.random.Generator) -> Image:
    """A print worn before the face with the eyes cut out: real eyes through the holes.

    A face cut from paper, one with its hair, or a sheet that may fill the picture. The print is
    paler or stronger than life, a little larger, turned or shifted, bent, folded, fibrous, and
    casts a shadow at its edge; paper shows white where it is cut. The middle of each eye stays as
    it was. Raises InputError for no RGB picture.
    """
    check_photo(photo)
    head, plain = Head(face.landmarks), float(rng.uniform())
    worn = _filled(photo, head.pixels(_cut_paper(head, rng)), 0.5)
    for eye in head.local(face.landmarks[:2]):
        worn *= 1 - _filled(photo, head.pixels(_hole(eye, rng)), 0.4)
    sheet = _print(photo, head, plain, rng)
    stops = (0.01 + 0.09 * plain * rng.random()) * fibres(photo.shape, rng.uniform(0.4, 2), rng)
    stops += bend(photo.shape, rng.uniform(0, 0.35), rng)
    stops += _rounded(head, photo, rng)
    for _ in range(int(rng.choice((0, 1, 2), p=(0.6, 0.3, 0.1)))):
        stops += crease(photo.shape, rng.uniform(0.03, 0.4), rng)
    sheet = shaded(sheet, np.asarray(stops, np.float32))
    white = rng.uniform(0.5, 0.97) * _white(photo) * np.array((1, 0.99, 0.97))
    edge = _rim(worn, rng.uniform(0.004, 0.025) * head.unit) * np.float32(rng.uniform(0.1, 1))
    sheet = _over(sheet, edge, np.broadcast_to(np.rint(white).astype(np.uint8), photo.shape))
    return _over(_shadowed(photo, worn, head, plain, rng), worn, sheet)


def flat(photo: Image, face: Face, rng: np.random.Generator) -> Image:
    """The face under latex or resin: skin's fine texture gone, shading that of a smooth solid
    under one light, a sheen, a tone off skin, an edge round the face and often round the eyes.

    Raises InputError for no RGB picture.
    """
    check_photo(photo)
    head, plain = Head(face.landmarks), 0.2 + 0.8 * float(rng.uniform())
    worn = _filled(photo, head.pixels(_oval(head, rng)), rng.uniform(0.006, 0.04) * head.unit)
    if rng.random() < 0.6:
        for eye in head.local(face.landmarks[:2]):
            worn *= 1 - _filled(photo, head.pixels(_hole(eye, rng)), 0.015 * head.unit)
    light, sheen = _light(photo, head, rng)
    rim = _rim(worn, rng.uniform(0.01, 0.05) * head.unit) * np.float32(rng.uniform(0, 0.8))
    skin = shaded(_smooth(photo, head, plain, rng), light * np.float32(0.3 + 0.5 * plain) - rim)
    tint = 1 + rng.normal(0, 0.02 + 0.09 * plain, 3)
    skin = d.saturation(d.cast(skin, *tint.tolist()), float(rng.uniform(0.4, 1.25)))
    gloss = sheen * np.float32(rng.uniform(0, 0.55) * _white(photo))
    skin = np.asarray(cv2.add(skin, cv2.merge([gloss] * 3), dtype=cv2.CV_8U), np.uint8)
    return _over(_shadowed(photo, worn, head, 0.5 * plain, rng), worn, skin)


def _cut_paper(head: Head, rng: np.random.Generator) -> Points:
    """What is worn, (N, 2) local: a face, perhaps with hair, a sheet, one beyond the picture."""
    kind = rng.choice(("face", "sheet", "beyond"), p=(0.45, 0.3, 0.25))
    if kind == "face":
        return _oval(head, rng)
    reach = 30.0 if kind == "beyond" else 1.0
    left, right, top, low = rng.uniform((1.2, 1.2, 1.3, 1.8), (2.0, 2.0, 2.2, 2.6)) * reach
    corners = np.array([(-left, -top), (right, -top), (right, low), (-left, low)])
    lean = math.radians(rng.normal(0, 4))
    turn = np.array([(math.cos(lean), math.sin(lean)), (-math.sin(lean), math.cos(lean))])
    return np.asarray(corners @ turn + rng.normal(0, 0.03, (4, 2)))


def _oval(head: Head, rng: np.random.Generator) -> Points:
    """A face's outline, cut by hand, (N, 2) local: forehead to chin, or with the hair."""
    angle = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    wide, top, low = rng.uniform(0.9, 1.2), rng.uniform(0.7, 1.5), rng.uniform(1.45, 1.85)
    power = rng.uniform(0.75, 1.0)
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power * wide
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    y = np.where(y < 0, y * top, y * low)
    wobble = rng.normal(0, 0.012, (angle.size, 2)).cumsum(axis=0) * 0.4
    wobble -= np.linspace(0, 1, angle.size)[:, None] * wobble[-1]
    return np.asarray(np.stack([x + head.axis * 0.9, y], axis=1) + wobble)


def _hole(eye: NDArray[np.float64], rng: np.random.Generator) -> Points:
    """A hole about an eye, (N, 2) local: an almond, an ellipse or a few straight cuts."""
    corners = int(rng.choice((6, 9, 30)))
    angle = np.linspace(0, 2 * math.pi, corners, endpoint=False) + rng.uniform(0, 0.3)
    size = np.array((rng.uniform(0.26, 0.44), rng.uniform(0.13, 0.28)))
    radius = 1 + rng.normal(0, 0.05, (corners, 1))
    return np.asarray(eye + np.stack([np.cos(angle), np.sin(angle)], axis=1) * size * radius)


def _print(photo: Image, head: Head, plain: float, rng: np.random.Generator) -> Image:
    """The photo as ink on paper, laid a little off the face it shows."""
    made = d.low_resolution(photo, float(rng.uniform(1, 1 + 1.6 * plain)))
    floor, white = 0.03 + 0.2 * plain * rng.random(), rng.uniform(0.8, 1)
    x = np.arange(256) / 255
    curve = floor + (white - floor) * x ** float(rng.uniform(0.75, 1.3))
    made = np.asarray(cv2.LUT(made, np.rint(255 * curve).astype(np.uint8)), np.uint8)
    made = d.saturation(made, float(1 + plain * rng.uniform(-0.6, 0.3)))
    cast = 1 + rng.normal(0, 0.015 + 0.04 * plain, 3)
    made = d.cast(made, *cast.tolist())
    noise = grain(photo.shape, rng) * np.float32(plain * rng.uniform(0, 0.1))
    made = shaded(made, noise)
    centre = head.pixels([_MIDDLE])[0].tolist()
    size, turn = 1 + plain * rng.uniform(-0.04, 0.1), plain * rng.normal(0, 3)
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, turn, size), np.float64)
    matrix[:, 2] += plain * rng.normal(0, 0.04, 2) * head.unit
    moved = cv2.warpAffine(made, matrix, photo.shape[1::-1], borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)


def _rounded(head: Head, photo: Image, rng: np.random.Generator) -> Floats:
    """Light on a sheet bent round the head: stops lost towards its sides, more at one."""
    x = _local(head, photo, 1)[0] - np.float32(head.axis + rng.uniform(-0.5, 0.5))
    return np.asarray(np.float32(-rng.uniform(0, 0.6)) * np.minimum(x * x, 2), np.float32)


def _smooth(photo: Image, head: Head, plain: float, rng: np.random.Generator) -> Image:
    """Features kept, texture and some of the shading gone: a guided filter of luma on itself
    (He, Sun and Tang, ECCV 2010), colour blurred, and a little of a cast's own coarse grain.
    """
    size = (2 * max(round(head.unit * rng.uniform(0.05, 0.12)), 2) + 1,) * 2
    weak = np.float32((rng.uniform(8, 30) * plain) ** 2)
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.float32)
    mean = np.asarray(cv2.boxFilter(grey, -1, size), np.float32)
    variance = cv2.boxFilter(grey * grey, -1, size) - mean * mean
    slope = variance / (variance + weak)
    kept = cv2.boxFilter(slope, -1, size) * grey + cv2.boxFilter(mean * (1 - slope), -1, size)
    kept += np.float32(plain * rng.uniform(0, 2.5)) * field(grey.shape, rng.uniform(15, 60), rng)
    kept *= _evened(mean, head, plain * rng.uniform(0, 0.9))
    colour = np.asarray(cv2.blur(photo, size), np.float32)
    share = cv2.merge([kept / np.maximum(mean, 1)] * 3)
    return np.asarray(cv2.multiply(colour, share, dtype=cv2.CV_8U), np.uint8)


def _evened(luma: Floats, head: Head, power: float) -> Floats:
    """The gain that takes shading from a face as far as `power` goes, 1 for all of it."""
    side = 2 * round(head.unit * 0.35) + 1
    wide = np.maximum(cv2.boxFilter(luma, -1, (side, side)), 8)
    x, y = np.clip(head.landmarks[2], 0, np.array(luma.shape[::-1]) - 1).astype(int)
    return np.asarray(cv2.pow(wide / wide[y, x], -power), np.float32)


def _light(photo: Image, head: Head, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Stops and highlight (0..1) of one light on the head's solid, an ellipsoid with a nose:
    Lambert's law and the half-vector lobe of Blinn ("Models of light reflection for computer
    synthesized pictures", SIGGRAPH 1977). Smooth, so made at half the size.
    """
    x, y = _local(head, photo, 2)
    nose = head.local(head.landmarks[2:3])[0].astype(np.float32)
    u, v = x - nose[0], y - nose[1] + np.float32(0.1)
    bump = np.exp(-12 * (u * u + v * v / 2))
    x, y = (x - np.float32(head.axis)) / np.float32(1.25), (y - np.float32(0.3)) / np.float32(1.7)
    z = np.sqrt(np.maximum(1 - x * x - y * y, np.float32(0.04)))
    x, y = x + np.float32(2.5) * u * bump, y + v * bump
    size = np.sqrt(x * x + y * y + z * z)
    towards = np.array((rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.3), 1), np.float32)
    towards /= np.linalg.norm(towards)
    half = towards + np.array((0, 0, 1), np.float32)
    half /= np.linalg.norm(half)
    facing, lobe = (
        np.maximum((x * way[0] + y * way[1] + z * way[2]) / size, 0) for way in (towards, half)
    )
    ambient = np.float32(rng.uniform(0.25, 0.7))
    stops = np.log2(ambient + (1 - ambient) * facing)
    shine = cv2.pow(lobe, 8 * 12 ** float(rng.random()))
    wide = [
        cv2.resize(f, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR) for f in (stops, shine)
    ]
    return np.asarray(wide[0], np.float32), np.asarray(wide[1], np.float32)


def _shadowed(
    photo: Image, worn: Floats, head: Head, plain: float, rng: np.random.Generator
) -> Image:
    """The shadow that a mask casts: beside its outline and within its holes, not on the eye."""
    reach = max(rng.uniform(0.02, 0.08) * head.unit, 0.6)
    x, y = rng.normal(0, 0.7, 2) * reach
    moved = cv2.warpAffine(worn, np.array([(1, 0, x), (0, 1, y)]), worn.shape[::-1])
    dark = np.asarray(cv2.GaussianBlur(moved, (0, 0), reach), np.float32)
    for eye in head.landmarks[:2]:
        _clear(dark, eye, _EYE * head.unit)
    return shaded(photo, dark * np.float32(-0.2 - 1.6 * plain * rng.random()))


def _clear(dark: Floats, middle: Floats, radius: float) -> None:
    """Takes shadow off a disc, and gradually less of it out to twice its radius."""
    end = np.array(dark.shape[::-1])
    left, top = np.clip(middle - 2 * radius, 0, end).astype(int)
    right, low = np.clip(middle + 2 * radius + 1, 0, end).astype(int)
    x, y = np.arange(left, right) - middle[0], np.arange(top, low) - middle[1]
    far = np.hypot(x[None], y[:, None]) / radius
    dark[top:low, left:right] *= np.clip(far - 1, 0, 1).astype(np.float32)


def _local(head: Head, photo: Image, step: int) -> tuple[Floats, Floats]:
    """x and y in the head's coordinates of every pixel, or of one in `step` each way."""
    origin, right, down = head.local([(0, 0), (1, 0), (0, 1)])
    rows, columns = (-(-side // step) for side in photo.shape[:2])
    i = np.arange(columns)[None] * step + (step - 1) / 2
    j = np.arange(rows)[:, None] * step + (step - 1) / 2
    x, y = (
        (origin[k] + (right - origin)[k] * i).astype(np.float32)
        + ((down - origin)[k] * j).astype(np.float32)
        for k in (0, 1)
    )
    return x, y


def _filled(photo: Image, outline: Points, soft: float) -> Floats:
    """(H, W) how far each pixel lies within the outline, 0..1, its edge `soft` pixels wide."""
    canvas = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillPoly(canvas, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    if soft > 0.3:
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), soft), np.uint8)
    return np.asarray(canvas * np.float32(1 / 255), np.float32)


def _rim(worn: Floats, width: float) -> Floats:
    """(H, W) 1 on the rim of the mask, `width` pixels into it."""
    inner = cv2.GaussianBlur(worn, (0, 0), max(width, 0.5))
    return np.asarray(np.clip(2 * (1 - inner), 0, 1) * worn, np.float32)


def _white(photo: Image) -> float:
    """The light of the picture: the value near its brightest tones."""
    return float(max(np.percentile(photo[::4, ::4], 95), 60))


def _over(under: Image, share: Floats, over: Image) -> Image:
    """A picture laid over another where `share` is 1."""
    return np.asarray(cv2.blendLinear(over, under, share, 1 - share), np.uint8)
