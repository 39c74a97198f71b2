"""The operator's commands, as `./muster` runs them. Most of them call the API, so its rules and messages apply."""
