"""Attention itself: scores, masks, weights, what a learner changed, and the trace of it all."""
