"""What the lessons on speech share."""
