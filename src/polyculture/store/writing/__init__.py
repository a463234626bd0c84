"""Results on disk: written once, put in place when whole, replaced only when ours."""
