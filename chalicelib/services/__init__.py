"""The use cases, each on top of the rules and the store. No HTTP, no Sheets."""
