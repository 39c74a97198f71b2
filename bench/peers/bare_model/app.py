"""The least that a Chalice app does which keeps what it is sent: a pydantic model, and a client for DynamoDB."""

import os
from typing import Any

import boto3
from chalice.app import Chalice, Response
from pydantic import BaseModel

app = Chalice(app_name="bare")
dynamodb = boto3.client("dynamodb")


class Report(BaseModel):
    commander: str
    milestones: list[str]


@app.route("/v1/completions", methods=["POST"])
def report() -> Response:
    request = app.current_request
    assert request is not None
    given = Report.model_validate_json(request.raw_body)
    item: dict[str, Any] = {
        "PK": {"S": "BARE"},
        "SK": {"S": given.commander},
        "milestones": {"L": [{"S": milestone} for milestone in given.milestones]},
    }
    dynamodb.put_item(TableName=os.environ["TABLE_NAME"], Item=item)
    return Response(given.model_dump_json(), {"Content-Type": "application/json"})
