"""Where runs and data live."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "FAIRDD_HOME"
DATA_VARIABLE = "FAIRDD_DATA"


@dataclass(frozen=True)
class Workspace:
    """A folder that holds the index of runs and one folder per run.

    Several servers and command lines may use one workspace at the same time.

    Attributes:
        root: the folder; it is created when first needed. Must lie on a local disk.
    """

    root: Path

    @classmethod
    def default(cls) -> Workspace:
        """Return the workspace named by ``FAIRDD_HOME``, else the platform's place for user data."""
        chosen = os.environ.get(HOME_VARIABLE)
        if chosen:
            return cls(Path(chosen).expanduser().absolute())
        from platformdirs import user_data_dir

        return cls(Path(user_data_dir("fairdd")))

    @property
    def runs(self) -> Path:
        """The folder that holds one folder per run."""
        return self.root / "runs"

    @property
    def data(self) -> Path:
        """The folder of data files: ``FAIRDD_DATA``, else ``data`` in the workspace."""
        chosen = os.environ.get(DATA_VARIABLE)
        return Path(chosen).expanduser().absolute() if chosen else self.root / "data"

    @property
    def index(self) -> Path:
        """The SQLite file that lists the runs."""
        return self.root / "index.sqlite"

    @property
    def dispatcher_lock(self) -> Path:
        """Locked for as long as a dispatcher serves this workspace."""
        return self.root / "dispatcher.lock"

    @property
    def dispatcher_log(self) -> Path:
        """What the dispatcher says."""
        return self.root / "dispatcher.log"

    @property
    def warm_worker_request(self) -> Path:
        """Its time of change says when somebody last asked for a warm worker."""
        return self.root / "standby"
