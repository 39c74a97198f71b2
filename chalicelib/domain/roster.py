"""Who there is: servers, their alliances, the commanders of an alliance."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.access import Role
from chalicelib.domain.calendar import GameDay

MOST_COMMANDERS = 1_000
"""On a roster (DESIGN §7). Who has retired does not count."""
NEW_PER_DAY, MOST_NEW_PER_DAY = 150, 1_000
"""How many commanders a member link brings in a day where nobody has set it, and what can be set at most."""


@dataclass(frozen=True, slots=True)
class Server:
    """An STFC game server; `id` is its number as text. `public_standings`: everybody may see its alliances' totals."""

    id: str
    game_day: GameDay = field(default_factory=GameDay)
    public_standings: bool = False


@dataclass(frozen=True, slots=True)
class Alliance:
    """A group of commanders. `tag` and `name` are labels and can change.

    In an open alliance members may add themselves by reporting; otherwise only commanders on the roster report.
    `roster_changes` counts the changes that its roster has seen. `past_tags`: those that it had before. `new_per_day`:
    how many commanders each of its member links may bring in a game day; None: nobody has set it. `on_roster`: how many
    commanders it has, the retired not counted; None: nobody has counted them yet.
    """

    server: str
    id: str
    tag: str
    name: str
    is_open: bool = True
    roster_changes: int = 0
    past_tags: tuple[str, ...] = ()
    new_per_day: int | None = None
    on_roster: int | None = field(default=None, compare=False)

    @property
    def new_allowed(self) -> int:
        """How many commanders each of its member links may bring in a game day."""
        return NEW_PER_DAY if self.new_per_day is None else self.new_per_day


@dataclass(frozen=True, slots=True)
class Forgetting:
    """A commander's names are being forgotten: all that they ever had, and the ledger's entry before which they stand
    yet; None: it has not begun. `version`: that of the commander whose names these are.
    """

    version: int
    names: tuple[str, ...]
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Commander:
    """A player, identified by `id` on a server; `name` is a label and can change. In one alliance at a time.

    `added_by`: the role of the key that added them; a member's means that they did it themselves. `key` is what the
    name index has for the name. `aliases` are other names that lead to them, as they are typed, by what the index has
    for each: those that they had, and those of who became one with them. `former`: where rosters still know them as
    somebody who has left, by alliance and id. `moved`: this is such a remainder, and `alliance` is where they went;
    `into`: whom they became one with there. `version` counts the changes. `brought_by`: the id of the shared key (a
    member link, a sheet) that brought them, as long as no officer has shown to know them. `more` is what a later
    version of Muster has stored beside: it is kept.
    """

    id: str
    name: str
    alliance: str
    added_at: datetime | None = None
    added_by: Role | None = None
    retired_at: datetime | None = None
    key: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    former: tuple[tuple[str, str], ...] = ()
    moved: bool = False
    into: str | None = None
    forgetting: Forgetting | None = None
    version: int = 0
    brought_by: str | None = None
    more: Mapping[str, object] = field(default_factory=dict, compare=False)

    def former_name(self, keys: Collection[str]) -> str | None:
        """The name, as it is typed, by which these normalised names lead to them; None: they have the present one."""
        if self.key in keys:
            return None
        return next((self.aliases[key] for key in keys if key in self.aliases), None)
