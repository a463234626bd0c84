"""Parse outside JSON; whatever is wrong with it is a ``ValueError``."""

import json
import math
import sys
from typing import Any


def parsed(text: str) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: It is not JSON, is nested too deep, or holds a number that is too long.

    Example:
        >>> parsed("[" * 100_000)
        Traceback (most recent call last):
        ValueError: it is nested too deep
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(error.msg) from error
    except RecursionError as error:
        msg = "it is nested too deep"
        raise ValueError(msg) from error
    except ValueError as error:
        msg = f"it holds a number of more than {sys.get_int_max_str_digits():,} digits"
        raise ValueError(msg) from error


def as_text(value: Any) -> str | None:
    """A value as the text of a cell; null, NaN and empty text are an empty cell.

    What JSON does not know, such as a date of a Parquet file, is the text that Python has for it.

    Raises:
        ValueError: It is nested too deep.

    Example:
        >>> as_text("NA"), as_text(3), as_text(""), as_text(True), as_text({"a": 0.5})
        ('NA', '3', None, 'true', '{"a": 0.5}')
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, float) and math.isnan(value):  # how Python's json writes a missing number
        return None
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError as error:
        msg = "it is nested too deep"
        raise ValueError(msg) from error
