"""A made-up campaign: what the demo starts with, and what the pictures show. It is the same each time."""

import random
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.bootstrap import Muster
from chalicelib.domain.reporting import reportable
from chalicelib.domain.roster import Alliance
from chalicelib.settings import Settings
from local.chat import ALLIANCES_NEWS, Chat
from local.seed import ALLIANCE, SERVER, Secrets, define

BEGINS = datetime(2023, 11, 13, tzinfo=UTC)
"""When the two events begin."""
HOUR = timedelta(hours=1)
NAMES = [
    *("Altair", "Bellatrix", "Castor", "Deneb", "Electra", "Fomalhaut", "Gienah", "Hadar", "Izar", "Jabbah"),
    *(
        "Kochab",
        "Lesath",
        "Mizar",
        "Nunki",
        "Okab",
        "Polaris",
        "Rigel",
        "Spica",
        "Tarazed",
        "名前",
        "Zoë",
        "=SUM(A1)",
    ),
]
SILENT, RETIRING = "Vindemiatrix", "Nunki"
ARCHITECTS = "2023-11-architects-of-chaos"
READ_AT, READ = datetime(2023, 11, 15, 9, tzinfo=UTC), 9200
"""A reading of official points, more than was reported."""


class SteppingClock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def record(
    file: Path, secrets: Secrets, until: datetime, where: Settings | None = None, chat: Chat | None = None
) -> None:
    """Makes a SQLite file with the campaign up to `until`. The file appears only when it is complete.

    `chat` hears the news of it, with addresses from `where`. Raises CannotOpen if it can't be written, and
    FileExistsError.
    """
    with closing(bootstrap.sqlite_table(None)) as table:
        clock = SteppingClock(min(BEGINS, until))
        start = partial(bootstrap.assemble, where or Settings(database=file), table, clock)
        muster = start()
        define(muster, secrets)
        if chat is None:
            play(muster, clock, secrets, until)
        else:
            chat.hear(muster, ALLIANCES_NEWS)
            with chat.in_the_past(clock):
                play(muster, clock, secrets, until, lambda: start().news.tell())  # with nothing cached
        table.back_up(file)


def play(
    muster: Muster,
    clock: SteppingClock,
    secrets: Secrets,
    until: datetime,
    tell: Callable[[], object] = lambda: None,
) -> None:
    """Reports come in one by one, most of them in the evening, from two alliances, up to the last full hour before
    `until` or the end of the events.

    Most commanders of one alliance are already on its roster: one of them never reports, and one retires. The others
    join by reporting. Every three hours and at the end, it is time to `tell` the news.
    """
    chance = random.Random(101)
    muster.stores.definitions.put_alliance(Alliance(SERVER.id, "orbit", "ØRB", "Orbit Watch"))
    member, officer, admin = (
        muster.directory.key(secret)
        for secret in (secrets.member_key, secrets.officer_key, secrets.admin_key)
    )
    for name in [*NAMES[:-4], SILENT]:
        muster.rosters.add(officer, SERVER.id, ALLIANCE.id, name, is_new=True)
    while clock.now + HOUR <= until:
        if clock.now.hour % 3 == 0:
            tell()
        clock.now += HOUR
        offered = [str(ref) for ref, _ in reportable(muster.directory.events(), clock.now, SERVER.game_day)]
        if not offered:
            break
        for name in chance.sample(NAMES, 5 if clock.now.hour > 16 else 2):
            mine, theirs = ([chance.choice(offered[:4])] for _ in range(2))
            muster.reporting.report(member, name, mine, is_new=True)
            muster.reporting.report(admin, f"{name} II", theirs, SERVER.id, "orbit", is_new=True)
        muster.refresh.refresh_totals()
        if clock.now == READ_AT:
            muster.readings.log(officer, SERVER.id, ARCHITECTS, READ, confirm=True)
    roster = muster.rosters.roster(officer, SERVER.id, ALLIANCE.id)
    retiring = next(one for one in roster if one.name == RETIRING)
    muster.rosters.retire(officer, SERVER.id, ALLIANCE.id, retiring.id)
    tell()
