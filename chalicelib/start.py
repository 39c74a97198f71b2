"""How a process starts quickly: without looking for garbage among what it imports."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Within it no garbage is collected, and what is there at its end is never looked through again.

    While modules are imported, the collector runs dozens of times and finds nothing, since all of it stays. That takes
    a fifth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
