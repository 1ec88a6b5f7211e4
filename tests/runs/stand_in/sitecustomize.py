# mypy: ignore-errors
"""On the path of the engine's processes, this replaces the pipeline by one that is quick and can misbehave.

What a run does is chosen by its preset: ``steps``, ``ignore-sigterm``, ``crash``, ``segfault``, ``memory``,
``full-disk``, ``not-a-number``, ``user-error`` or ``hang``; its length by ``distill.iterations`` and its pace
by ``FAIRDD_TEST_STEP_SECONDS``.
"""

import os
import sys
import types

from fairdd_core import device


class Tensor:
    def __init__(self, array):
        self.array = array

    def numpy(self):
        return self.array

    def cpu(self):
        return self


def _run_pipeline(spec, data_dir, resume=None, cache=None):
    import signal
    import time

    import numpy as np

    from fairdd_core.errors import Diverged, UserError
    from fairdd_core.events import Checkpoint, Distilled, Evaluated, Loaded, Phase, Snapshot, Step

    def value(iteration):
        return np.random.default_rng([spec.seed, iteration]).normal(size=(2, 3)).astype(np.float32)

    def misbehave():
        match spec.preset:
            case "ignore-sigterm":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            case "crash":
                raise RuntimeError("something broke")
            case "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "memory":
                raise MemoryError
            case "full-disk":
                import resource

                resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
            case "not-a-number":
                raise Diverged("The loss of vanilla became nan at iteration 3.")
            case "user-error":
                raise UserError("data.skew", "at least 0.5", "0.1", "Raise it.")

    pace = float(os.environ.get("FAIRDD_TEST_STEP_SECONDS", "0.005"))
    resume = resume or _Progress()
    images, start = np.zeros((2, 3), np.float32), 0
    if resume.checkpoint:
        images, start = resume.checkpoint.tensors["vanilla/images"].numpy(), resume.checkpoint.iteration
    total = spec.distill.iterations
    yield Loaded(("no", "yes"), ("first", "second"))
    for iteration in range(start, total):
        if iteration == 2:
            misbehave()
        images = images * np.float32(0.9) + value(iteration)
        yield Step("vanilla", iteration + 1, float(abs(images).sum()), 1.0)
        yield Phase("distill", iteration + 1, total)
        if iteration % 5 == 0:
            picture = np.full(
                (2, 1, 3, 8, 8 if spec.preset != "full-disk" else 4000), iteration % 256, np.uint8
            )
            yield Snapshot("vanilla", iteration + 1, picture)
            yield Checkpoint(iteration + 1, {"vanilla/images": Tensor(images)})
        time.sleep(pace)
    yield Distilled("vanilla", Tensor(images[:, :, None, None]), Tensor(np.arange(2)))
    for network in range(len(resume.counts.get("vanilla", {})), 3):
        yield Evaluated("vanilla", network, np.full((2, 2, 2), network))


class _Progress:
    def __init__(self, checkpoint=None, distilled=None, external=None, counts=None, folder=None, data=""):
        self.checkpoint, self.distilled, self.counts = checkpoint, distilled or {}, counts or {}


def _module(name, **contents):
    sys.modules[name] = module = types.ModuleType(name)
    vars(module).update(contents)


_module("fairdd_core.runs.engine.pipeline", run_pipeline=_run_pipeline, Progress=_Progress)
_module(
    "fairdd_core.runs.storage.summary", summarise=lambda folder, run_id, device: {"run": run_id, "arms": {}}
)
# Importing the real one takes seconds.
_module("torch", from_numpy=Tensor, get_num_threads=lambda: 2, set_num_threads=lambda n: None)
device.resolve_device = device.describe_device = lambda name: name
