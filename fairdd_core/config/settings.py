"""The table of settings: every field of a run by its dotted path, as the specification declares it.

The controls, the command line, addresses, comparisons and ``list`` derive from it, so a new setting is one
field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Annotated, Any, cast, get_args, get_origin

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from fairdd_core.cards import Card
from fairdd_core.config.presets import arms_named
from fairdd_core.config.recipes import with_values
from fairdd_core.config.spec.base import AS_FOUND, Place, Settings, percent, user_error
from fairdd_core.config.spec.distill import ArmSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.distill.alignments.registry import ALIGNMENTS, ALL_DISCREPANCIES
from fairdd_core.distill.backbones.registry import BACKBONES
from fairdd_core.distill.interventions import INTERVENTIONS
from fairdd_core.errors import UserError
from fairdd_core.nets.registry import NETWORKS

Arms = Mapping[str, ArmSpec]
ARMS = "distill.arms"
NONE = "none"
"""Text of an optional setting without a value."""
REGISTRIES: dict[str, Mapping[str, Card]] = {
    "backbones": BACKBONES,
    "alignments": ALIGNMENTS,
    "discrepancies": ALL_DISCREPANCIES,
    "interventions": INTERVENTIONS,
    "networks": NETWORKS,
}


@dataclass(frozen=True)
class Setting:
    """A field of a specification.

    Attributes:
        path: dotted, from the specification to the field.
        title, help: for people.
        option: of the command line, without dashes; empty if only ``--set`` gives it.
        param: its name in an address, and of its control if it has one.
        place: of its control in the sidebar; empty without a control.
        names: what its values are called by ``list``; empty if they are no names.
        unit: ``%`` for a share that addresses and controls have in per cent.
        step: of its control.
        slider: whether the control is a slider.
    """

    path: str
    field: FieldInfo
    title: str
    help: str
    option: str
    param: str
    place: Place
    names: str
    unit: str
    step: float
    slider: bool

    @property
    def kind(self) -> Any:
        """The type of its values; of an optional setting, the other one."""
        kinds = [kind for kind in get_args(self.field.annotation) if kind is not type(None)]
        return kinds[0] if self.optional else self.field.annotation

    @property
    def optional(self) -> bool:
        """Whether it may be None."""
        return type(None) in get_args(self.field.annotation)

    @property
    def several(self) -> bool:
        """Whether it is a tuple of names."""
        return get_origin(self.kind) is tuple

    @property
    def choices(self) -> list[str]:
        """The values to choose from, if they are names or words."""
        words = list(get_args(self.kind)) if not self.several else []
        return [str(word) for word in words] or list(REGISTRIES.get(self.names, ()))

    @property
    def low(self) -> Any:
        """The smallest value; of an open interval, its end."""
        return self._bound("ge", "gt")

    @property
    def high(self) -> Any:
        """The largest value; of an open interval, its end."""
        return self._bound("le", "lt")

    def _bound(self, *names: str) -> Any:
        rules = [(rule, name) for rule in self.field.metadata for name in names if hasattr(rule, name)]
        return next((getattr(rule, name) for rule, name in rules), None)

    @property
    def bounds(self) -> str:
        """What values are possible, in words; empty where any are."""
        if self.low is None:
            return f"see: list {self.names}" if self.names else ", ".join(self.choices)
        above, below = "above " * (self._bound("gt") is not None), "below " * (self._bound("lt") is not None)
        return (
            f"{above}{self.low:g} to {below}{self.high:g}"
            if self.kind is float
            else f"{self.low} to {self.high}"
        )

    def check(self, value: object) -> Any:
        """Return ``value``, or what its text stands for, in the type of the field.

        Raises:
            UserError: when the field cannot have it.
        """
        try:
            return _adapter(self.path).validate_python(value)
        except ValidationError as error:
            raise user_error(error, self.path) from error

    def parse(self, text: str, known: Arms | None = None) -> Any:
        """Return the value of a text, as ``text`` makes it.

        Args:
            text: of the value.
            known: arms by name that take precedence over what a name means elsewhere.

        Raises:
            UserError: when it is none that the field can have.
        """
        if self.optional and text == NONE:
            return None
        if not self.several:
            return self.check(text)
        names = [name.strip() for name in text.split(",") if name.strip()]
        if self.path != ARMS:
            return self.check(names)
        if not text.startswith("["):
            return self.check(arms_named(*names, known=known))
        try:
            return self.check(json.loads(text))
        except json.JSONDecodeError as error:
            raise UserError(self.path, "names joined by commas, or JSON", repr(text)) from error

    def text(self, value: Any, known: Arms | None = None) -> str:
        """Return a value as exact text, for addresses and the command line; ``known`` as for ``parse``."""
        if self.path == ARMS and not all(described_by_name(arm, known) for arm in value):
            return json.dumps([arm.model_dump() for arm in value], separators=(",", ":"))
        if self.several:
            return ",".join(part.name if isinstance(part, ArmSpec) else str(part) for part in value)
        if isinstance(value, float):
            return repr(value).removesuffix(".0")
        return NONE if value is None else str(int(value) if isinstance(value, bool) else value)

    def label(self, value: Any) -> str:
        """Return a value for people, short rather than exact."""
        if self.unit == "%":
            return AS_FOUND if value is None else percent(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str) and value in REGISTRIES.get(self.names, {}):
            return REGISTRIES[self.names][value].title
        if value is None or value in ("", (), []):
            return "–"
        if isinstance(value, Sequence) and not isinstance(value, str):
            return ", ".join(part.name if isinstance(part, ArmSpec) else str(part) for part in value)
        return f"{value:g}" if isinstance(value, float) else str(value)


@cache
def _adapter(path: str) -> TypeAdapter[Any]:
    field = SETTINGS[path].field
    kind: Any = Annotated[field.annotation, Field(), *field.metadata]
    return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))


def described_by_name(arm: ArmSpec, known: Arms | None = None) -> bool:
    """Return whether its name describes an arm completely; ``known`` as for ``Setting.parse``."""
    try:
        return arms_named(arm.name, known=known) == (arm,)
    except UserError:
        return False


def _walk(model: type[Settings], prefix: str = "", owner: str = "") -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        path, kind, title = f"{prefix}{name}", field.annotation, field.title or ""
        if isinstance(kind, type) and issubclass(kind, Settings):
            yield from _walk(kind, f"{path}.", title)
            continue
        title = f"{owner}: {title[0].lower()}{title[1:]}" if owner else title
        shown = cast("dict[str, Any]", field.json_schema_extra)
        text = " ".join((field.description or "").split())
        yield Setting(path, field, title, text, **shown | {"param": shown["param"] or path})


SETTINGS: dict[str, Setting] = {setting.path: setting for setting in _walk(RunSpec)}
"""Dotted path -> setting, in the order of the specification."""
PARAMS: dict[str, Setting] = {setting.param: setting for setting in SETTINGS.values()}
"""Name in an address -> setting."""
CONTROLS: dict[str, Setting] = {name: setting for name, setting in PARAMS.items() if setting.place}
"""Name in an address -> setting, of those with a control in the Studio."""


def get(spec: Settings, path: str) -> Any:
    """Return the value of the field at a dotted path."""
    return reduce(getattr, path.split("."), spec)


def changed(spec: RunSpec, values: Mapping[str, Any]) -> RunSpec:
    """Return a specification with other values.

    Args:
        spec: to start from.
        values: dotted path -> value.

    Raises:
        UserError: naming the field at fault.
    """
    try:
        return with_values(spec, values)
    except ValidationError as error:
        raise user_error(error) from error


def changes(spec: RunSpec, start: RunSpec) -> dict[str, Any]:
    """Return what ``spec`` has and ``start`` has not, dotted path -> value."""
    return {path: value for path in SETTINGS if (value := get(spec, path)) != get(start, path)}


def title_of_field(path: str) -> str:
    """Return the name of a field for people; of one that other versions have, its path in words."""
    return (
        SETTINGS[path].title if path in SETTINGS else path.replace("_", " ").replace(".", ": ").capitalize()
    )
