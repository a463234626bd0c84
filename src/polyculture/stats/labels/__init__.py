"""Answers that are labels: checked, decoded and scored."""
