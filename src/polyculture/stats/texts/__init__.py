"""Answers that are text: scored, and the baseline that translates word by word."""
