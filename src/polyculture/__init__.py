"""Fine-tune foundation models, measure how alike they are, build sets that do not fail together."""

__version__ = "0.1.0"
