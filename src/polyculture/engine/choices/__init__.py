"""What is chosen automatically before the first step."""
