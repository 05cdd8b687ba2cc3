"""What every lesson is: its entry, its result, its questions, its notebook."""
