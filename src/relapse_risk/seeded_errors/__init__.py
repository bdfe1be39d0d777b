"""Errors seeded into the demo register, with an answer key, so that the quality check can be scored."""
