"""The base of every specification: frozen, strict about unknown fields, and JSON in and out."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from fairdd_core.errors import UserError


class Settings(BaseModel):
    """A frozen group of settings; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


def user_error(error: ValidationError) -> UserError:
    """Turn the first complaint of pydantic into a ``UserError`` with the field, the rule and the value."""
    first: Any = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, UserError):
        return cause
    field = ".".join(str(part) for part in first["loc"]) or "spec"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return UserError(field, message, repr(first["input"]))
