"""The product behind CloudFront, as the template sets that up: what it keeps, and which addresses there are."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from chalicelib import bootstrap
from chalicelib.settings import Settings
from tests.http.conftest import served
from tests.http.every_route import ALL, ROWS, Row, Stage, staged
from tests.world import HIDDEN_MOTIVATIONS, World

TEMPLATE = json.loads((Path(__file__).parents[2] / ".chalice" / "resources.json").read_text(encoding="utf-8"))
DISTRIBUTION = TEMPLATE["Resources"]["Cdn"]["Properties"]["DistributionConfig"]
(ORIGIN,) = DISTRIBUTION["Origins"]
NEVER, EVERYTHING_BUT_HOST = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b689b0a8-53d0-40ab-baf2-38738e2966ac"
"""AWS's own policies CachingDisabled and AllViewerExceptHostHeader."""


def is_kept(path: str) -> bool:
    """Whether the first behaviour whose pattern fits the path is one that keeps answers."""
    behaviours = [
        *DISTRIBUTION["CacheBehaviors"],
        {"PathPattern": "*", **DISTRIBUTION["DefaultCacheBehavior"]},
    ]
    behaviour = next(one for one in behaviours if fnmatchcase(path, one["PathPattern"]))
    if behaviour["CachePolicyId"] == NEVER:
        assert behaviour["OriginRequestPolicyId"] == EVERYTHING_BUT_HOST
        assert {"POST", "PUT", "PATCH", "DELETE"} <= set(behaviour["AllowedMethods"])
        return False
    assert behaviour["CachePolicyId"] == {"Ref": "PublicPages"}
    assert "OriginRequestPolicyId" not in behaviour, "it would pass on keys"
    return True


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_only_what_is_for_everybody_is_kept(stage: Stage, row: Row) -> None:
    for stage.principal in ("member" if "{key}" in row.route else "admin", "no key"):
        answer = stage.send(row)
        control, path = answer.headers["Cache-Control"], urlsplit(answer.url).path
        if is_kept(path):
            assert (row.method, row.may) == ("GET", ALL)
            assert "{key}" not in row.route
            assert control.startswith("public, max-age=")
        else:
            is_by_key = control.startswith("private") and answer.headers["Vary"] == "Authorization"
            assert control == "no-store" or is_by_key, (path, control)


@pytest.mark.parametrize("path", ["/servers/999", "/v1/servers/999/progress", "/servers/101/"])
def test_a_refusal_is_not_kept(stage: Stage, path: str) -> None:
    assert is_kept(path)
    answer = stage.site.get(path, allow_redirects=False)
    assert answer.status_code != 200
    assert answer.headers["Cache-Control"] == "no-store"
    kept = {one["ErrorCode"]: one["ErrorCachingMinTTL"] for one in DISTRIBUTION["CustomErrorResponses"]}
    assert set(kept.values()) == {0}
    assert {404, 503} <= kept.keys()


def test_an_alliance_may_be_called_as_it_likes() -> None:
    for name in ("progress", "standings", "schedule.ics"):
        assert not is_kept(f"/v1/servers/101/alliances/{name}")


def test_nothing_goes_without_tls() -> None:
    behaviours = [*DISTRIBUTION["CacheBehaviors"], DISTRIBUTION["DefaultCacheBehavior"]]
    assert {one["ViewerProtocolPolicy"] for one in behaviours} == {"redirect-to-https"}
    behind = {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    assert ORIGIN["CustomOriginConfig"] == behind
    _, own, _ = DISTRIBUTION["ViewerCertificate"]["Fn::If"]
    assert own["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert TEMPLATE["Resources"]["ApiDomain"]["Properties"]["SecurityPolicy"] == "TLS_1_2"


def test_what_tells_answers_apart_is_passed_on_and_no_key_is() -> None:
    policy = TEMPLATE["Resources"]["PublicPages"]["Properties"]["CachePolicyConfig"]
    assert policy["MinTTL"] == policy["DefaultTTL"] == 0, "answers say themselves how long"
    passed = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert passed["CookiesConfig"] == {"CookieBehavior": "none"}
    assert passed["HeadersConfig"]["Headers"] == ["Accept-Language"]
    assert passed["QueryStringsConfig"]["QueryStrings"] == ["lang"]


def ask(url: str, path: str, method: str = "GET", **options: Any) -> requests.Response:
    """As the distribution asks for the path, of the gateway at `url`."""
    told = {one["HeaderName"]: one["HeaderValue"] for one in ORIGIN["OriginCustomHeaders"]}
    url += ORIGIN["OriginPath"] + path
    return requests.request(method, url, headers=told, allow_redirects=False, timeout=30, **options)


def test_addresses_have_no_stage_there_and_keep_it_at_the_gateway(world: World) -> None:
    """One after the other, from one process: what it keeps for one must not be shown at the other."""
    settings = Settings("muster-test", public_url="https://muster.example.org")
    link = f"/f/{world.secret()}"
    with served(world, "/api") as site:
        gateway = site.url.removesuffix("/api")
        bootstrap.use(world.process(settings=settings))
        for page in ("/servers/101", "/", "/help") * 2:
            assert '="/api/' in site.get(page).text
            there = ask(gateway, page)
            assert there.status_code == 200
            assert "/api/" not in there.text
        sent = ask(gateway, link, "POST", data={"commander": "Kestrel", "milestone": HIDDEN_MOTIVATIONS})
        assert sent.headers["Location"].startswith(f"{link}/receipt?")
        assert f"Path={link};" in sent.headers["Set-Cookie"] + ";"
        assert ask(gateway, sent.headers["Location"]).status_code == 200
        assert ask(gateway, f"{link}).").headers["Location"] == link
        assert ask(gateway, "/servers?server=101").headers["Location"] == "/servers/101"


def test_what_is_told_elsewhere_begins_with_the_public_address(world: World) -> None:
    with served(world, "/api") as site:
        bootstrap.use(
            world.process(settings=Settings("muster-test", public_url="https://muster.example.org"))
        )
        secret = world.secret("admin", None, None)
        order = {"role": "member", "label": "Link", "server": "101", "alliance": "nova"}
        made = site.call("POST", "/v1/keys", secret, json=order).json()
        assert made["link"] == f"https://muster.example.org/f/{made['secret']}"
        assert site.get("/openapi.json").json()["servers"] == [{"url": "https://muster.example.org"}]
        assert "https://muster.example.org/servers/101" in site.get("/v1/servers/101/schedule.ics").text
        page = site.get("/servers/101").text
        for path in ("/servers/101", "/v1/servers/101/schedule.ics"):
            assert f"muster.example.org{path}" in page
