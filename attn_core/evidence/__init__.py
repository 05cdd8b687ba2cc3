"""Claims, their recorded numbers, intervals and verdicts."""
