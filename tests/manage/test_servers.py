"""`./muster servers` and `./muster alliances`."""

import json

from tests.manage.conftest import Desk


def test_a_server_is_put_listed_and_its_day_set(desk: Desk) -> None:
    assert desk.said("servers", "put", "202") == "Server 202: new. Its day begins at 00:00 UTC (assumed).\n"
    day = ("--day-starts", "18:00", "--zone", "America/New_York")
    assert desk.said("servers", "put", "202", *day) == (
        "Server 202: changed. Its day begins at 18:00 America/New_York.\n"
    )
    assert desk.said("servers", "put", "202") == "Server 202 is already there.\n"
    assert desk.said("servers", "list").splitlines() == [
        "Server  Day starts  Zone              Assumed",
        "101     00:00       UTC               yes",
        "202     18:00       America/New_York",
    ]
    answer = json.loads(desk.said("servers", "list", "--json"))
    assert answer["servers"][1]["game_day"]["zone"] == "America/New_York"


def test_the_points_of_alliances_are_made_public_and_the_game_day_stays(desk: Desk) -> None:
    desk.said("servers", "put", "202", "--day-starts", "18:00", "--zone", "America/New_York")
    public = "Its day begins at 18:00 America/New_York. The points of its alliances are public.\n"
    assert desk.said("servers", "put", "202", "--public-standings") == f"Server 202: changed. {public}"
    day = ("--day-starts", "17:00", "--zone", "America/New_York")
    assert desk.said("servers", "put", "202", *day).endswith("are public.\n")
    private = "Server 202: changed. Its day begins at 17:00 America/New_York.\n"
    assert desk.said("servers", "put", "202", "--private-standings") == private
    assumed = "Server 101: changed. Its day begins at 00:00 UTC (assumed). The points of its alliances are public.\n"
    assert desk.said("servers", "put", "101", "--public-standings") == assumed


def test_what_is_wrong_with_a_game_day_is_said_by_field(desk: Desk) -> None:
    said = desk.refusal("servers", "put", "202", "--day-starts", "18:00", "--zone", "Mars/Olympus")
    assert "game_day.zone: " in said
    assert "--day-starts and --zone go together" in desk.refusal(
        "servers", "put", "2", "--zone", "UTC", code=2
    )


def test_an_alliance_is_put_and_keeps_what_is_not_given(desk: Desk) -> None:
    said = desk.said("alliances", "put", "101", "borealis", "--tag", "BOR", "--name", "Borealis Watch")
    assert said == (
        "Alliance borealis of server 101: new. [BOR] Borealis Watch. Anybody who has its link may report.\n"
    )
    assert desk.said("alliances", "put", "101", "borealis", "--roster-only") == (
        "Alliance borealis of server 101: changed. [BOR] Borealis Watch. Only its roster may report.\n"
    )
    assert "[BØR]" in desk.said("alliances", "put", "101", "borealis", "--tag", "BØR")
    row = desk.said("alliances", "list", "101").splitlines()[1]
    assert row.split("  ")[0] == "borealis"
    assert "the roster only" in row
    answer = json.loads(desk.said("alliances", "list", "101", "--json"))
    assert answer["alliances"][0] == {
        "id": "borealis",
        "tag": "BØR",
        "name": "Borealis Watch",
        "is_open": False,
        "new_per_day": 150,
    }


def test_an_alliance_is_closed_opened_and_limited(desk: Desk) -> None:
    new = "A link may bring 150 new commanders a day."
    assert desk.said("alliances", "close", "101", "nova") == (
        f"Alliance nova of server 101: Only its roster may report. {new}\n"
    )
    assert "Anybody who has its link may report." in desk.said("alliances", "open", "101", "nova")
    assert "bring 20 new commanders a day" in desk.said("alliances", "limit", "101", "nova", "20")
    assert desk.said("alliances", "list", "101").splitlines()[1].split()[-1] == "20"
    assert "1001 is not in the range" in desk.refusal("alliances", "limit", "101", "nova", "1001", code=2)


def test_a_new_alliance_needs_its_labels_and_a_server(desk: Desk) -> None:
    said = desk.refusal("alliances", "put", "101", "borealis", "--tag", "BOR", code=2)
    assert "borealis is new, so it needs --tag and --name." in said
    assert "Server '999' doesn't use Muster." in desk.refusal("alliances", "list", "999")
    said = desk.refusal("alliances", "put", "999", "borealis", "--tag", "BOR", "--name", "Borealis")
    assert "Server '999' doesn't use Muster." in said


def test_an_id_can_not_lead_elsewhere(desk: Desk) -> None:
    said = desk.refusal("alliances", "put", "101", "a/../b", "--tag", "A", "--name", "A")
    assert said.startswith("Error: ")
    assert [one.id for one in desk.world.muster.stores.definitions.alliances("101")] == ["nova", "orbit"]
