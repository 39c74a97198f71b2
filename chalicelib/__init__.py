"""Muster's API: pure rules, the DynamoDB store, the use cases and their HTTP surface."""
