"""Rows that have lost their key get it back by what else Muster wrote into them: held tab → held tab. Pure.

Who is listed would be known by the label all the same. But a row of somebody who has left says their name too, and has
to say another one once they are forgotten.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sheets_sync.base import key_check, key_check_of, read_base, read_columns
from sheets_sync.cells import Value
from sheets_sync.held import HeldTab
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN
from sheets_sync.tabs import Left


def with_keys_again(held: HeldTab, listed: Collection[str], left: Mapping[str, Left]) -> HeldTab:
    """`listed`: the keys that the tab shows; `left`: those of rows that may have been listed, and what is said there.

    A row of a listed key gets no base with it, so that it is not believed about what officers changed.
    """
    lost = [index for index, row in enumerate(held.rows) if row.key is None and any(row.values)]
    if not lost:
        return held
    checks = {key_check_of(key): key for key in (*left, *listed)}
    said: dict[tuple[Value, ...], str] = {(one.label, one.why): key for key, one in left.items()}
    at = held.place(BASE_COLUMN)
    bases: list[Value] = [None if at is None else row.value(at) for row in held.rows]
    columns = next((told for base in bases if (told := read_columns(base))), None)
    shown = [place for place, name in enumerate(held.names) if name not in (None, KEY_COLUMN, BASE_COLUMN)][
        :2
    ]
    rows = list(held.rows)
    for index in lost:
        row, base = rows[index], bases[index]
        key = checks.get(key_check(base) or "")
        if key is None and base is None:
            key = said.get(tuple(row.value(place) for place in shown))
        if key is not None:
            rows[index] = replace(row, key=key, base=None if key in listed else read_base(base, key, columns))
    return replace(held, rows=rows)
