"""Whatever makes a step cheaper in time or memory, and leaves its answers as they are."""
