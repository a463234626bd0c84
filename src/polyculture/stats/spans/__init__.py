"""Answers that are spans: checked, decoded and scored."""
