"""Names that become files and folders: one plain path component, never a path.

Names of runs, of a study's models, of probes and starters are checked when they are read, from a
recipe as well as from a saved record.
"""

import unicodedata

LONGEST = 200
"""Bytes of a name in UTF-8. Most file systems allow 255; what is added to a name needs the rest."""


def fault_of(name: str) -> str | None:  # noqa: PLR0911  # one return a fault
    """Why a name cannot be used for a folder; None if it can.

    Example:
        >>> fault_of("minilm-l6"), fault_of("..")
        (None, "cannot be '..', which names another folder")
        >>> fault_of("../victim")
        "cannot hold '/': it becomes one folder, not a path"
    """
    if not name.strip():
        return "cannot be empty"
    if name in {".", ".."}:
        return f"cannot be {name!r}, which names another folder"
    for sign in ("/", "\\"):
        if sign in name:
            return f"cannot hold {sign!r}: it becomes one folder, not a path"
    odd = next((sign for sign in name if unicodedata.category(sign) in {"Cc", "Cs"}), None)
    if odd is not None:
        return f"cannot hold the control character {odd!r}"
    if name.startswith("."):
        return "cannot begin with a full stop, since such folders are hidden"
    size = len(name.encode())
    if size > LONGEST:
        return f"cannot be longer than {LONGEST} bytes, got {size}"
    return None


def checked_name(name: str) -> str:
    """The name itself, for validators of records.

    Raises:
        ValueError: The name cannot be used for a folder.
    """
    fault = fault_of(name)
    if fault is not None:
        msg = f"a name {fault}"
        raise ValueError(msg)
    return name
