"""The version, which `/health` shows."""

VERSION = "0.1.0"
