"""Questions made and graded from tensors; pure."""
