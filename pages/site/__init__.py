"""What is around all pages: the server, and the shell with its navigation."""
