"""What the pages say: decisions, reasons and rates in plain words."""

import math
from collections.abc import Mapping
from typing import Final

from visavis.client.decisions import Threshold
from visavis.client.errors import ServiceError
from visavis.client.faces import Liveness
from visavis.errors import VisavisError

DECISIONS: Final[Mapping[str, str]] = {
    "match": "Match",
    "unknown": "Unknown",
    "ambiguous": "Too close to call",
    "low_quality": "Unfit",
    "not_live": "Not live",
}
MEANINGS: Final[Mapping[str, str]] = {
    "match": "One enrolled person reaches the threshold and leads the others clearly.",
    "unknown": "Nobody enrolled reaches the threshold.",
    "ambiguous": "Two people are enrolled who are nearly as alike: no name is given.",
    "low_quality": "The face is too poor to decide by.",
    "not_live": "The face seems to be a picture, a screen or a mask.",
}
REASONS: Final[Mapping[str, str]] = {
    "too_small": "the face is too small: come closer",
    "blurred": "the face is blurred",
    "too_dark": "the face is too dark",
    "too_bright": "the face is too bright",
    "low_contrast": "the face has too little contrast",
    "turned": "the head is turned too far",
    "tilted": "the head looks too far up or down",
    "rolled": "the head is tilted too far",
    "cut_off": "the face is cut off by the edge",
    "low_score": "the face is unfit in several ways",
    "no_frames": "no frame arrived",
    "unfinished": "the challenge was not finished",
    "no_frontal_start": "there was no steady look ahead at the start",
    "face_lost": "the face left the picture",
    "step_time": "a step took too long",
    "total_time": "the whole took too long",
    "expired": "the challenge is too old",
    "already_answered": "the challenge was answered already",
    "repeated_frame": "frames repeat themselves, as those of a recording do",
    "time_not_rising": "frames came out of order",
    "wrong_step": "another movement was made than the one asked for",
    "hold_too_short": "a position was not held long enough",
    "flat_turn": "the head turned as a flat picture does",
    "cut": "the picture jumped, as a cut film does",
    "another_person": "the face changed to another person",
    "no_match": "the face is not that of the named person",
    "not_live": "frames look like a picture or a screen",
}
REFUSALS: Final[Mapping[str, str]] = {
    "no_face": "No face was found in the photo.",
    "many_faces": "There are several faces. Use a photo of one person.",
    "forbidden": "Your API key does not allow this.",
    "unauthorized": "Your API key is no longer valid. Sign in again.",
    "overloaded": "The service is busy. Try again in a moment.",
    "too_slow": "The service is busy. Try again in a moment.",
    "rate_limited": "Too many requests with this key. Try again in a moment.",
    "backed_off": "Too many failed tries. Wait before the next one.",
    "bad_image": "This file is no picture that can be read.",
    "image_too_large": "This picture is too large.",
    "request_too_large": "These pictures are too large together.",
    "unreachable": "The service does not answer.",
    "photos_disagree": "It does not show the person that the other photos show.",
    "too_close": "It is too like another enrolled person.",
}
PROMPTS: Final[Mapping[str, str]] = {
    "settle": "Look straight ahead",
    "left": "Turn your head to the left",
    "right": "Turn your head to the right",
    "up": "Look up",
    "down": "Look down",
    "closer": "Come closer",
    "hold": "Hold it",
    "back": "Back to the middle",
    "done": "Done",
    "refused": "It did not work",
}
RATES: Final = (1e-3, 1e-4, 1e-5, 1e-6)


def refusal(error: VisavisError) -> str:
    """What went wrong, as one sentence or two."""
    code = error.code
    if code == "forbidden" and isinstance(error, ServiceError):
        return sentence(f"{REFUSALS[code][:-1]}: {str(error).replace('this API key', 'it')}")
    if code == "low_quality" and isinstance(error, ServiceError):
        told = [REASONS.get(str(r), str(r)) for r in error.details.get("reasons", ())]
        if told:
            return sentence(f"the photo is unfit: {', '.join(told)}")
    if code in REFUSALS:
        return REFUSALS[code]
    return sentence(str(error) or code)


def reasons(codes: tuple[str, ...]) -> str:
    """Codes in words, by commas; those that are not known stand as they are."""
    return ", ".join(REASONS.get(code, code.replace("_", " ")) for code in codes)


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    text = text.strip()
    end = "" if text.endswith((".", "!", "?")) else "."
    return f"{text[:1].upper()}{text[1:]}{end}"


def one_in(rate: float) -> str:
    """1e-4 is `1 in 10,000`; the figure is rounded to two places that count."""
    if rate >= 1:
        return "everybody"
    times = 1 / rate
    digits = max(math.floor(math.log10(times)) - 1, 0)
    return f"1 in {round(times / 10**digits) * 10**digits:,.0f}"


def false_match(rate: float) -> str:
    """What a false-match rate means."""
    return f"{one_in(rate)} pairs of strangers would pass as one person"


def false_name(rate: float) -> str:
    """What a false-positive identification rate means."""
    return f"{one_in(rate)} strangers would be given a name"


def stands_for(threshold: Threshold, identification: bool = False) -> str:
    """The error rate behind a threshold."""
    if threshold.rate is None:
        return "The threshold was set by hand and stands for no stated error rate"
    means = (false_name if identification else false_match)(threshold.rate)
    beyond = " (beyond what was measured, from a fitted tail)" if threshold.extrapolated else ""
    return f"At this threshold {means}{beyond}"


def liveness(found: Liveness | None) -> tuple[str, str]:
    """What a check said, and how it is to look: `good`, `bad` or `quiet`."""
    match found:
        case None:
            return "not checked", "quiet"
        case Liveness(live=None):
            return "cannot tell", "quiet"
        case Liveness(live=True):
            return "live", "good"
        case _:
            like = found.species.replace("_", " ") if found.species else ""
            return f"not live, looks like {like}" if like else "not live", "bad"


def quality(score: float) -> tuple[str, str]:
    """A quality in a word, and how it is to look."""
    if score >= 0.6:
        return "good", "good"
    return ("fair", "quiet") if score >= 0.35 else ("poor", "bad")


def count(number: int, noun: str, many: str | None = None) -> str:
    """`1 photo`, `2 photos`."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
