"""Muster's tests. They need nothing from outside: every service is a stand-in on this machine."""
