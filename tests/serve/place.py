"""A place where the product runs, as its members and its operator reach it: its address, and the commands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from click.testing import CliRunner

from manage.__main__ import main

REFUSED = "Another deployment of Muster keeps this spreadsheet."
PATIENCE = 60


@dataclass
class Place:
    """`run_due` lets the schedule run what is due. `commands`: what the commands need to find the place, as an
    environment."""

    url: str
    run_due: Callable[[], object]
    commands: dict[str, str]
    key: str = ""
    web: requests.Session = field(default_factory=requests.Session)

    def run(self, *arguments: str) -> str:
        """What a command prints that must succeed."""
        unset = dict.fromkeys(("TABLE_NAME", "MUSTER_DB"))
        given = {**unset, "MUSTER_URL": self.url, "MUSTER_KEY": self.key, **self.commands}
        done = CliRunner().invoke(main, arguments, env=given, prog_name="./muster")
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer to a request that must succeed."""
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.web.request(method, self.url + path, json=body, headers=headers, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def report(self, link: str, name: str, *milestones: str) -> None:
        """By the form behind a member link, whose end is `link`."""
        fields = [("commander", name), *(("milestone", milestone) for milestone in milestones)]
        answer = self.web.post(f"{self.url}/f/{link}", data=fields, timeout=PATIENCE)
        assert (answer.status_code, answer.history[0].status_code) == (200, 303), answer.text

    def sheet_error(self, spreadsheet: str) -> str | None:
        """Of its last sync."""
        state = self.get(f"/v1/sheets/{spreadsheet}")
        has_failed = (state["last_error_at"] or "") > (state["last_success_at"] or "")
        return state["last_error"] if has_failed else None

    def facts(self, server: str, *events: str) -> dict[str, Any]:
        """What must be the same wherever the server is: numbers of each event, and who changed what."""
        place = f"/v1/servers/{server}"
        progress = [self.get(f"{place}/events/{event}/progress") for event in events]
        names = ("points", "completions", "commanders", "milestones", "tiers", "official")
        ledger = self.get(f"{place}/ledger?limit=200")["entries"]
        reports = [entry for entry in ledger if entry["action"] in ("report", "void", "restore")]
        return {"numbers": [{name: one[name] for name in names} for one in progress], "reports": reports}


def completions(facts: dict[str, Any]) -> int:
    """Of all events, in what `Place.facts` gives."""
    return sum(event["completions"] for event in facts["numbers"])
