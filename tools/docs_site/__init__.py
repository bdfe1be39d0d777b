"""Builds the documentation site (``make docs``): pages gathered, diagrams drawn, links checked, an archive made."""
