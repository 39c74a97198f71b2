"""The HTTP surface: blueprints that parse, call a use case and render, under ten lines each."""
