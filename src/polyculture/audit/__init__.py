"""All comparisons of a set of models: from evidence to one record."""

from polyculture.audit.assemble import audit

__all__ = ["audit"]
