"""What goes to the browser, as bytes."""
