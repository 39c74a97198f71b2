"""`make deploy` and what goes with it: the package, its template, and a stage's stack in AWS, with boto3 alone.

`AWS_ENDPOINT_URL` points it elsewhere.
"""
