"""The use cases. They use the rules and the store, and know nothing of HTTP or Google Sheets."""
