"""What the product costs, as counts, bytes and ratios: figures that are the same on every machine, or nearly so."""
