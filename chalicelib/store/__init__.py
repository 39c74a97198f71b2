"""One DynamoDB table: definitions, commanders, cards, totals, ledger and sheet state (DESIGN §6)."""
