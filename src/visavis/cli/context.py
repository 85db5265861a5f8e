"""From options to open galleries and recognizers, closed again when the command ends."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from visavis.cli.console import note
from visavis.errors import ConfigError

if TYPE_CHECKING:
    from visavis.gallery.collection import Collection
    from visavis.gallery.gallery import Gallery
    from visavis.recognizer import Recognizer
    from visavis.settings import Settings


def has_master_key(settings: "Settings") -> bool:
    """Whether a master key is there to be read, wherever it comes from."""
    given = settings.master_key is not None or settings.master_key_command is not None
    return given or settings.master_key_file.exists()


@contextmanager
def open_gallery(settings: "Settings", *, create: bool = False) -> Iterator["Gallery"]:
    """The gallery alone. Raises ConfigError when there is none and `create` is false.

    Commands that only read do not make a gallery, lest a mistyped path answer "nobody".
    """
    from visavis.build import build_gallery
    from visavis.gallery import DATABASE

    if not create and not (settings.gallery / DATABASE).is_file():
        raise ConfigError(
            f"no gallery in {settings.gallery}: enrol somebody first, or name another folder "
            "with --gallery"
        )
    new_key = not has_master_key(settings)
    with build_gallery(settings) as gallery:
        if new_key:
            note(
                f"made the master key {settings.master_key_file}. Without it nobody can open this "
                "gallery again: keep a copy elsewhere with `visavis keys export`."
            )
        yield gallery


@contextmanager
def open_collection(settings: "Settings") -> Iterator["Collection"]:
    """The collection, whatever model it holds; no model is loaded. Raises UnknownSubject."""
    with open_gallery(settings) as gallery:
        yield gallery.open_collection(settings.collection)


@contextmanager
def open_recognizer(settings: "Settings", *, create: bool = False) -> Iterator["Recognizer"]:
    """A recognizer on the gallery. Raises ConfigError or UnknownSubject when the gallery or the
    collection does not exist and `create` is false.
    """
    from visavis.build import build_pipeline
    from visavis.recognizer import Recognizer

    with ExitStack() as stack:
        gallery = stack.enter_context(open_gallery(settings, create=create))
        keep_crops = settings.keep_crops
        if not create:  # who only asks changes nothing about the collection
            keep_crops = gallery.open_collection(settings.collection).keep_crops
        yield Recognizer(
            build_pipeline(settings),
            gallery,
            collection=settings.collection,
            policy=settings.policy,
            keep_crops=keep_crops,
        )
