"""News for where an alliance talks: Discord, and any program that listens at an https address (DESIGN §12)."""
