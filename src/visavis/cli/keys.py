"""keys: rotate, export, import."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.console import answer, note, progress
from visavis.cli.options import GalleryOption, JsonOption, examples
from visavis.cli.passphrase import PassphraseFileOption, PassphraseOption, passphrase

if TYPE_CHECKING:
    from visavis.gallery.vault import Keyring
    from visavis.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command(epilog=examples("visavis keys rotate", "visavis keys rotate --retire"))
def rotate(
    retire: Annotated[
        bool,
        typer.Option(
            "--retire",
            help="Remove the old key at the end: when no other process still works with it.",
        ),
    ] = False,
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put everything under a new master key. Templates are not touched.

    Where the master key is a file, a new key is put first in it. The old one
    stays behind it for other processes that have the gallery open, until you
    have restarted them and run this with --retire. A run that was interrupted
    goes on when repeated.

    Where the key comes from the environment or a command, put the new one there
    first (new,old), then run this, then remove the old one there.
    """
    from visavis.build import build_keyring
    from visavis.cli.context import open_gallery
    from visavis.cli.words import count, verdict
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery)
    with open_gallery(settings) as found, progress("re-wrapping keys") as advance:
        ring = _prepared(settings, build_keyring(settings), retire)
        moved = found.rotate(ring, advance)
        if retire:
            found.keys.check(ring.only_active())
            ring.only_active().save(settings.master_key_file)
    answer(
        as_json,
        {"active": ring.active_id, "rewrapped": moved, "retired": retire},
        lambda: verdict(True, f"{count(moved, 'key')} re-wrapped under {ring.active_id}"),
    )
    if not retire:
        note("the old key still opens the gallery: `visavis keys rotate --retire` removes it")


def _prepared(settings: "Settings", ring: "Keyring", retire: bool) -> "Keyring":
    """The keyring to rotate to: with a new key, saved before anything is under it.

    A file of several keys is that of a rotation begun before, which goes on.
    """
    from visavis.errors import ConfigError

    if _in_file(settings):
        if len(ring.ids) < 2:
            ring = ring.rotated()
            ring.save(settings.master_key_file)
        return ring
    if retire or len(ring.ids) < 2:
        raise ConfigError(
            "the master key does not come from a file of Visavis: put a new key before the present "
            "one (new,old) where it comes from, rotate, then remove the old one there"
        )
    return ring


def _in_file(settings: "Settings") -> bool:
    return settings.master_key is None and settings.master_key_command is None


@app.command(
    epilog=examples(
        "visavis keys export keys.visavis --passphrase",
        "visavis keys export keys.visavis --passphrase-file secret.txt",
    )
)
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to write.")],
    ask: PassphraseOption = False,
    file: PassphraseFileOption = None,
    master_only: Annotated[
        bool,
        typer.Option(
            "--master-only", help="Leave out the subjects' keys, so that forgetting holds."
        ),
    ] = False,
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the keys to a file under a passphrase, to keep in another place.

    With `gallery backup` and this file a lost machine can be replaced. It holds
    the subjects' keys too, so someone forgotten later is not forgotten by it.
    """
    from visavis.build import build_keyring
    from visavis.cli.context import open_gallery
    from visavis.cli.words import verdict
    from visavis.gallery.keyfile import export_keys
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery)
    secret = passphrase(ask, file, new=True)
    with open_gallery(settings) as found:
        store = None if master_only else found.keys
        owners = 0 if store is None else len(store.owners())
        export_keys(out, secret, build_keyring(settings), store)
    answer(
        as_json,
        {"out": str(out), "data_keys": owners},
        lambda: verdict(True, f"the master key and {owners} data keys are in {out}"),
    )


@app.command(
    "import", epilog=examples("visavis keys import keys.visavis --passphrase-file secret.txt")
)
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="An export.")
    ],
    ask: PassphraseOption = False,
    file: PassphraseFileOption = None,
    gallery: GalleryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring keys back from an export: the master key, and data keys that are missing.

    A master key that is already here is never replaced. Subjects forgotten since
    the export get their keys back only where their rows are still there.
    """
    from visavis.cli.words import count, verdict
    from visavis.gallery.keyfile import import_keys
    from visavis.gallery.keystore import KeyStore
    from visavis.settings import Settings

    settings = Settings.load(gallery=gallery)
    ring, rows = import_keys(source, passphrase(ask, file, new=False))
    with closing(KeyStore(settings.key_store, ring)) as store:
        made = _install(settings, ring)
        restored = store.restore(rows)
    key = "the master key is back" if made else "the master key was here"
    answer(
        as_json,
        {"master_key": "written" if made else "present", "restored": restored},
        lambda: verdict(True, f"{key}, {count(restored, 'data key')} restored"),
    )


def _install(settings: "Settings", ring: "Keyring") -> bool:
    """Writes the master key where there is none; true if it did.

    Raises ConfigError where another master key is in use: that is for its owner to decide.
    """
    from visavis.build import build_keyring
    from visavis.errors import ConfigError

    if _in_file(settings) and not settings.master_key_file.exists():
        ring.save(settings.master_key_file)
        return True
    if build_keyring(settings).active_id not in ring.ids:
        raise ConfigError(
            "another master key is in use here than in the export: move "
            f"{settings.master_key_file} away, or unset VISAVIS_MASTER_KEY, then import again"
        )
    return False
