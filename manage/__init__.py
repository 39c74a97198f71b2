"""The operator's commands: what `./muster` runs. All but two speak to the API, so its rules and words are theirs."""
