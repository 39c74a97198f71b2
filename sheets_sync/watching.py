"""Finds which sheets were touched since the last run, so that an edit is taken within two minutes (DESIGN §7)."""

import logging
from collections.abc import Callable, Collection
from typing import Protocol

from sheets_sync.drive import BadToken, Drive, DriveAccount, DriveError, NotPermitted

logger = logging.getLogger(__name__)


class Watched(Protocol):
    """Keeps what was told."""

    def told_up_to(self, account: str) -> str | None: ...

    def note_touched(self, account: str, spreadsheets: Collection[str] | None, token: str) -> None: ...


def look(watched: Watched, drive: Drive, has_time: Callable[[], bool]) -> bool:
    """Notes which sheets the account's Drive says were touched. Whether it tells that at all.

    One request, unless there are more changes than an answer holds. A token is only kept once what was told up to it is
    noted, so a run that is cut off loses nothing.
    """
    try:
        with drive.connected() as account:
            _look(watched, account, has_time)
    except NotPermitted as error:
        logger.warning("edits are seen every 15 minutes: %s", error)
        return False
    except DriveError as error:
        logger.warning("touched sheets are not known in this run: %s", error)
    return True


def _look(watched: Watched, account: DriveAccount, has_time: Callable[[], bool]) -> None:
    token = watched.told_up_to(account.name)
    while token and has_time():
        try:
            changes = account.since(token)
        except BadToken as error:
            logger.warning("all sheets are looked at: %s", error)
            token = None
            break
        watched.note_touched(account.name, changes.files, changes.token)
        if changes.are_all:
            return
        token = changes.token
    if token is None:  # all that were touched before the new token are looked at after it is kept
        watched.note_touched(account.name, None, account.start())
