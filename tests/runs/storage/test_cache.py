"""The cache of results: damage, two processes, removal by last use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairdd_core.runs.storage import cache as module
from fairdd_core.runs.storage.cache import ResultCache, code_version, key_of
from fairdd_core.workspace import Workspace
from tests.helpers import ROOT

KEY, OTHER = "a" * 64, "b" * 64
ARRAYS: dict[str, np.ndarray] = {
    "x": np.arange(6, dtype=np.int16).reshape(2, 3),
    "empty": np.zeros((0, 2), np.float32),
}


@pytest.fixture
def cache(tmp_path: Path) -> ResultCache:
    return ResultCache(Workspace(tmp_path))


def entry(cache: ResultCache, key: str = KEY) -> Path:
    return cache.path / f"{key}.safetensors"


def put(cache: ResultCache, key: str = KEY, n: int = 0) -> None:
    cache.put(key, {"x": np.zeros(n, np.uint8)} if n else ARRAYS, {"updates": 7}, "run-1", {"seed": 0})


def test_a_result_is_returned_as_it_was_kept(cache: ResultCache) -> None:
    assert cache.get(KEY) is None
    put(cache)
    kept = cache.get(KEY)
    assert kept is not None
    assert (kept.about, kept.run) == ({"updates": 7}, "run-1")
    assert {name: array.tobytes() for name, array in kept.arrays.items()} == {
        name: array.tobytes() for name, array in ARRAYS.items()
    }
    assert kept.arrays["x"].shape == (2, 3)
    assert cache.get(OTHER) is None


def test_every_changed_byte_is_noticed(cache: ResultCache) -> None:
    put(cache)
    whole = entry(cache).read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        entry(cache).write_bytes(bytes(damaged))
        kept = cache.get(KEY)
        if kept is not None:  # white space and the order of names mean nothing
            assert (kept.about, kept.run) == ({"updates": 7}, "run-1")
            assert np.array_equal(kept.arrays["x"], ARRAYS["x"])
            assert kept.arrays["x"].dtype == np.int16


@pytest.mark.parametrize("content", [b"", b"torn", None])
def test_a_damaged_file_is_removed_and_replaced(cache: ResultCache, content: bytes | None) -> None:
    put(cache)
    whole = entry(cache).read_bytes()
    entry(cache).write_bytes(whole[:-4] if content is None else content)
    assert cache.get(KEY) is None
    assert not entry(cache).exists()
    put(cache)
    assert cache.get(KEY) is not None


def test_a_folder_in_the_place_of_a_file_ends_no_run(cache: ResultCache) -> None:
    entry(cache).mkdir(parents=True)
    assert cache.get(KEY) is None
    put(cache)
    assert cache.get(KEY) is None


def test_a_file_under_another_key_is_not_believed(cache: ResultCache) -> None:
    put(cache)
    entry(cache).rename(entry(cache, OTHER))
    assert cache.get(OTHER) is None


def test_what_was_used_longest_ago_goes_first(cache: ResultCache) -> None:
    cache.max_bytes = 10_000
    keys = [letter * 64 for letter in "abc"]
    for age, key in zip((300, 200, 100), keys, strict=True):
        put(cache, key, 3000)
        os.utime(entry(cache, key), (1e9 - age, 1e9 - age))
    assert cache.get(keys[0]) is not None  # which makes it the latest
    put(cache, OTHER.replace("b", "d"), 3000)
    kept = sorted(path.stem[0] for path in cache.path.glob("*.safetensors"))
    assert kept == ["a", "c", "d"]
    assert cache.size()[1] <= cache.max_bytes
    put(cache, "e" * 64, 20_000)
    assert cache.get("e" * 64) is None, "larger than the cache"
    assert cache.size()[0] == 3


def test_a_full_disk_ends_no_run(cache: ResultCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_arrays", full)
    put(cache)
    assert cache.get(KEY) is None


def test_clearing_leaves_what_is_being_written(cache: ResultCache) -> None:
    put(cache)
    put(cache, OTHER)
    young, old = (cache.path / f"c.safetensors.{pid}.tmp" for pid in (1, 2))
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert cache.clear() == 2
    assert cache.size() == (0, 0)
    put(cache)
    assert young.exists()
    assert not old.exists()


def test_two_processes_share_it(tmp_path: Path) -> None:
    code = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
import numpy as np
from fairdd_core.runs.storage.cache import ResultCache
from fairdd_core.workspace import Workspace
cache = ResultCache(Workspace(Path({str(tmp_path)!r})), max_bytes=200_000)
for i in range(60):
    key = str(i % 7) * 64
    kept = cache.get(key)
    assert kept is None or (kept.arrays["x"] == i % 7).all()
    cache.put(key, {{"x": np.full(40_000, i % 7, np.uint8)}}, {{}}, "run", {{}})
    if i % 20 == 19:
        cache.clear()
"""
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert not list((tmp_path / "cache").glob("*.tmp"))


values = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
documents = st.dictionaries(st.text(), values | st.lists(values), max_size=4)


@given(documents, documents)
def test_keys_differ_where_documents_do(one: dict[str, object], two: dict[str, object]) -> None:
    assert key_of(one) == key_of(dict(reversed(one.items())))
    same = repr(sorted(one.items())) == repr(sorted(two.items()))
    assert (key_of(one) == key_of(two)) == same


def test_a_change_of_the_code_changes_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets").mkdir()
    source = tmp_path / "nets" / "mlp.py"
    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    monkeypatch.setattr(module, "_COMPUTING", ("nets",))
    versions = set()
    for text in ("a = 1\n", "a = 2\n"):
        source.write_text(text)
        versions.add(code_version.__wrapped__())
    (tmp_path / "nets" / "new.py").write_text("")
    versions.add(code_version.__wrapped__())
    assert len(versions) == 3
