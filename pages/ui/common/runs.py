"""The runs of this machine and the bundled examples: finding, listing and naming them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fairdd_core.config import titles
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.card import Labels
from fairdd_core.errors import UserError
from fairdd_core.report.labels import labels_of
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.index import RunRecord, RunState, Store
from fairdd_core.runs.storage.repeats import Member, Repeats, members, repeats_of
from fairdd_core.units import age_text
from fairdd_core.workspace import Workspace
from pages.ui import ASSETS
from pages.ui.common import notices, url
from pages.ui.common.cache import cached
from pages.ui.common.errors import escape_markdown

EXAMPLES = ASSETS / "examples"
EXAMPLE_PREFIX = "example-"
STATE_WORDS = {state: state.capitalize() for state in RunState} | {RunState.QUEUED: "Waiting"}


@dataclass(frozen=True)
class RunView:
    """A run as a screen needs it.

    Attributes:
        id: in the store, or ``example-NAME``.
        folder: where its files are.
        spec: what was asked for.
        record: its row in the index; None for a bundled example.
    """

    id: str
    folder: RunFolder
    spec: RunSpec
    record: RunRecord | None

    @property
    def example(self) -> bool:
        """Whether it came with the explorer."""
        return self.record is None

    @property
    def live(self) -> bool:
        """Whether it is waiting or working."""
        return self.record is not None and self.record.state.live

    @property
    def state(self) -> RunState:
        """Where it stands; examples are done."""
        return RunState.DONE if self.record is None else self.record.state

    @property
    def arms(self) -> list[str]:
        """Names of its arms."""
        return [arm.name for arm in self.spec.distill.arms]

    @property
    def name(self) -> str:
        """What it is called."""
        return name_of(self.record.title if self.record else "", self.spec)

    @cached_property
    def labels(self) -> Labels:
        """Names and colours of its classes and groups, also when its data is gone."""
        return labels_of(self.folder, Workspace.default().data)


@dataclass(frozen=True)
class Row:
    """A run of a list.

    Attributes:
        record: its row in the index.
        spec: what was asked for; None when it cannot be read.
        result: the result document; None before there is one, or when it cannot be read.
    """

    record: RunRecord
    spec: RunSpec | None
    result: dict[str, Any] | None

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.record.id

    @property
    def name(self) -> str:
        """What it is called."""
        return name_of(self.record.title, self.spec) or self.id

    @property
    def arms(self) -> list[str]:
        """Names of its arms."""
        return [arm.name for arm in self.spec.distill.arms] if self.spec else []


def title_of(spec: RunSpec) -> str:
    """Return a short description of a run, for lists and headings."""
    return titles.title_of(spec, Workspace.default().data)


def dataset_title(spec: RunSpec) -> str:
    """Return the title of a run's data set."""
    return titles.dataset_title(spec, Workspace.default().data)


def name_of(title: str, spec: RunSpec | None) -> str:
    """Return what to call a run: the name that a user gave it, else its data set."""
    if spec is None:
        return title
    generated = title.startswith(f"{dataset_title(spec)} · {spec.data.groups} groups · ")
    return dataset_title(spec) if generated or not title else title


def choice_text(record: RunRecord, spec: RunSpec | None, now: float) -> str:
    """Return a run's entry in a list to choose from: name, state, age and settings.

    A name that a user gave comes first; that of the data set, which many runs share, last.
    """
    name = name_of(record.title, spec) or record.id
    parts = [f"{STATE_WORDS[record.state].lower()}, {age_text(record.created, now)}"]
    if spec:
        parts.append(titles.brief(spec))
    shared = spec is not None and name == dataset_title(spec)
    return " · ".join([*parts, name] if shared else [name, *parts])


@cached(lambda path: [RunFolder(path).spec_file], size=2048)
def _spec(path: Path) -> RunSpec | None:
    try:
        return RunFolder(path).spec()
    except (OSError, UserError):
        return None


@cached(lambda path: [RunFolder(path).result_file], size=2048)
def result_of(path: Path) -> dict[str, Any] | None:
    """Return the result document of the run in a folder; None where there is none that can be read."""
    try:
        return RunFolder(path).result()
    except (OSError, UserError, ValueError):
        return None


def row_of(record: RunRecord) -> Row:
    """Return the row of a run of this machine."""
    path = store().folder(record.id).path
    return Row(record, _spec(path), result_of(path))


def list_runs() -> list[Row]:
    """Return a row for every run of this machine that was not deleted, newest first."""
    return [row_of(record) for record in store().list()]


def store() -> Store:
    """Return the index of this machine's runs."""
    return Store(Workspace.default())


def examples() -> list[RunView]:
    """Return the bundled finished runs; broken or absent ones are left out."""
    paths = sorted(EXAMPLES.iterdir()) if EXAMPLES.exists() else ()
    specs = {path: spec for path in paths if (spec := _spec(path)) is not None}
    return [RunView(EXAMPLE_PREFIX + path.name, RunFolder(path), spec, None) for path, spec in specs.items()]


def open_run(run_id: str) -> RunView:
    """Return a run of the store or a bundled example.

    Raises:
        UserError: when there is none of this id, or its specification cannot be read.
    """
    if run_id.startswith(EXAMPLE_PREFIX):
        found = [view for view in examples() if view.id == run_id]
        if found:
            return found[0]
        raise UserError("run", "the name of a bundled example", repr(run_id))
    record, folder = store().get(run_id), store().folder(run_id)
    try:
        return RunView(run_id, folder, folder.spec(), record)
    except OSError as error:
        raise UserError("run", "a run whose files are still here", repr(run_id)) from error


def repeats_of_run(view: RunView) -> Repeats:
    """Return the repeats of a run: of this machine's runs, or of the bundled ones for one of these."""
    bundled = [Member(example.id, example.folder) for example in examples()] if view.example else []
    return repeats_of(view.spec, bundled or members(store()), first=view.id)


def current_run() -> RunView | None:
    """Return the run named by ``?run=``; else the example while nothing runs or is done; else None.

    A name that leads nowhere is dropped from the address, with a message.
    """
    wanted = url.params().get("run")
    if wanted:
        try:
            return open_run(wanted)
        except UserError as error:
            url.write({name: value for name, value in url.params().items() if name != "run"})
            here = any(run.id == wanted for run in store().list())  # of a newer version, for example
            what = "that cannot be opened" if here else "that is not here"
            notices.warn(f"The link names a run {what}. {escape_markdown(error)}")
    if not any(run.state.live or run.state is RunState.DONE for run in store().list()):
        return next(iter(examples()), None)
    return None
