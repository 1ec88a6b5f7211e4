"""Settings for all tests, made before torch is first imported."""

from __future__ import annotations

import os

# Threads that wait must sleep: the tests share the machine with a browser, a server and workers.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
