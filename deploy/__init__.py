"""`make deploy` and related commands: the package, its template, and a stage's stack in AWS. It needs only boto3.

`AWS_ENDPOINT_URL` lets it use another endpoint than AWS.
"""
