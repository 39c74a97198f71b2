"""The stand-in needs nothing of Muster, and its README is true."""

import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import local.sheets
from local.sheets.batch import EDITS
from local.sheets.discovery import APIS, DOCUMENTS, document, methods, properties
from local.sheets.functions import FUNCTIONS
from local.sheets.methods import METHODS

FOLDER = Path(local.sheets.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
ELSEWHERE = """
from urllib.request import urlopen
from taken import SheetsServer
with SheetsServer() as server:
    made = server.create_spreadsheet("Officers", {"Roster": [[1, "=A1+1"]]})
    print(server.values(made, "Roster"), "Officers" in urlopen(server.page_url(made)).read().decode())
"""


def named(text: str) -> set[str]:
    """What stands between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


def section(start: str, end: str) -> str:
    return README.split(start, 1)[1].split(end, 1)[0]


def test_it_works_wherever_it_is_put(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "taken", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[['1', '2']] True\n", "")


def test_the_readmes_example_runs() -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(example, {})


def test_the_readme_names_what_is_not_implemented() -> None:
    known = {api: {method.name for method in methods() if method.api == api} for api in APIS}
    assert named(section("- The methods ", "\n- ")) == known["sheets"] - METHODS.keys()
    assert named(section("- All of Drive but ", "\n- ")) == known["drive"] & METHODS.keys()
    assert named(section("- In a `batchUpdate`: ", "\n- ")) == properties("Request").keys() - EDITS.keys()


def test_the_readme_names_every_function() -> None:
    names = named(section("- Formulas know ", "\n- "))
    assert {name for name in names if name.isalpha()} == FUNCTIONS.keys()


@pytest.mark.parametrize("name", APIS.values())
def test_the_discovery_documents_are_googles_own(name: str) -> None:
    carried = files("googleapiclient") / "discovery_cache" / "documents" / name
    assert (DOCUMENTS / name).read_bytes() == carried.read_bytes()


def test_the_documents_share_no_schema() -> None:
    """So a schema can be looked up without its API."""
    sheets, drive = (document(api)["schemas"].keys() for api in APIS)
    assert not sheets & drive
