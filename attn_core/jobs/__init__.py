"""Work that takes long, in a process of its own, and answers kept for the next who asks."""
