"""What Discord sends when somebody uses a command, a button or a menu, as far as Muster looks at it."""

from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from chalicelib.http.inputs import unfit

PING, COMMAND, COMPONENT, AUTOCOMPLETE = 1, 2, 3, 4
"""Types of interactions; there are more."""

Snowflake = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
Text = Annotated[str, Field(max_length=200)]


class _Shape(BaseModel):
    """Discord adds fields now and then, and they don't matter."""

    model_config = ConfigDict(extra="ignore", defer_build=True)


class DiscordUser(_Shape):
    id: Snowflake
    username: Text = ""
    global_name: Text | None = None


class DiscordMember(_Shape):
    user: DiscordUser


class InteractionOption(_Shape):
    name: Text
    value: bool | int | float | str | None = None
    focused: bool = False


class InteractionData(_Shape):
    """Of a command: its name and options. Of a component: its id, and what was chosen."""

    name: Text = ""
    options: Annotated[list[InteractionOption], Field(max_length=25)] = []
    custom_id: Text = ""
    values: Annotated[list[Text], Field(max_length=25)] = []


class Interaction(_Shape):
    """Outside a guild there is no `guild_id` and no `member`."""

    type: int
    application_id: Snowflake | None = None
    guild_id: Snowflake | None = None
    member: DiscordMember | None = None
    data: Annotated[InteractionData, BeforeValidator(lambda given: given or {})] = InteractionData()
    locale: Text = ""
    guild_locale: Text | None = None

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises Malformed."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise unfit(error) from None

    def option(self, name: str) -> str:
        """What was given for the option, without spaces around it; empty, if nothing was."""
        given = (one.value for one in self.data.options if one.name == name)
        return next((str(value).strip() for value in given if value is not None), "")

    def flag(self, name: str) -> bool:
        return any(one.value is True for one in self.data.options if one.name == name)
