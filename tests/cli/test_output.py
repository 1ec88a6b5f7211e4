"""Where commands write, and how they end when they are interrupted."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from fairdd_core import __main__
from fairdd_core.cli.output import STDOUT, write_output
from fairdd_core.errors import UserError


def new(path: Path) -> None:
    path.write_bytes(b"new")


def full(path: Path) -> None:
    path.write_bytes(b"ne")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write_output(target, new)
    assert target.read_bytes() == b"new"
    target.write_bytes(b"old")
    with pytest.raises(UserError, match="No space left"):
        write_output(target, full)
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    with pytest.raises(UserError):
        write_output(tmp_path, new)


def test_links_and_devices_stay_what_they_are(tmp_path: Path) -> None:
    target, link, device = tmp_path / "target", tmp_path / "link", tmp_path / "device"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_output(link, new)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    device.symlink_to("/dev/null")
    write_output(device, new)
    assert device.is_symlink()
    assert Path("/dev/null").is_char_device()


def test_the_standard_output_takes_a_file(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_output(STDOUT, new)
    assert capfdbinary.readouterr().out == b"new"


def test_an_interrupted_command_leaves_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(__main__, "_run", lambda arguments: os.kill(os.getpid(), signal.SIGTERM))
    assert __main__.main([]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"
    assert signal.getsignal(signal.SIGTERM) == before
