"""Position codes, one idea per file."""
