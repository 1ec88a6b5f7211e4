"""Fetching a data set from a server of our own: whole, cut short, changed, away, twice."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fairdd_core.__main__ import main
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.data import download as module
from fairdd_core.data.download import download
from fairdd_core.data.registry import DATASETS, load
from fairdd_core.errors import UserError
from tests.data.archives import write_idx

NAME = "colored-fashion-fg"


class Quiet(SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, list[str]]]:
    """Serve packed IDX files in place of Fashion-MNIST's; return their folder and what was asked for."""
    import hashlib

    from torchvision.datasets import FashionMNIST

    served = tmp_path / "served"
    write_idx(served, packed=True)
    sums = [
        (file, hashlib.md5((served / file).read_bytes()).hexdigest()) for file, _ in FashionMNIST.resources
    ]
    monkeypatch.setattr(FashionMNIST, "resources", sums)
    monkeypatch.setattr(Quiet, "asked", [], raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served))) as http:
        monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{http.server_address[1]}/"])
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield served, Quiet.asked
        http.shutdown()


def test_what_was_downloaded_can_be_loaded(server: tuple[Path, list[str]], tmp_path: Path) -> None:
    data_dir, reported = tmp_path / "data", []
    assert download(NAME, data_dir, lambda *now: reported.append(now)) == data_dir
    assert sorted(path.name for path in (data_dir / "FashionMNIST" / "raw").iterdir()) == sorted(
        Path(file.path).name for file in DATASETS[NAME].files
    )
    assert [path.name for path in data_dir.iterdir()] == ["FashionMNIST"], "nothing else is left"
    assert len(load(DataSpec(dataset=NAME), 0, data_dir).train) == 200
    asked = len(server[1])
    download(NAME, data_dir)
    assert len(server[1]) == asked, "nothing to do"
    assert all("Fashion" in note for _, _, note in reported)


def test_a_cut_download_goes_on_where_it_stopped(server: tuple[Path, list[str]], tmp_path: Path) -> None:
    served, asked = server
    data_dir, last = tmp_path / "data", "t10k-labels-idx1-ubyte.gz"
    whole = (served / last).read_bytes()
    (served / last).write_bytes(whole[:20])
    with pytest.raises(UserError, match="try again") as caught:
        download(NAME, data_dir)
    assert "zalandoresearch" in caught.value.hint, "how to do it by hand"
    assert not (data_dir / "FashionMNIST").exists(), "half a data set is not in place"
    (served / last).write_bytes(whole)
    asked.clear()
    download(NAME, data_dir)
    assert {path.strip("/") for path in asked} == {last}, "what arrived whole is kept"
    assert len(load(DataSpec(dataset=NAME), 0, data_dir).train) == 200


def test_half_unpacked_files_do_not_pass_for_whole(server: tuple[Path, list[str]], tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    raw = data_dir / ".download-FashionMNIST" / "FashionMNIST" / "raw"
    write_idx(raw, 3, 3)
    download(NAME, data_dir)
    assert len(load(DataSpec(dataset=NAME), 0, data_dir).train) == 200


def test_a_changed_file_is_refused(server: tuple[Path, list[str]], tmp_path: Path) -> None:
    served = server[0]
    file = served / "train-labels-idx1-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(UserError, match="the complete files"):
        download(NAME, tmp_path / "data")


def test_missing_files_are_added_to_what_is_there(server: tuple[Path, list[str]], tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    download(NAME, data_dir)
    (data_dir / "FashionMNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    note = data_dir / "FashionMNIST" / "note.txt"
    note.write_text("mine")
    download(NAME, data_dir)
    assert len(load(DataSpec(dataset=NAME, test_groups="dealt"), 0, data_dir).test) == 100
    assert note.read_text() == "mine"


def test_without_a_connection_it_says_what_to_fetch_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from torchvision.datasets import FashionMNIST

    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    monkeypatch.setenv("FAIRDD_DATA", str(tmp_path))
    assert main(["data", "download", NAME]) == 2
    message = capsys.readouterr().err
    assert "Is there a connection?" in message
    assert "unpack them and put them into FashionMNIST/raw" in message
    assert "Traceback" not in message


def test_two_at_a_time_and_a_full_disk_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staging = tmp_path / ".download-FashionMNIST"
    staging.mkdir()
    with (staging / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="one download at a time"):
            download(NAME, tmp_path)
    monkeypatch.setattr(module, "ROOM", 1e9)
    with pytest.raises(UserError, match="GB free"):
        download(NAME, tmp_path)


@pytest.mark.parametrize(
    ("name", "words"), [("utkface", "susanqq"), ("bffhq", "kakaoenterprise"), ("x", "utkface")]
)
def test_what_cannot_be_downloaded_says_where_it_is(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        download(name, tmp_path)
