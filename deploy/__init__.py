"""`make deploy` and what goes with it: a stage's stack in AWS, by boto3. AWS_ENDPOINT_URL points it elsewhere."""
