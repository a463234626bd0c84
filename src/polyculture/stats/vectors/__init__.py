"""Answers by nearness or by number: ranked, compared and scored."""
