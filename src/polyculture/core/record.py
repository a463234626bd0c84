"""The frozen base of all records: what is read from a file, and what is written to one."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A value that is written once: frozen, and without room for unknown fields.

    A changed record is a new one: ``record.model_copy(update={...})``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
