"""The whole product on one machine: DynamoDB, API Gateway, the schedule and Google Sheets, each by a stand-in."""
