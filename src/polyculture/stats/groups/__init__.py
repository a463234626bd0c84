"""Several models or members at once: what they share, and how diverse they are."""
