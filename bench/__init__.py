"""Measures what the product costs, in counts, bytes and ratios, which are (nearly) the same on every machine."""
