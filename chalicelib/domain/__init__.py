"""The rules of IMS events. Nothing here does I/O or reads a clock; times are handed in, aware and in UTC."""
