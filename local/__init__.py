"""The whole product on one machine, with stand-ins for DynamoDB, API Gateway, the schedule and Google Sheets."""
