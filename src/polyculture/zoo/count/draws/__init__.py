"""Random draws: how many, of what, and the intervals and chance levels they give."""
