"""`make torture`: plays a campaign and prints what came of it. Fails if anything was lost, counted twice or differs."""

import logging
import os
import sys
import time

from tests.torture.campaign import Outcome, run
from tests.torture.ground import STORES


def main() -> int:
    operations, seed = int(os.environ.get("OPERATIONS", "12000")), int(os.environ.get("SEED", "1"))
    store = os.environ.get("STORE", "dynamodb")
    if store not in STORES:
        raise SystemExit(f"STORE is one of {', '.join(STORES)}, not {store!r}.")
    logging.disable(logging.CRITICAL)  # what goes wrong is counted here
    print(f"torture: {operations:,} operations, seed {seed}, on {store}", flush=True)
    began = time.monotonic()
    outcome = run(operations, seed, store)
    _tell_faults(outcome)
    _tell_findings(outcome)
    print(
        f"\n{outcome.requests:,} requests in {time.monotonic() - began:.0f} s, {outcome.refused:,} of them refused"
    )
    print(f"{outcome.calls:,} calls of the table; {outcome.busy:,} answers were 503 and sent again\n")
    for name, count in outcome.summary.items():
        print(f"{name:15}{count:>10,}")
    return 0 if outcome.is_clean and not outcome.untried else 1


def _tell_faults(outcome: Outcome) -> None:
    kinds = sorted({kind for _, kind in outcome.faults})
    print("\n" + " ".join(f"{word:>12}" for word in ("faults", *kinds)))
    for operation in sorted({operation for operation, _ in outcome.faults}):
        counts = (f"{outcome.faults[operation, kind] or '':>12}" for kind in kinds)
        print(" ".join([f"{operation:>12.12}", *counts]))


def _tell_findings(outcome: Outcome) -> None:
    found: dict[str, list[str]] = {kind: what for kind, what in outcome.findings.found.items()}  # noqa: C416
    found |= {"5xx": outcome.failures, "never answered well": outcome.untried}
    for kind, what in found.items():
        for one in what[:20]:
            print(f"{kind}: {one}")


if __name__ == "__main__":
    sys.exit(main())
