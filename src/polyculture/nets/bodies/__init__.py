"""Networks that transformers has no class for."""
