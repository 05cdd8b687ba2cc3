"""Weights, what is known of them, where they lie, and the device that they run on."""
