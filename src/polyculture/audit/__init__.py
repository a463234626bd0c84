"""All comparisons of a set of models: from evidence to one record."""

from polyculture.audit.align import aligned_evidence
from polyculture.audit.assemble import audit

__all__ = ["aligned_evidence", "audit"]
