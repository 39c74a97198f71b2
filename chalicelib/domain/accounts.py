"""Which of the deployment's accounts at Google keeps which spreadsheet."""

from collections import Counter
from collections.abc import Iterable, Sequence

from chalicelib.domain.binding import Binding


def shared_out(sheets: Iterable[Binding], accounts: Sequence[str]) -> dict[str, str]:
    """The account of each spreadsheet, by its id, if there is any account. `accounts`: their addresses.

    A sheet keeps its account as long as there is that account. One that was synced before accounts were noted is the
    first's. Any other gets one that has the fewest.
    """
    if not accounts:
        return {}
    found, others = dict[str, str](), list[str]()
    for sheet in sheets:
        if sheet.account in accounts:
            found[sheet.spreadsheet_id] = str(sheet.account)
        elif sheet.account is None and sheet.last_success_at:
            found[sheet.spreadsheet_id] = accounts[0]
        else:
            others.append(sheet.spreadsheet_id)
    have = Counter(found.values())
    for each in sorted(others):
        found[each] = min(accounts, key=lambda account: have[account])
        have[found[each]] += 1
    return found
