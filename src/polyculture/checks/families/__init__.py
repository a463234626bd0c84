"""Families of models, and how a tiny one of each is configured."""
