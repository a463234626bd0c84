"""Who comes from whom."""
