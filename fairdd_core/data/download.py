"""Fetching a data set's files, through torchvision and only when asked.

Files come into a folder of their own first and move to their place when all of them are there and sound. What
is interrupted can be started again: archives that arrived whole are recognised by their checksum and kept.
"""

from __future__ import annotations

import fcntl
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from fairdd_core.data.card import EMBEDDED, DatasetCard
from fairdd_core.data.image_store import Progress
from fairdd_core.data.registry import DATASETS
from fairdd_core.errors import UserError, lookup

ARCHIVES = (".gz", ".zip", ".txt")
LOCK = "lock"
POLL_SECONDS = 0.3
ROOM = 2.5
"""Times the known size that must be free: the archive, and what it unpacks to."""


def download(name: str, data_dir: Path, progress: Progress | None = None) -> Path:
    """Fetch the files of a data set into the data folder; nothing happens when they are there.

    Args:
        name: of the data set.
        data_dir: the data folder; it is made when it is not there.
        progress: told, from another thread, bytes so far, bytes in all (0 when not known) and what is going
            on.

    Returns:
        The data folder.

    Raises:
        UserError: when torchvision cannot fetch it, there is no connection, the disk is too full, or somebody
            else is fetching it; the message says how to fetch the files by hand.
    """
    card = lookup(DATASETS, name, "data.dataset")
    if not card.missing(data_dir):
        return data_dir
    if not card.torchvision:
        raise UserError("data.dataset", "a data set that can be downloaded", name, card.fetch)
    staging = _staging(card, data_dir)
    try:
        staging.mkdir(parents=True, exist_ok=True)
        _check_room(card, data_dir)
        with _alone(staging, name), _watched(staging, card, progress):
            _fetch(card, staging)
            _move(staging, data_dir)
    except OSError as error:
        raise UserError("data.dataset", f"a data folder that can be written, {data_dir}", error) from error
    shutil.rmtree(staging, ignore_errors=True)
    card.check_files(data_dir, name)
    return data_dir


def arrived(card: DatasetCard, data_dir: Path) -> tuple[int, int]:
    """Return how many bytes of a download have arrived, and how many there are in all (0 when not known)."""
    total, done = sum(file.size for file in card.files), _size(_staging(card, data_dir))
    return min(done, total) if total else done, total


def _staging(card: DatasetCard, data_dir: Path) -> Path:
    return data_dir / f".download-{Path(card.files[0].path).parts[0]}"


def _fetch(card: DatasetCard, staging: Path) -> None:
    module, fetcher = card.torchvision.split(":")
    # Half-unpacked files and folders of an earlier attempt would pass for whole ones.
    for path in sorted(staging.rglob("*"), reverse=True):
        if path.is_dir():
            with suppress(OSError):  # archives lie in it
                path.rmdir()
        elif path.suffix not in ARCHIVES and path.name != LOCK:
            path.unlink()
    try:
        getattr(import_module(module), fetcher)(str(staging), download=True)
    except ModuleNotFoundError as error:
        raise _refusal(card, error, f"Install it: pip install {card.needs or error.name}.") from error
    except Exception as error:  # URL errors, HTTP statuses, wrong checksums, full disks, broken archives
        if isinstance(error, OSError) and error.errno and not _is_network(error):
            raise
        if card.needs and card.needs in str(error):
            raise _refusal(card, error, f"Install it: pip install {card.needs}.") from error
        raise _refusal(card, error, "Is there a connection? What has arrived is kept; try again.") from error


def _is_network(error: OSError) -> bool:
    from urllib.error import URLError

    return isinstance(error, URLError | ConnectionError | TimeoutError)


def _refusal(card: DatasetCard, error: Exception, advice: str) -> UserError:
    text = str(error).strip().splitlines()
    return UserError(
        "data.dataset",
        f"the files of {card.title} to arrive whole",
        text[-1] if text else type(error).__name__,
        f"{advice} Or by hand: {card.fetch} {EMBEDDED} needs no files.",
    )


def _check_room(card: DatasetCard, data_dir: Path) -> None:
    wanted = int(ROOM * sum(file.size for file in card.files))
    free = shutil.disk_usage(data_dir).free
    if free < wanted:
        expected = f"{wanted / 1e9:.1f} GB free for {card.title}"
        raise UserError("data.dataset", expected, f"{free / 1e9:.1f} GB in {data_dir}")


@contextmanager
def _alone(staging: Path, name: str) -> Iterator[None]:
    """Hold the lock of a download."""
    with (staging / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            expected = "one download of it at a time"
            raise UserError("data.dataset", expected, f"another one of {name}, still at work") from None
        yield


@contextmanager
def _watched(staging: Path, card: DatasetCard, progress: Progress | None) -> Iterator[None]:
    """Tell ``progress`` now and then how much has arrived."""
    if progress is None:
        yield
        return
    tell: Callable[[int, int, str], None] = progress
    done = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            tell(*arrived(card, staging.parent), f"Downloading {card.title}")

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # renamed meanwhile
            continue
    return total


def _move(staging: Path, data_dir: Path) -> None:
    """Put what was unpacked in its place: whole folders where they are new, else file by file."""
    for folder in staging.iterdir():
        if not folder.is_dir():
            continue
        for archive in [path for path in folder.rglob("*") if path.suffix in {".gz", ".zip"}]:
            archive.unlink()
        target = data_dir / folder.name
        if not target.exists():
            folder.rename(target)
            continue
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            place = target / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
