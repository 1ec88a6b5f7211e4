"""The base of every specification: frozen, strict about unknown fields, and JSON in and out."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fairdd_core.errors import UserError

AS_FOUND = "as found"
"""Stands for the groups' shares as they are in the data."""
Place = Literal["", "main", "advanced"]
"""Where a control is in the sidebar; empty for a field without one."""


class Settings(BaseModel):
    """A frozen group of settings; unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def setting(
    default: Any = ...,
    *,
    title: str,
    name: str = "",
    option: str = "",
    param: str = "",
    place: Place = "advanced",
    names: str = "",
    unit: Literal["", "%"] = "",
    step: float = 1,
    slider: bool = False,
    **bounds: Any,
) -> Any:
    """Return a field with everything that screens, addresses and the command line need to know of it.

    The docstring below the field is its help line.

    Args:
        default: required if left out.
        title: its name for people.
        name: its name as an option of the command line, in an address and of its control. A field without
            one has no control; an address and ``--set`` give them by their dotted path.
        option: the name as an option, where it differs.
        param: the name in an address and of the control, where it differs.
        place: of the control, if there is one.
        names: what its values are called by ``list``.
        unit: ``%`` for a share that addresses and controls show in per cent.
        step: of its control.
        slider: whether the control is a slider.
        bounds: of pydantic's ``Field``.
    """
    shown: dict[str, Any] = {
        "option": option or name,
        "param": param or name,
        "place": place if param or name else "",
        **{"names": names, "unit": unit, "step": step, "slider": slider},
    }
    return Field(default, title=title, json_schema_extra=shown, **bounds)


def percent(share: float) -> str:
    """Return a share in per cent, for people."""
    return f"{100 * share:.4g}%"


def user_error(error: ValidationError, prefix: str = "") -> UserError:
    """Turn the first complaint of pydantic into a ``UserError`` with the field, the rule and the value.

    Args:
        error: of pydantic.
        prefix: path of what was validated.
    """
    first: Any = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, UserError):
        return cause
    field = ".".join(str(part) for part in (prefix, *first["loc"]) if part != "") or "spec"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return UserError(field, message, repr(first["input"]))
