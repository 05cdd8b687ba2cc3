"""What the pages on speech draw alike."""
