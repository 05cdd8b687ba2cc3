"""Experiments: (config, inputs) to a result; pure."""
