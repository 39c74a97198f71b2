"""`./muster serve`: the product for one community on one machine. The demo and the tests use its parts, too."""
