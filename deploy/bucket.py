"""The bucket that CloudFormation reads from: templates and packages. The name of each is a hash of its content.

It outlives every stack, so it also remembers their parameters.
"""

import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError


class PackageBucket:
    """One bucket of this account and region, for all stages. The first upload makes it."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("s3")
        self.region: str = self._client.meta.region_name
        self._owner: str = boto3.client("sts").get_caller_identity()["Account"]
        self.bucket = f"muster-packages-{self._owner}-{self.region}"

    def upload(self, folder: Path) -> str:
        """Uploads `deployment.zip` and `sam.json` from `folder`. Returns the template's address."""
        self._make()
        archive = folder / "deployment.zip"
        code = f"{digest(archive)}.zip"
        if not self._has(code):
            self._client.upload_file(
                str(archive), self.bucket, code, ExtraArgs={"ExpectedBucketOwner": self._owner}
            )
        template = json.loads((folder / "sam.json").read_text(encoding="utf-8"))
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = {"Bucket": self.bucket, "Key": code}
        body = json.dumps(template, sort_keys=True).encode()
        name = f"{sha256(body).hexdigest()}.json"
        self._client.put_object(Bucket=self.bucket, Key=name, Body=body, ExpectedBucketOwner=self._owner)
        return f"{self._client.meta.endpoint_url}/{self.bucket}/{name}"

    def remember(self, stack: str, parameters: Mapping[str, str]) -> None:
        """Notes a stack's parameters, for the next stack of that name: deleting a stack deletes its own note of
        them."""
        self._make()
        body = json.dumps(parameters, sort_keys=True).encode()
        self._client.put_object(
            Bucket=self.bucket, Key=f"{stack}.parameters", Body=body, ExpectedBucketOwner=self._owner
        )

    def remembered(self, stack: str) -> dict[str, str]:
        """What was noted last for stacks of that name."""
        self._make()
        name = f"{stack}.parameters"
        if not self._has(name):
            return {}
        found = self._client.get_object(Bucket=self.bucket, Key=name, ExpectedBucketOwner=self._owner)
        parameters: dict[str, str] = json.loads(found["Body"].read())
        return parameters

    def _make(self) -> None:
        try:
            self._client.head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self._owner)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            self._client.create_bucket(
                Bucket=self.bucket, **({} if self.region == "us-east-1" else elsewhere)
            )

    def _has(self, name: str) -> bool:
        try:
            self._client.head_object(Bucket=self.bucket, Key=name, ExpectedBucketOwner=self._owner)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return False
        return True


def digest(archive: Path) -> str:
    """The same for the same files, whenever they were packed. So an unchanged package is not deployed again."""
    with zipfile.ZipFile(archive) as packed:
        held = sorted(
            (entry.filename, entry.external_attr, entry.file_size, entry.CRC) for entry in packed.infolist()
        )
    return sha256(repr(held).encode()).hexdigest()
