"""What the lessons on photographs share."""
