"""Pictures and sounds: where they come from, and how they stand on a page."""
