"""The frozen base of all records: what is read from a file, and what is written to one."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
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
