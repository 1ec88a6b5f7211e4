"""The process that opens a ``.pt`` file: it reads standard input, writes arrays to standard output, no more.

Run as a script, by itself: it imports nothing of this package. ``torch.load`` gets ``weights_only``, and the
few classes that published files need beside tensors are replaced by stand-ins that only hold numbers. Before
the file is read, the process gives up opening, writing and creating files, starting processes, and more than
a little memory and time.
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

CPU_SECONDS = 60
MEMORY = 4_000_000_000
MAX_BYTES = 512_000_000
"""Of a file in any format, packed or not."""
MAX_NODES = 20_000
"""Entries of a file, however nested."""
MAX_DEPTH = 6


class Refused(ValueError):  # noqa: N818 - names the state
    """The file holds what is not read; the message says what."""


class _Dtype:
    """Stands for ``numpy.dtype``: holds the code of a plain number type."""

    def __init__(self, code: str, align: bool = False, copy: bool = False) -> None:
        self.code, self.order = str(code), "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = str(state[1]) if len(state) > 1 else "="


def _scalar(dtype: _Dtype, content: bytes = b"") -> float:
    """Stands for ``numpy.core.multiarray.scalar``: returns a plain number."""
    import numpy as np

    if not isinstance(content, bytes) or dtype.code not in {
        *("f2", "f4", "f8", "i1", "i2", "i4", "i8"),
        *("u1", "u2", "u4", "u8", "b1"),
    }:
        raise Refused(f"a NumPy value of type {dtype.code[:20]}")
    order = dtype.order if dtype.order in {"<", ">", "="} else "="
    return float(np.frombuffer(content, np.dtype(order + dtype.code), 1)[0])


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Stands for ``_codecs.encode``, by which pickles of protocol 2 keep bytes."""
    return text.encode("latin1")


STAND_INS: list[Any] = [
    (_scalar, "numpy.core.multiarray.scalar"),
    (_scalar, "numpy._core.multiarray.scalar"),
    (_Dtype, "numpy.dtype"),
    (_encode, "_codecs.encode"),
]


def load(file: Any) -> Any:
    """Return the content of a file as plain tensors, containers and numbers; code in it is never run."""
    import torch

    with torch.serialization.safe_globals(STAND_INS):
        return torch.load(file, map_location="cpu", weights_only=True)


class Flat:
    """Takes content apart: arrays by number, and a tree with ``{"array": number}`` in their places.

    Attributes:
        arrays: number as text -> array of uint8, int64 or float32.
        tree: the content without them, of which JSON can be made.
    """

    def __init__(self, content: Any) -> None:
        self.arrays: dict[str, Any] = {}
        self._nodes, self._bytes = MAX_NODES, MAX_BYTES
        self.tree = self._walk(content, 0)

    def _walk(self, node: Any, depth: int) -> dict[str, Any]:
        import torch

        self._nodes -= 1
        if self._nodes < 0:
            raise Refused(f"more than {MAX_NODES} entries")
        if isinstance(node, torch.Tensor):
            return self._tensor(node)
        if isinstance(node, dict | list | tuple):
            return self._container(node, depth) if depth < MAX_DEPTH else {"opaque": "a nested container"}
        if node is None or isinstance(node, bool | int | float):
            return {"value": node if abs(node or 0) < 1e300 else None}
        return {"value": node[:200]} if isinstance(node, str) else {"opaque": f"a {type(node).__name__}"[:80]}

    def _container(self, node: Any, depth: int) -> dict[str, Any]:
        if isinstance(node, dict):
            return {"dict": [[str(key)[:200], self._walk(value, depth + 1)] for key, value in node.items()]}
        return {"list": [self._walk(value, depth + 1) for value in node]}

    def _tensor(self, tensor: Any) -> dict[str, Any]:
        import torch

        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex() or tensor.is_meta:
            return {"opaque": "an unusual tensor"}
        self._bytes -= 8 * tensor.numel()
        if self._bytes < 0:
            raise Refused(f"more than {MAX_BYTES // 10**6} MB of numbers")
        kept = tensor.dtype in (torch.uint8, torch.bool)
        kind = torch.uint8 if kept else torch.float32 if tensor.is_floating_point() else torch.int64
        self.arrays[str(len(self.arrays))] = tensor.detach().to(kind).contiguous().numpy()
        return {"array": len(self.arrays) - 1}


def confine() -> None:
    """Give up what reading a file does not need; there is no way back."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + MEMORY,
        resource.RLIMIT_CPU: CPU_SECONDS + round(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])),
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for kind, limit in limits.items():
        resource.setrlimit(kind, (limit, limit))


def main() -> int:
    """Convert standard input; write the arrays as safetensors, or the reason why not to standard error."""
    import safetensors.numpy
    import torch

    torch.set_num_threads(1)
    torch.zeros(1).numpy()  # loads what is loaded late, while files can still be opened
    load(io.BytesIO(_example()))
    confine()
    try:
        found = Flat(load(io.BytesIO(sys.stdin.buffer.read(MAX_BYTES + 1))))
        tree = json.dumps(found.tree)
    except Exception as error:  # whatever a damaged or hostile file makes the reader raise
        print(_reason(error), file=sys.stderr)
        return 3
    sys.stdout.buffer.write(safetensors.numpy.save(found.arrays, {"tree": tree}))
    sys.stdout.buffer.flush()
    return 0


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if found := re.search(r"GLOBAL ([\w.]+)", text):
        return f"an object of Python ({found[1]}), which could run code"
    return f"{type(error).__name__}: {text}"[:300]


def _example() -> bytes:
    """Return a file that needs all that a usual file needs, to load it while files can still be opened."""
    import numpy as np
    import torch

    buffer = io.BytesIO()
    kinds = (torch.float32, torch.float64, torch.float16, torch.uint8, torch.int64, torch.bool)
    torch.save({"data": [torch.zeros(1, dtype=kind) for kind in kinds], "accs": [np.float64(0.5)]}, buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
