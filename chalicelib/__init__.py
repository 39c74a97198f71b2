"""Muster: pure rules, the store, the use cases, and the HTTP API."""
