"""Downloading the files of a data set through torchvision.

Files arrive in a staging folder and move to their place when all of them are complete. An interrupted
download can be repeated: complete archives are recognised by their checksum and kept.
"""

from __future__ import annotations

import fcntl
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from urllib.error import URLError

from fairdd_core.data.card import EMBEDDED, DatasetCard
from fairdd_core.data.image_store import Progress
from fairdd_core.data.registry import DATASETS
from fairdd_core.errors import UserError, lookup

ARCHIVES = (".gz", ".zip", ".txt")
LOCK = "lock"
NETWORK_ERRORS = (URLError, ConnectionError, TimeoutError)
POLL_SECONDS = 0.3
ROOM = 2.5
"""Multiple of the known size that must be free: the archive, and what it unpacks to."""


def download(name: str, data_dir: Path, progress: Progress | None = None) -> Path:
    """Download the files of a data set into the data folder, unless they are there.

    Args:
        name: of the data set.
        data_dir: the data folder; it is created if needed.
        progress: called from another thread with the bytes so far, all bytes (0 when unknown) and a note.

    Returns:
        The data folder.

    Raises:
        UserError: when torchvision does not have the data set, there is no connection, the disk is too full,
            or it is being downloaded already; the message says how to get the files by hand.
    """
    card = lookup(DATASETS, name, "data.dataset")
    if not card.absent(data_dir):
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
    """Return the bytes of a download so far, and all bytes (0 when unknown)."""
    total, done = sum(file.size for file in card.files), _size(_staging(card, data_dir))
    return min(done, total) if total else done, total


def _staging(card: DatasetCard, data_dir: Path) -> Path:
    return data_dir / f".download-{Path(card.files[0].path).parts[0]}"


def _fetch(card: DatasetCard, staging: Path) -> None:
    module, fetcher = card.torchvision.split(":")
    # Half-unpacked files of an earlier attempt would pass for complete ones.
    for path in sorted(staging.rglob("*"), reverse=True):
        if path.is_dir():
            with suppress(OSError):  # it contains archives
                path.rmdir()
        elif path.suffix not in ARCHIVES and path.name != LOCK:
            path.unlink()
    try:
        getattr(import_module(module), fetcher)(str(staging), download=True)
    except ModuleNotFoundError as error:
        raise _refusal(card, error, f"Install it: pip install {card.needs or error.name}.") from error
    except Exception as error:  # URL errors, HTTP statuses, wrong checksums, full disks, broken archives
        if isinstance(error, OSError) and error.errno and not isinstance(error, NETWORK_ERRORS):
            raise
        if card.needs and card.needs in str(error):
            raise _refusal(card, error, f"Install it: pip install {card.needs}.") from error
        raise _refusal(
            card, error, "Is there a connection? Complete archives are kept; try again."
        ) from error


def _refusal(card: DatasetCard, error: Exception, advice: str) -> UserError:
    text = str(error).strip().splitlines()
    return UserError(
        "data.dataset",
        f"the complete files of {card.title}",
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
    """Hold the lock of a download.

    Raises:
        UserError: when another process holds it.
    """
    with (staging / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError("data.dataset", "one download at a time", f"another one of {name}") from None
        yield


@contextmanager
def _watched(staging: Path, card: DatasetCard, progress: Progress | None) -> Iterator[None]:
    """Report progress every ``POLL_SECONDS``."""
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
    """Move what was unpacked: new folders as a whole, others file by file."""
    for folder in [path for path in staging.iterdir() if path.is_dir()]:
        for archive in [path for path in folder.rglob("*") if path.suffix in {".gz", ".zip"}]:
            archive.unlink()
        target = data_dir / folder.name
        if target.exists():
            shutil.copytree(folder, target, dirs_exist_ok=True, copy_function=shutil.move)
        else:
            folder.rename(target)
