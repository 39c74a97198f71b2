"""Refusals as boto3 raises them: real ClientErrors with DynamoDB's codes and, where known, its words."""

from typing import Any

from botocore.exceptions import ClientError


class Invalid(Exception):
    """DynamoDB answers this with a ValidationException. Nothing was written."""


class DataInvalid(Invalid):
    """The same, if only the stored item shows it. In a transaction, it is the reason of the cancellation."""


def refusal(operation: str, code: str, message: str, status: int = 400, **details: Any) -> ClientError:
    """The error of an answer with that status, with `details` such as `CancellationReasons`."""
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
        **details,
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]  # the stubs want every header


def throttled(operation: str, code: str = "ThrottlingException") -> ClientError:
    return refusal(operation, code, "Rate of requests exceeds the allowed throughput.")


def internal(operation: str) -> ClientError:
    return refusal(operation, "InternalServerError", "Internal server error", 500)


def conflict(operation: str) -> ClientError:
    return refusal(operation, "TransactionConflictException", "Transaction is ongoing for the item")


def cancelled(reasons: list[dict[str, Any]]) -> ClientError:
    """The error of a cancelled transaction, with a reason for each of its changes, in order. Nothing was written."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return refusal(
        "TransactWriteItems",
        "TransactionCanceledException",
        message,
        CancellationReasons=reasons,
    )
