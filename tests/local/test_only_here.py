"""What stands in for others asks nobody who they are, so it is reached from this machine alone."""

import app
from local import demo
from local.discord import DiscordServer
from local.gateway import Gateway
from local.sheets import SheetsServer


def test_what_the_demo_runs_is_reached_from_this_machine_alone() -> None:
    gateway = Gateway(app.app, demo.HOST)
    gateway.start()
    gateway.stop()
    with SheetsServer(host=demo.HOST) as sheets, DiscordServer(host=demo.HOST) as discord:
        urls = [gateway.url, sheets.url, discord.url]
    assert {url.rpartition(":")[0] for url in urls} == {"http://127.0.0.1"}
