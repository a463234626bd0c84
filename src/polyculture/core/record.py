"""The frozen base of all records: what is read from a file, and what is written to one."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError


class Record(BaseModel):
    """A frozen record that refuses unknown fields.

    A changed record is a new one: ``record.model_copy(update={...})``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Asked(Record):
    """A record written by a person: true and false are not accepted as numbers.

    Example:
        >>> class Wish(Asked):
        ...     seed: int
        >>> Wish(seed=True)
        Traceback (most recent call last):
            ...
        pydantic_core._pydantic_core.ValidationError: 1 validation error for Wish
        seed
          Input should be a valid integer [type=int_type, input_value=True, input_type=bool]
        ...
    """

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        wanted = set(_leaves(cls.model_fields[str(info.field_name)].annotation))
        if bool not in wanted and wanted & {int, float} and _holds_truth(value):
            raise PydanticKnownError("float_type" if float in wanted else "int_type")
        return value


def first_fault(error: ValidationError) -> str:
    """What is wrong first with what was read, as part of a sentence without a full stop.

    Example:
        >>> class Card(Record):
        ...     year: int
        >>> try:
        ...     Card.model_validate({"year": "soon"})
        ... except ValidationError as error:
        ...     first_fault(error)
        "'year': Input should be a valid integer, unable to parse string as an integer"
    """
    first = error.errors()[0]
    key = ".".join(str(step) for step in first["loc"])
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    return {
        "missing": f"it lacks {key!r}",
        "extra_forbidden": f"it has an unknown field {key!r}",
    }.get(first["type"], f"{key!r}: {reason}" if key else reason)


def _leaves(annotation: Any) -> Iterator[Any]:
    """The plain types that an annotation is made of."""
    inner = get_args(annotation)
    if not inner:
        yield annotation
    for argument in inner:
        yield from _leaves(argument)


def _holds_truth(value: Any) -> bool:
    several = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, bool) for item in several)
