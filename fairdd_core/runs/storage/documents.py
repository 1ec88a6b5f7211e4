"""What the JSON documents of a run may hold: one model for each, for imports and for every reading.

A newer version may write more fields and other events: these pass and are not read.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticUndefined

from fairdd_core.errors import UserError
from fairdd_core.events import PhaseName

if TYPE_CHECKING:
    import pandas as pd

LAST_SECOND = 253_402_300_799.0
"""Of the year 9999, the last that dates can be written of."""
DAY = 86_400.0
Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(max_length=200)]
Count = Annotated[int, Field(ge=0, le=2**40)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=LAST_SECOND, allow_inf_nan=False)]
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Level = Annotated[int, Field(ge=0, le=255)]
Channels = Annotated[list[Finite], Field(max_length=3)]


POINTS = frozenset({"kind", "arm", "class_id", "group_id", "index", "pca_x", "pca_y", "umap_x", "umap_y"})
DIAGNOSTICS = frozenset(
    {
        *("arm", "iteration", "class_id", "group_id", "share", "residual"),
        *("vanilla", "uniform", "shift", "inner"),
    }
)
MOMENTS = (POINTS - {"group_id"}) | {"iteration"}
RESIDUALS = frozenset({"arm", "class_id", "group_id", "n", "share", "to_synthetic", "to_target"})
TEXT_COLUMNS = frozenset({"kind", "arm"})
"""Of the tables; all others hold numbers."""


class Document(BaseModel):
    """Plain JSON: a number is never read from a text, nor a text from a number."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)


class Entry(Document):
    """One metric of one arm."""

    mean: Finite | None = None
    std: Finite | None = None
    ci95: Annotated[list[Finite | None], Field(min_length=2, max_length=2)] | None = None
    floor: Annotated[list[Finite | None], Field(min_length=2, max_length=2)] | None = None
    left_out: Text = ""


Arms = dict[Name, dict[Name, Entry]]


class TestSet(Document):
    """The size of the test set."""

    images: Count
    pictures: Count
    crossed: bool


class Training(Document):
    """How a network of the full-data baseline was trained."""

    updates: Count
    converged: bool
    accuracy: Finite


class Attempt(Document):
    """The environment of an attempt at a run; an earlier version knew less."""

    torch: Name = ""
    code: Name = ""
    device: Name = ""
    processor: Name = ""
    threads: Count = 0


class ReusedResult(Document):
    """What was taken from an earlier run."""

    kind: Name
    name: Name
    run: Name


class Result(Document):
    """``result.json`` (see ``summary.summarise``); a run of an earlier version has less."""

    run: Text = ""
    device: Text = ""
    seconds: dict[Name, Seconds] = {}
    test: TestSet | None = None
    arms: Arms = {}
    others: dict[Name, Arms] = {}
    training: dict[Name, list[Training]] = {}
    reused: list[ReusedResult] = []
    attempts: list[Attempt] = []
    data: Digest = ""


class Event(Document):
    """A line of ``events.jsonl``; kinds that are not below have nothing that is read."""

    event: Name
    t: Seconds


class Step(Event):
    """An update of an arm's images. A loss may be infinite."""

    arm: Name
    iteration: Count
    loss: float
    worst_residual: float | None


class Phase(Event):
    """A stage."""

    name: PhaseName
    done: Count = 0
    total: Count = 0
    note: Text = ""


class Loaded(Event):
    """The data was loaded; an earlier version wrote less."""

    classes: list[Name] = []
    groups: list[Name] = []
    colors: list[Annotated[list[Level], Field(min_length=3, max_length=3)]] = []
    mean: Channels = []
    std: Channels = []
    data: Digest = ""

    @field_validator("mean", "std")
    @classmethod
    def _of_three_channels(cls, values: list[float]) -> list[float]:
        if len(values) not in {0, 3}:
            raise ValueError("a normalisation that is not by channel")
        return values


class Trained(Event):
    """A network of the full-data baseline was trained."""

    arm: Name
    network: Count
    architecture: Name
    updates: Count
    converged: bool
    accuracy: Finite
    curve: list[Annotated[list[Finite | None], Field(min_length=2, max_length=2)]]


class Reused(Event, ReusedResult):
    """Something was taken from an earlier run."""


class ClassesSeen(Event):
    """What a network trained on the real data sees in a set that was made elsewhere."""

    arm: Name
    counts: list[list[Count]]

    @field_validator("counts")
    @classmethod
    def _square(cls, rows: list[list[int]]) -> list[list[int]]:
        if any(len(row) != len(rows) for row in rows):
            raise ValueError("classes seen that are not by class")
        return rows


class At(Event):
    """Something happened after an iteration."""

    iteration: Count


class AttemptBegan(Event, Attempt):
    """An attempt at the run began."""


EVENTS: dict[str, type[Event]] = {
    **{"step": Step, "phase": Phase, "loaded": Loaded, "trained": Trained, "reused": Reused},
    "classesseen": ClassesSeen,
    **dict.fromkeys(("resumed", "checkpoint", "snapshot", "diagnosed"), At),
    "attempt": AttemptBegan,
}


class About(Document):
    """``about.json`` of an export: columns of the index. What cannot be read gets its default."""

    format: int
    title: str = ""
    state: Literal["queued", "running", "done", "stopped", "failed", "lost"] = "stopped"
    created: float | None = None
    started: float | None = None
    finished: float | None = None
    phase: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    hint: str = ""
    final: bool = False

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_default(cls, value: Any, check: Any, info: Any) -> Any:
        try:
            checked = check(value)
        except ValidationError:
            default = cls.model_fields[info.field_name].get_default()
            if default is PydanticUndefined:
                raise
            return default
        match checked:
            case float():
                return plausible_time(checked)
            case str():
                return checked[:500]
            case bool():
                return checked
            case int():
                return max(0, min(checked, 10**9))
        return checked


def plausible_time(seconds: float | None) -> float | None:
    """Return a time in seconds since 1970 if it lies between then and tomorrow, else None."""
    known = seconds is not None and math.isfinite(seconds) and 0 <= seconds <= time.time() + DAY
    return seconds if known else None


def check_result(document: Mapping[str, Any]) -> None:
    """Check a result document.

    Raises:
        ValueError: naming the first field that is wrong.
    """
    _check(Result, document)


def check_columns(table: pd.DataFrame, columns: frozenset[str]) -> None:
    """Check that a table has some columns, each of its kind.

    Raises:
        ValueError: naming one that is missing or of another kind.
    """
    from pandas.api.types import is_numeric_dtype

    for name in sorted(columns):
        if name not in table:
            raise ValueError(f"no column {name}")
        if len(table) and is_numeric_dtype(table[name]) == (name in TEXT_COLUMNS):
            raise ValueError(f"a column {name} of {table[name].dtype}")


def check_event(event: Mapping[str, Any]) -> None:
    """Check a line of the events.

    Raises:
        ValueError: naming the field that is wrong.
    """
    name = event.get("event")
    _check(EVENTS.get(name, Event) if isinstance(name, str) else Event, event)


def is_event(event: object) -> bool:
    """Return whether a line of the events is one that can be read."""
    try:
        check_event(event)  # type: ignore[arg-type]  # anything else is refused by the model
    except (ValueError, AttributeError):
        return False
    return True


def _check(model: type[Document], document: Mapping[str, Any]) -> None:
    try:
        model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from error


def parse_json(content: bytes) -> Any:
    """Return a JSON document.

    Raises:
        ValueError: when it is none, or nested too deeply.
    """
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class NewerVersion(UserError):  # noqa: N818 - names the state
    """A run that a newer version of the program made."""

    def __init__(self, field: str, known: int, got: object) -> None:
        hint = "A newer version of the program made this run: update the program to open it."
        super().__init__(field, f"version {known} or older", got, hint)


@lru_cache(maxsize=16)  # a view asks for the same events many times
def parse_events(content: bytes) -> tuple[dict[str, Any], ...]:
    """Return the events in lines of JSON; other lines are skipped. They are shared: do not modify them."""
    return tuple(_events(content))


def _events(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        try:
            event = parse_json(line)
        except ValueError:  # torn by a crash, then closed by the next writer
            continue
        if is_event(event):
            yield event
