"""Readers of the public data that models are trained and measured on."""
