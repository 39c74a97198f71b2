"""Sheet view → tabs (DESIGN §7). Pure: what the officers see is decided here, and nowhere else. A tab is a module."""

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import in_words
from chalicelib.domain.due import FRESHNESS
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.content.alliances import alliances_tab
from sheets_sync.content.commanders import commanders_tab
from sheets_sync.content.history import history_tab
from sheets_sync.content.progress import progress_tab
from sheets_sync.content.rewards import rewards_tab
from sheets_sync.content.schedule import schedule_tab
from sheets_sync.content.title_block import title_block
from sheets_sync.content.today import today_tab
from sheets_sync.tabs import Tab

SOON, LATER = "within two minutes", f"every {in_words(FRESHNESS)}"
"""When edits are taken: where Google tells which spreadsheets were touched, and where it does not."""


def tabs_of(
    view: SheetView, sheet: Binding, help_url: str | None = None, is_watched: bool = False
) -> list[Tab]:
    """The tabs of the sheet, in the order in which they are made. Their title blocks mention no trouble yet, and
    nothing is answered yet in their rows. `is_watched`: Google tells when it was touched."""
    block = title_block(view, (SOON if is_watched else LATER) if sheet.edits else None)
    who = commanders_tab(view, block, edits=sheet.edits) if view.alliance else alliances_tab(view, block)
    return [
        today_tab(view, block, help_url),
        progress_tab(view, block, edits=sheet.edits),
        schedule_tab(view, block),
        rewards_tab(view, block),
        who,
        history_tab(view, block),
    ]
