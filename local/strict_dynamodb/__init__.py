"""A strict DynamoDB in memory, for tests: it refuses what the real one refuses, and everything can go wrong in it.

It has real conflicts between transactions and single writes of several threads, idempotency tokens, stale reads on
demand, pages, and faults on every kind of call, before or after it took effect. What the real one knows but this one
does not raises NotImplementedError, never success. It imports nothing of Muster.
"""

from local.strict_dynamodb.client import Call, StrictDynamoDB
from local.strict_dynamodb.faults import Chaos, FaultKind

__all__ = ["Call", "Chaos", "FaultKind", "StrictDynamoDB"]
