"""What a training costs: its time budget, an estimate from timed steps, its memory."""
