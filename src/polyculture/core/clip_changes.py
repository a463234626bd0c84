"""Settings of random changes to clips, shared by all tasks that read sounds."""

from pydantic import Field

from polyculture.core.recipe import Settings


class ClipChanges(Settings):
    """How training changes each clip at random; tasks that read sounds extend these settings."""

    shift: float = Field(default=0.0, ge=0, lt=1)
    """Training moves each clip in time, by up to this share of its length; silence follows."""
    gain: float = Field(default=0.0, ge=0, le=60)
    """Training makes each clip louder or softer, by up to so many decibels."""
    mask: float = Field(default=0.0, ge=0, lt=1)
    """Training hides a stretch of each clip, up to this share of it, and where frames are read as
    many of their bands (SpecAugment, arXiv:1904.08779)."""

    @property
    def changes_clips(self) -> bool:
        """Whether any change is asked for."""
        return bool(self.shift or self.gain or self.mask)
