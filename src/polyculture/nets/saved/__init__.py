"""Models in folders: what lies there, whether it fits, and what is attached again."""
