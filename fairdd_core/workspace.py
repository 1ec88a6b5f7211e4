"""The folders of runs and data sets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "FAIRDD_HOME"
DATA_VARIABLE = "FAIRDD_DATA"


@dataclass(frozen=True)
class Workspace:
    """The folder with the index of runs and one folder per run.

    Several servers and command lines may use a workspace at the same time.

    Attributes:
        root: the folder; created when first needed. It must be on a local disk.
    """

    root: Path

    @classmethod
    def default(cls) -> Workspace:
        """Return the workspace named by ``FAIRDD_HOME``, else the platform's folder for user data."""
        chosen = os.environ.get(HOME_VARIABLE)
        if chosen:
            return cls(Path(chosen).expanduser().absolute())
        from platformdirs import user_data_dir

        return cls(Path(user_data_dir("fairdd")))

    def create(self) -> None:
        """Make the folder where there is none; only its owner can read it."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self.root.mkdir(mode=0o700, exist_ok=True)

    @property
    def runs(self) -> Path:
        """The folder with one folder per run."""
        return self.root / "runs"

    @property
    def data(self) -> Path:
        """The folder of data sets: ``FAIRDD_DATA``, else ``data`` in the workspace."""
        chosen = os.environ.get(DATA_VARIABLE)
        return Path(chosen).expanduser().absolute() if chosen else self.root / "data"

    @property
    def cache(self) -> Path:
        """The folder with results that later runs reuse (see ``runs.storage.cache``)."""
        return self.root / "cache"

    @property
    def speeds(self) -> Path:
        """The folder with the measured speed of each device (see ``runs.engine.speed``)."""
        return self.root / "speeds"

    @property
    def external(self) -> Path:
        """The folder with distilled sets that were made elsewhere (see ``runs.storage.external``)."""
        return self.root / "external"

    @property
    def index(self) -> Path:
        """The SQLite file with the index of runs."""
        return self.root / "index.sqlite"

    @property
    def dispatcher_lock(self) -> Path:
        """The lock file that the dispatcher of this workspace holds."""
        return self.root / "dispatcher.lock"

    @property
    def faults_log(self) -> Path:
        """The log of the dashboard's own faults."""
        return self.root / "faults.log"

    @property
    def dispatcher_log(self) -> Path:
        """The log of the dispatcher and of the warm worker."""
        return self.root / "dispatcher.log"

    @property
    def warm_worker_request(self) -> Path:
        """The file whose modification time is that of the last request for a warm worker."""
        return self.root / "standby"
