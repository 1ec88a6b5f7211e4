"""A device without hardware: it computes on the CPU, and refuses what a GPU refuses.

Tensors on it are wrappers around CPU tensors. Operations that mix it with the CPU raise, as they do with
CUDA: tensors on both, unless they have no dimensions or are indices, or a generator of the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode

NAME = "simulated"
_COPIES = {torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default}
_INDEXING = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}


class MixedDevicesError(RuntimeError):
    """An operation on tensors of two devices."""


class _Tensor(torch.Tensor):
    """A tensor on the device: a CPU tensor behind a wrapper of the same shape."""

    raw: torch.Tensor

    @staticmethod
    def __new__(cls, raw: torch.Tensor) -> _Tensor:
        wrapper = torch.Tensor._make_wrapper_subclass(
            cls,
            raw.shape,
            strides=raw.stride(),
            storage_offset=raw.storage_offset(),
            dtype=raw.dtype,
            device=torch.device(NAME, 0),
        )
        wrapper.raw = raw
        return wrapper

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _compute(func, args, kwargs or {})


class _Mode(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


class _Lists(TorchFunctionMode):
    """Turns lists into tensors, and back, on the CPU: this happens below the dispatcher."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        device = kwargs.get("device")
        if (
            func in {torch.tensor, torch.as_tensor}
            and device is not None
            and torch.device(device).type == NAME
        ):
            return func(*args, **{**kwargs, "device": "cpu"}).to(device)
        if func is torch.Tensor.tolist and isinstance(args[0], _Tensor):
            return args[0].raw.tolist()
        return func(*args, **kwargs)


def _compute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    tensors = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    here, device = any(isinstance(tensor, _Tensor) for tensor in tensors), kwargs.get("device")
    wanted = here if device is None else torch.device(device).type == NAME
    _check(func, args, kwargs, here, wanted)
    if device is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    args_raw, kwargs_raw = pytree.tree_map_only(_Tensor, lambda tensor: tensor.raw, (args, kwargs))
    found = func(*args_raw, **kwargs_raw)
    given = {id(tensor.raw if isinstance(tensor, _Tensor) else tensor): tensor for tensor in tensors}
    return pytree.tree_map_only(  # in-place operations return what they were given
        torch.Tensor, lambda raw: given.get(id(raw), _Tensor(raw) if wanted else raw), found
    )


def _check(func: Any, args: Any, kwargs: dict[str, Any], here: bool, wanted: bool) -> None:
    generator = kwargs.get("generator")
    if wanted and generator is not None and not here and generator.device.type == "cpu":
        raise MixedDevicesError(f"{func}: a generator of the CPU for random numbers of the device")
    if not here or func in _COPIES:
        return
    if func._schema.name in _INDEXING:
        args = (args[0], *args[2:])
    strangers = [
        leaf
        for leaf in pytree.tree_leaves((args, kwargs))
        if isinstance(leaf, torch.Tensor) and not isinstance(leaf, _Tensor) and leaf.dim()
    ]
    if strangers:
        raise MixedDevicesError(
            f"{func}: tensors of the device and of the CPU, {[s.shape for s in strangers]}"
        )


@contextmanager
def simulated_device() -> Iterator[torch.device]:
    """Make the device usable inside the block."""
    if not hasattr(torch, NAME):
        register = getattr(backend_registration, "_setup_privateuseone_for_python_backend", None)
        if register is None:
            pytest.skip(f"torch {torch.__version__} cannot register a device from Python")
        register(NAME)
    # The engine has no thread for a device that is registered after its first use, so it runs in this one.
    with _Mode(), _Lists(), torch.autograd.set_multithreading_enabled(False):
        yield torch.device(NAME, 0)
