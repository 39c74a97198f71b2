"""The faults of `make mutations` can be put into the code as it is now."""

from pathlib import Path

import pytest

from tests.mutations.mutations import RELIABILITY, SECURITY, Mutation

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("mutation", [*RELIABILITY, *SECURITY], ids=lambda mutation: mutation.fault)
def test_the_text_that_it_replaces_stands_there_once(mutation: Mutation) -> None:
    code = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert code.count(mutation.text) == 1
    if mutation.file.endswith(".py"):
        compile(code.replace(mutation.text, mutation.instead), mutation.file, "exec")
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutation.tests.split())
