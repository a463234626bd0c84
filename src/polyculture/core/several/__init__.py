"""What a person asks of several trainings at once."""
