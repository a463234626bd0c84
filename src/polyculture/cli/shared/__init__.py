"""Code that commands share: entry and exit, help, progress, limits."""
