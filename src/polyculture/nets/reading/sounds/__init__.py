"""Reading clips: what a base hears of them, what is said in them, and how they are changed."""
