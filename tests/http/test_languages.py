"""Which language a page is in, what decides it, and what an answer says about it."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.http.conftest import Site
from tests.world import HIDDEN_MOTIVATIONS


def language_of(answer: requests.Response) -> str:
    """As the header and the page say."""
    (of_page,) = re.findall(r'<html lang="(\w+)"', answer.text)
    assert answer.headers["Content-Language"] == of_page
    return str(of_page)


def form(site: Site) -> str:
    return f"{site.url}/f/{site.world.secret()}"


@pytest.mark.parametrize("path", ["/servers/101", "/help", "/servers/999", "/f/unknown"])
def test_a_page_is_in_the_language_that_the_browser_asks_for(site: Site, path: str) -> None:
    answer = site.get(path, headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert language_of(answer) == "de"
    assert "Accept-Language" in answer.headers["Vary"]
    assert language_of(site.get(path, headers={"Accept-Language": "zh"})) == "en"


@pytest.mark.parametrize("path", ["/servers/101", "/help"])
def test_the_address_of_a_page_for_all_decides_alone(site: Site, path: str) -> None:
    """So that it can be cached."""
    headers = {"Accept-Language": "de", "Cookie": "muster_language=ru"}
    chosen = site.get(f"{path}?lang=fr", headers=headers)
    assert (language_of(chosen), "Vary" in chosen.headers) == ("fr", False)
    assert language_of(site.get(path, headers=headers)) == "de", "the cookie is for forms"
    unknown = site.get(f"{path}?lang=tlh", headers=headers)
    assert (language_of(unknown), unknown.headers["Vary"]) == ("de", "Accept-Language")
    assert "Set-Cookie" not in chosen.headers


def test_a_form_remembers_the_language_that_was_chosen(any_site: Site) -> None:
    phone, url = requests.Session(), form(any_site)
    phone.headers["Accept-Language"] = "de"
    first = phone.get(url, timeout=30)
    assert (language_of(first), first.headers["Vary"]) == ("de", "Accept-Language, Cookie")
    assert "Set-Cookie" not in first.headers
    chosen = phone.get(f"{url}?lang=ja", timeout=30).headers["Set-Cookie"]
    assert f"Path={urlsplit(any_site.url).path}/f" in chosen.split("; "), "pages for all never see it"
    assert language_of(phone.get(url, timeout=30)) == "ja"
    sent = phone.post(url, data={"commander": "Kestrel", "milestone": HIDDEN_MOTIVATIONS}, timeout=30)
    assert language_of(sent) == "ja"
    assert language_of(phone.post(url, data={"commander": "Kestrel"}, timeout=30)) == "ja", "errors too"
    assert language_of(phone.get(f"{sent.url}&lang=ru", timeout=30)) == "ru"
    assert language_of(phone.get(url, timeout=30)) == "ru", "it is one choice, wherever it was made"
    phone.get(f"{url}?lang=it", timeout=30)
    assert language_of(phone.get(sent.url, timeout=30)) == "it"


def test_a_page_offers_itself_in_every_language(any_site: Site) -> None:
    phone, url = requests.Session(), form(any_site)
    receipt = phone.post(url, data={"commander": "Zoë & Co", "milestone": HIDDEN_MOTIVATIONS}, timeout=30)
    offered = re.findall(r'<a href="([^"]+)" lang="(\w+)"', receipt.text)
    assert [code for _, code in offered] == ["en", "de", "fr", "es", "it", "pt", "ru", "ja"]
    for address, code in offered:
        other = phone.get(urljoin(receipt.url, address.replace("&amp;", "&")), timeout=30)
        assert (other.status_code, language_of(other)) == (200, code)
        assert "<h1><bdi>Zoë &amp; Co</bdi></h1>" in other.text


@pytest.mark.parametrize("cookie", ["muster_language=tlh", "muster_language=", "muster_language"])
def test_a_cookie_of_another_form_is_passed_over(site: Site, cookie: str) -> None:
    answer = requests.get(form(site), headers={"Cookie": cookie, "Accept-Language": "it"}, timeout=30)
    assert language_of(answer) == "it"


def test_the_description_of_the_api_is_english(site: Site) -> None:
    answer = site.get("/docs", headers={"Accept-Language": "de"})
    assert language_of(answer) == "en"
    assert "Vary" not in answer.headers
