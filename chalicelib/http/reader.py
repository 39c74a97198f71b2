"""Who reads a page: in which language, and what decided that."""

from dataclasses import dataclass
from urllib.parse import urlencode

from chalice.app import MultiDict, Request

from chalicelib.http.addresses import stage
from chalicelib.http.cookies import LONG, cookie, sent_cookie
from chalicelib.languages import LANGUAGES, Language, language, preferred

_COOKIE = "muster_language"


@dataclass(frozen=True, slots=True)
class Reader:
    """`carried`: what a link to another page ends with, so that it is in the same language; empty, unless the reader
    has chosen one. `headers`: what the answer says about the language.
    """

    language: Language
    carried: str
    headers: dict[str, str]
    _others: str

    def in_language(self, code: str) -> str:
        """The address of this page in that language, relative to it. On pages for all it names nothing else: what
        chats put behind an address would make a page of its own for each."""
        return f"?{self._others}lang={code}"


def reader_of(request: Request, only_in: str | None = None) -> Reader:
    """In the one language that the page is `only_in`, if there is one.

    Else by `?lang=`; by what was chosen on this device, for forms and receipts alone, since the pages for all can be
    cached; by what the browser asks for.
    """
    if only_in:
        return Reader(language(only_in), "", {"Content-Language": only_in}, "")
    given: MultiDict = request.query_params or MultiDict({})
    is_private = str(request.path).startswith("/f/")
    asked = given.get("lang", "")
    chosen = asked if asked in LANGUAGES else sent_cookie(request, _COOKIE) if is_private else ""
    code = chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", ""))
    headers = {"Content-Language": code}
    if is_private:
        headers["Vary"] = "Accept-Language, Cookie"
    elif not chosen:
        headers["Vary"] = "Accept-Language"
    if is_private and asked == chosen == code:
        headers["Set-Cookie"] = cookie(request, _COOKIE, code, LONG, f"{stage(request)}/f")
    names = [name for name in given if name != "lang"] if is_private else []
    others = [(name, one) for name in names for one in given.getlist(name)]
    carried = f"?lang={code}" if chosen == code else ""
    return Reader(language(code), carried, headers, f"{urlencode(others)}&" if others else "")
