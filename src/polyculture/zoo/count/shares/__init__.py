"""How cards spread over classes, and how unevenly."""
