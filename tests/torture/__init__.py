"""Torture: long runs of random use cases with faults at every call, against a model. `make torture` runs them."""
