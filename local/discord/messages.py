"""What a message may hold: its text, embeds, components and mentions. Also modals, which hold components too."""

from collections.abc import Iterator, Mapping
from typing import Any

from .errors import EMPTY_MESSAGE, ApiError, Json, Problem, invalid_form, not_done
from .forms import (
    Check,
    address,
    boolean,
    both,
    flags,
    instant,
    items,
    localized,
    one_of,
    problem,
    shape,
    snowflake,
    text,
    whole,
)

EPHEMERAL, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 64, 4, 4096
ROW, BUTTON, SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
LINK_STYLE = 5
MOST_IN_EMBEDS = 6000
NOT_HERE = {"attachments", "poll", "thread_name", "applied_tags", "sticker_ids"}
"""Fields that Discord knows, and the stand-in does not."""


def check_webhook_message(body: Any) -> None:
    """The body of a webhook that is executed. Raises ApiError.

    Discord ignores components of a webhook that no application owns; here they are refused.
    """
    _refuse(body, _WEBHOOK)
    _require_content(body)


def check_edit(body: Any, components: bool = False) -> None:
    """The body of an edit: what it leaves out stays. `components`: the message is an application's."""
    _refuse(body, _ANSWER_EDIT if components else _WEBHOOK_EDIT)


def check_answer(data: Any, is_edit: bool = False) -> None:
    """The data of a message that answers an interaction, or of one that such an answer changes."""
    _refuse(data, _ANSWER)
    if not is_edit:
        _require_content(data)


def check_modal(data: Any) -> None:
    _refuse(data, _MODAL)


def check_choices(data: Any) -> None:
    """The data of an answer to an autocomplete."""
    _refuse(data, _CHOICES)


def edited(message: Json, changes: Json) -> Json:
    """What a message holds after an edit. Raises ApiError if nothing is left in it."""
    held = {name: changes.get(name, message[name]) for name in ("content", "embeds", "components")}
    held = {
        "content": held["content"] or "",
        "embeds": held["embeds"] or [],
        "components": held["components"] or [],
    }
    _require_content(held)
    return held


def _refuse(body: Any, check: Check) -> None:
    if isinstance(body, dict) and (here := NOT_HERE & {name for name, item in body.items() if item}):
        raise not_done(", ".join(sorted(here)))
    problems = list(check(body))
    if problems:
        raise invalid_form(problems)


def _require_content(body: Json) -> None:
    if not (body.get("content") or "").strip() and not body.get("embeds") and not body.get("components"):
        raise ApiError(*EMPTY_MESSAGE)


def _embed_filled(embed: Json) -> Iterator[Problem]:
    if not any(
        embed.get(name)
        for name in ("title", "description", "fields", "footer", "author", "image", "thumbnail")
    ):
        yield problem("BASE_TYPE_REQUIRED", "This field is required", "description")


def _embeds_fit(embeds: list[Json]) -> Iterator[Problem]:
    if sum(map(_characters, embeds)) > MOST_IN_EMBEDS:
        yield problem("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_IN_EMBEDS}")


def _characters(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or []:
        texts += [field["name"], field["value"]]
    return sum(len(each.strip()) for each in texts if each)


_PICTURE = shape({"url": address()}, ["url"])
_EMBED = both(
    shape(
        {
            "title": text(256),
            "type": one_of("rich"),
            "description": text(4096),
            "url": address(),
            "timestamp": instant,
            "color": whole(0, 0xFFFFFF),
            "footer": shape({"text": text(2048, 1), "icon_url": address()}, ["text"]),
            "image": _PICTURE,
            "thumbnail": _PICTURE,
            "author": shape({"name": text(256, 1), "url": address(), "icon_url": address()}, ["name"]),
            "fields": items(
                shape({"name": text(256, 1), "value": text(1024, 1), "inline": boolean}, ["name", "value"]),
                25,
            ),
        }
    ),
    _embed_filled,
)


def _mentions_fit(mentions: Json) -> Iterator[Problem]:
    for kind in ("users", "roles"):
        if kind in (mentions.get("parse") or []) and mentions.get(kind):
            yield problem(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )


_MENTIONS = both(
    shape(
        {
            "parse": items(one_of("users", "roles", "everyone"), 3),
            "users": items(snowflake, 100),
            "roles": items(snowflake, 100),
            "replied_user": boolean,
        }
    ),
    _mentions_fit,
)

_EMOJI = shape({"name": text(32), "id": snowflake, "animated": boolean})
_CUSTOM_ID = text(100, 1)


def _button_fits(button: Json) -> Iterator[Problem]:
    needed, excluded = ("url", "custom_id") if button["style"] == LINK_STYLE else ("custom_id", "url")
    if not button.get(needed):
        yield problem("BASE_TYPE_REQUIRED", f"A {needed} is required", needed)
    if button.get(excluded):
        yield problem(
            "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
            "A custom id and url cannot both be specified",
        )
    if not button.get("label") and not button.get("emoji"):
        yield problem("BASE_TYPE_REQUIRED", "A button needs a label or an emoji", "label")


_BUTTON = both(
    shape(
        {
            "type": one_of(BUTTON),
            "id": whole(0, 2**31 - 1),
            "style": whole(1, 5),
            "label": text(80),
            "emoji": _EMOJI,
            "custom_id": _CUSTOM_ID,
            "url": address(512),
            "disabled": boolean,
        },
        ["style"],
    ),
    _button_fits,
)


def _select_fits(select: Json) -> Iterator[Problem]:
    values = [option["value"] for option in select["options"]]
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Problem(
                ("options", str(index)),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if most > len(values):
        yield problem(
            "NUMBER_TYPE_MAX", f"int value should be less than or equal to {len(values)}.", "max_values"
        )
    if least > most:
        yield problem("NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.", "min_values")
    if sum(bool(option.get("default")) for option in select["options"]) > most:
        yield problem(
            "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "There are more defaults than max_values.", "options"
        )


_SELECT = both(
    shape(
        {
            "type": one_of(SELECT),
            "id": whole(0, 2**31 - 1),
            "custom_id": _CUSTOM_ID,
            "placeholder": text(150),
            "min_values": whole(0, 25),
            "max_values": whole(1, 25),
            "disabled": boolean,
            "required": boolean,
            "options": items(
                shape(
                    {
                        "label": text(100, 1),
                        "value": text(100, 1),
                        "description": text(100),
                        "emoji": _EMOJI,
                        "default": boolean,
                    },
                    ["label", "value"],
                ),
                25,
                1,
            ),
        },
        ["custom_id", "options"],
    ),
    _select_fits,
)


def _row_fits(row: Json) -> Iterator[Problem]:
    kinds = [each["type"] for each in row["components"]]
    if SELECT in kinds and len(kinds) > 1:
        yield problem(
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "A row holds up to five buttons or one select menu.",
            "components",
        )


def _by_type(kinds: Mapping[int, Check]) -> Check:
    """A component is checked as its type says."""

    def check(value: Any) -> Iterator[Problem]:
        kind: Any = value.get("type") if isinstance(value, dict) else None
        if kind in kinds and not isinstance(kind, bool):
            yield from kinds[kind](value)
        elif not isinstance(value, dict):
            yield problem("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        else:
            known = ", ".join(map(str, kinds))
            yield problem("UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({known}).')

    return check


def _row(kinds: Mapping[int, Check], most: int, *more: Check) -> Check:
    fields = {"type": one_of(ROW), "id": whole(0, 2**31 - 1), "components": items(_by_type(kinds), most, 1)}
    return both(shape(fields, ["type", "components"]), *more)


def _ids_differ(rows: list[Json]) -> Iterator[Problem]:
    """No two components of a message or a modal have the same custom id."""
    seen = set()
    for path, component in _leaves(rows):
        custom_id = component.get("custom_id")
        if custom_id in seen:
            yield Problem(
                (*path, "custom_id"),
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        if custom_id:
            seen.add(custom_id)


def _leaves(rows: list[Json]) -> Iterator[tuple[tuple[str, ...], Json]]:
    for index, row in enumerate(rows):
        if "component" in row:
            yield (str(index), "component"), row["component"]
        for number, component in enumerate(row.get("components", [])):
            yield (str(index), "components", str(number)), component


def components_of(rows: list[Json]) -> list[Json]:
    """The buttons, menus and inputs in all rows."""
    return [component for _, component in _leaves(rows)]


_COMPONENTS = both(
    items(_by_type({ROW: _row({BUTTON: _BUTTON, SELECT: _SELECT}, 5, _row_fits)}), 5), _ids_differ
)


def _input(labelled: bool) -> Check:
    """A text input. In a row it has its own label, within a label it has none."""
    fields: dict[str, Check] = {
        "type": one_of(TEXT_INPUT),
        "id": whole(0, 2**31 - 1),
        "custom_id": _CUSTOM_ID,
        "style": whole(1, 2),
        "min_length": whole(0, 4000),
        "max_length": whole(1, 4000),
        "required": boolean,
        "value": text(4000),
        "placeholder": text(100),
    }
    return shape(
        fields | ({"label": text(45, 1)} if labelled else {}),
        ["custom_id", "style", *(["label"] if labelled else [])],
    )


_LABEL = shape(
    {
        "type": one_of(LABEL),
        "id": whole(0, 2**31 - 1),
        "label": text(45, 1),
        "description": text(100),
        "component": _by_type({TEXT_INPUT: _input(labelled=False), SELECT: _SELECT}),
    },
    ["label", "component"],
)
_MODAL = shape(
    {
        "title": text(45, 1),
        "custom_id": _CUSTOM_ID,
        "components": both(
            items(_by_type({ROW: _row({TEXT_INPUT: _input(labelled=True)}, 1), LABEL: _LABEL}), 5, 1),
            _ids_differ,
        ),
    },
    ["title", "custom_id", "components"],
)


def _choice_value(value: Any) -> Iterator[Problem]:
    """A text of up to 100 characters, or a number, depending on the option."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield from text(100, 1)(value)


CHOICE = shape(
    {"name": text(100, 1), "value": _choice_value, "name_localizations": localized(text(100, 1))},
    ["name", "value"],
)
_CHOICES = shape({"choices": items(CHOICE, 25)}, ["choices"])

_KEPT: dict[str, Check] = {
    "content": text(2000),
    "embeds": both(items(_EMBED, 10), _embeds_fit),
    "allowed_mentions": _MENTIONS,
    "attachments": items(boolean, 0),
}


def _webhook_name(value: str) -> Iterator[Problem]:
    for word in ("discord", "clyde"):
        if word in value.casefold():
            yield problem("USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')


_WEBHOOK = shape(
    _KEPT
    | {
        "tts": boolean,
        "username": both(text(80, 1), _webhook_name),
        "avatar_url": address(),
        "flags": flags(SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS),
    }
)
_WEBHOOK_EDIT = shape(_KEPT | {"flags": flags(SUPPRESS_EMBEDS)})
_ANSWER = shape(
    _KEPT
    | {
        "tts": boolean,
        "components": _COMPONENTS,
        "flags": flags(EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS),
    }
)
_ANSWER_EDIT = shape(_KEPT | {"components": _COMPONENTS, "flags": flags(SUPPRESS_EMBEDS)})
