"""The rules of IMS events. Nothing here does I/O or reads a clock; times are arguments, with a zone and in UTC."""
