"""Words before any tokenizer: how text is cut into them, and what they cost."""
