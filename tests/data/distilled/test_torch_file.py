from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fairdd_core.data.distilled import sandbox, torch_file
from fairdd_core.data.distilled.read import Reading, read_distilled
from fairdd_core.data.distilled.torch_file import contents
from fairdd_core.errors import UserError
from tests.data.distilled.files import TARGET, levels

HALF = torch.from_numpy(levels() * 2 - 1)


def saved(content: Any, **options: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return io.BytesIO(buffer.getvalue())


def public_loop(experiments: int) -> dict[str, Any]:
    """Return what the public loop of DM, FairDD and COBRA saves at the end."""
    labels = torch.arange(3).repeat_interleave(2)
    data = [[HALF.clone().requires_grad_().detach(), labels] for _ in range(experiments)]
    return {"data": data, "accs_all_exps": {"ConvNet": [np.float64(0.25), np.float64(0.75)]}}


def test_a_file_of_the_public_loop_is_read_in_its_own_process(tmp_path: Path) -> None:
    path = tmp_path / "res_DM_Toys_ConvNet_2ipc.pt"
    torch.save(public_loop(2), path)
    (second,) = read_distilled(path, TARGET, Reading(experiment="2"))
    assert np.abs(second.x_NCHW - levels()).max() < 1e-6
    assert second.y_N.tolist() == [0, 0, 1, 1, 2, 2]
    assert any("half" in text for text in second.statements)


class Ran:
    """Its pickle writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_code_in_a_file_never_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"data": [[HALF, Ran(tmp_path / "pwned")]]}, path)
    with pytest.raises(UserError, match=r"posix\.mkdir"):
        read_distilled(path, TARGET)
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("name", ["a.pt", "a.pth"])
def test_a_zip_bomb_is_refused_before_a_process_starts(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 50_000_000)
    with pytest.raises(UserError, match="ratio"):
        contents(tmp_path / name)


def test_the_process_gives_up_files_and_processes(tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    child = os.fork()
    if child == 0:  # limits cannot be taken back
        failed = 0
        try:
            sandbox.confine()
            for attempt in (lambda: open(tried, "w"), lambda: bytearray(50_000_000_000)):  # noqa: PTH123, SIM115
                try:
                    attempt()
                except (OSError, MemoryError):
                    failed += 1
        finally:
            os._exit(failed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert not tried.exists()


# What the process does, in this one


def flat(content: Any, **options: Any) -> tuple[dict[str, np.ndarray], Any]:
    found = sandbox.Flat(sandbox.load(saved(content, **options)))
    return found.arrays, found.tree


def test_tensors_keep_their_values_in_plain_types() -> None:
    kinds = {
        torch.float16: np.float32,
        torch.bfloat16: np.float32,
        torch.float64: np.float32,
        torch.int32: np.int64,
        torch.uint8: np.uint8,
        torch.bool: np.uint8,
    }
    arrays, tree = flat([torch.tensor([0, 1], dtype=kind) for kind in kinds])
    assert [array.dtype for array in arrays.values()] == list(kinds.values())
    assert all(array.tolist() == [0, 1] for array in arrays.values())
    assert tree == {"list": [{"array": i} for i in range(len(kinds))]}


def test_accuracies_of_numpy_and_the_older_format_are_read() -> None:
    _, tree = flat({"accs": [np.float64(0.25)], 3: None}, _use_new_zipfile_serialization=False)
    assert tree == {"dict": [["accs", {"list": [{"value": 0.25}]}], ["3", {"value": None}]]}


def test_a_tensor_that_claims_to_be_huge_is_refused() -> None:
    huge = torch.zeros(1).expand(10**6, 10**6)
    with pytest.raises(sandbox.Refused, match="MB of numbers"):
        sandbox.Flat([huge])


def test_too_many_and_too_deep_entries_are_not_followed() -> None:
    deep: list[Any] = []
    deep.append(deep)  # holds itself
    assert "nested" in str(sandbox.Flat(deep).tree)
    with pytest.raises(sandbox.Refused, match="entries"):
        sandbox.Flat([0] * (sandbox.MAX_NODES + 1))


@pytest.mark.parametrize(
    "hostile",
    [
        b"cposix\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR.",
        b"cfunctools\npartial\n(tR.",
    ],
)
def test_pickles_that_name_code_are_refused(hostile: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.pkl", hostile)
        archive.writestr("a/version", "3\n")
    for file in (io.BytesIO(buffer.getvalue()), io.BytesIO(hostile)):
        with pytest.raises(Exception, match=r"[Ww]eights.only|magic|[Ii]nvalid|ersion") as caught:
            sandbox.load(file)
        assert isinstance(caught.value, pickle.UnpicklingError | RuntimeError)


def test_a_numpy_value_of_objects_is_refused() -> None:
    with pytest.raises(sandbox.Refused, match="type O"):
        sandbox._scalar(sandbox._Dtype("O8"), b"cposix\nsystem\n")
    with pytest.raises(Exception, match=r"O8|nsupported|eights"):
        sandbox.load(saved([np.array([print], dtype=object)]))


def flat_file(path: Path) -> Any:
    """Return what a file holds as its process does, in this process."""
    found = sandbox.Flat(sandbox.load(io.BytesIO(path.read_bytes())))
    return torch_file._node(found.tree, found.arrays)
