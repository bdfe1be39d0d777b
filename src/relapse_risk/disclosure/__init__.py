"""Disclosure control: which cells are withheld, and why none of them can be worked out again."""
