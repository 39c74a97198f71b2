"""What members and officers read of what they did, and about a reward: whole sentences in one table, to be
translated as they are.

A refusal says what happened, then what to do. What varies in it is named, and `say` fills it in.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.domain.calendar import ahead, moment

Value = str | int | datetime | timedelta | Sequence[str]
"""What a sentence can name. An instant is in the zone in which it is shown; a span is how far ahead something is;
several texts are alternatives."""

MESSAGES: Mapping[str, str] = {
    # the link, the key, and what is asked for
    "no-key": "This needs a key: send it as “Authorization: Bearer KEY”.",
    "unknown-key": "This key is not known. Ask an officer for the current link or key.",
    "ended-key": "This key has expired or was revoked. Ask an officer for a new one.",
    "no-member-link": "This is not a member link. Ask an officer for the link of your alliance.",
    "other-role": "This key has the role {role}, which may not “{task}”. Use a key with the role {roles}.",
    "other-scope": "This key is for another server or alliance.",
    "which-server": "With this {role} key, say which server.",
    "which-alliance": "With this {role} key, say which alliance.",
    "unknown-event": "There is no event {event}.",
    "unknown-server": "Server {server} doesn't use Muster.",
    "not-public": "Server {server} does not show the points of its alliances.",
    "nothing-here": "There is nothing here.",
    "unknown-alliance": "Server {server} has no alliance {alliance}.",
    "incomplete-receipt": "This receipt's address is incomplete. Open the link of your alliance again.",
    # what was sent
    "unreadable-form": "The form could not be read. Please open the link again.",
    "too-many-bytes": "The body has {size} bytes; {most} is the most.",
    "not-utf-8": "This is not UTF-8. Send it in UTF-8.",
    "utf-16": "This is UTF-16, not UTF-8. Send it in UTF-8.",
    "lost-letters": "This is not UTF-8: some letters were lost. Send it in UTF-8.",
    "csv-not-utf-8": "This is not UTF-8. Save the file as “CSV UTF-8” and send that.",
    "csv-utf-16": "This is UTF-16, not UTF-8. Save the file as “CSV UTF-8” and send that.",
    # the commander's name
    "no-name": "Please give the commander's name.",
    "unseen-name": "The name has nothing that can be seen. Please give the commander's name.",
    "endless-name": "The name is too long. It can have up to {most} characters.",
    "long-name": "The name has {length} characters. It can have up to {most}.",
    "long-folded-name": (
        "The name is too long: some of its characters stand for several. It can have up to {most} characters."
    ),
    "turning-name": (
        "The name contains something invisible that turns the direction of text. "
        "Please type the name instead of pasting it."
    ),
    "lost-character": "A character of the name was lost on its way here (�). Please type the name again.",
    "unshowable-name": (
        "The name contains a character that can't be shown. Please type the name instead of pasting it."
    ),
    # who it is
    "did-you-mean": "{name} is new to {alliance}. Did you mean {suggestions}?",
    "not-on-roster": "{name} is not on the roster of {alliance}. Check the spelling, or ask an officer.",
    "near-on-roster": "{name} is not on the roster of {alliance}. Did you mean {suggestions}?",
    "other-alliance": "{name} reports with another alliance of this server. An officer can move them.",
    "formerly-other-alliance": (
        "{name} was the name of a commander who reports with another alliance of this server. "
        "An officer can move them. If you are another {name}, ask an officer."
    ),
    "too-many-new": (
        "{name} is not on the roster of {alliance}, and this link can bring no more new commanders today: "
        "the most is {most} a day. Ask an officer to add you, or report again after {until}."
    ),
    "nobody-new": (
        "{name} is not on the roster of {alliance}, and nobody new can join by a link. Ask an officer to add you."
    ),
    "roster-full": (
        "The roster of {alliance} is full: it has {most} commanders. An officer can retire those who have left."
    ),
    "unknown-commander": "{alliance} has no such commander. Open the link of your alliance again, or ask an officer.",
    # what was completed, and when
    "no-milestone": "Choose at least one milestone.",
    "unknown-milestone": "There is no milestone {milestone}.",
    "too-many-events": (
        "These are milestones of {events} events; {most} is the most at once. "
        "Send them in parts: nothing counts twice."
    ),
    "not-open": "{milestone} opens {opens_at} ({left}).",
    "not-open-then": "{milestone} opens {opens_at}. The time of this report is earlier: {reported_at}.",
    "archived": "{event} is archived. Nothing can be added to it.",
    "closed": "Reporting for {event} closed {closed_at}. An officer can still add what is missing.",
    "other-device": (
        "A report can only be undone on the device that sent it, if cookies are allowed there. "
        "An officer can still correct it."
    ),
    "undo-closed": (
        "A report can be undone for {minutes} minutes, and this one is older. An officer can still correct it."
    ),
    # whether a reward will be reached
    "outlook-reached": "Reached.",
    "outlook-reached-at": "Reached {at}.",
    "outlook-read": "Reached {at}, by the official points.",
    "outlook-dropped": "Reached {at}, and {missing} below it again after a correction.",
    "outlook-missed": "Not reached: {missing} short.",
    "outlook-yes": "At this pace: yes, between {earliest} and {latest}.",
    "outlook-yes-by": "At this pace: yes, by {latest}.",
    "outlook-perhaps": "At this pace: perhaps. It may end between {low} and {high}.",
    "outlook-perhaps-from": "At this pace: perhaps, but not before {earliest}.",
    "outlook-no": "At this pace: no, about {points} short.",
    "outlook-no-between": "At this pace: no, between {fewest} and {most} short.",
    "outlook-unknown": "Too early to say.",
    # news
    "webhook-test": "This is a test. Muster will send its news here.",
    # what is said on Discord
    "chat-in-a-guild": "Muster answers in your alliance's Discord server, not in direct messages.",
    "chat-not-bound": (
        "This Discord server doesn't belong to an alliance in Muster yet. An officer makes a code, and whoever manages "
        "this Discord server enters it with `/bind`."
    ),
    "chat-unknown": (
        "Muster doesn't know this command or button. It may have changed: please try the command again."
    ),
    "chat-not-yours": "This was offered to somebody else. Please use the command yourself.",
    "chat-bound": (
        "This Discord server now belongs to {alliance} of server {server}. Members say who they are with `/iam`, then "
        "report with `/done`."
    ),
    "chat-code": ("This code is not known, was used already or has expired. Ask an officer for a new one."),
    "chat-who": "Who are you? Say it once with `/iam`; then you can report here.",
    "chat-linked": "Here you are {name}.",
    "chat-report": "Report with `/done`.",
    "chat-linked-too": "{name} is also linked to {accounts}. If that is wrong, ask an officer.",
    "chat-unlink": "I am not {name}",
    "chat-unlinked": "You no longer report for {name} here.",
    "chat-too-many": (
        "You already report for {most} commanders here, and that is the most. Remove one with `/iam`."
    ),
    "chat-not-linked": "You don't report for this commander here. Say who you are with `/iam`.",
    "chat-somebody-new": "Are you none of these? Then use `/iam` again, with the option `new`.",
    "chat-choose": "What is done? What you choose is recorded at once.",
    "chat-all-done": "{name} has everything that is on now.",
    "chat-nothing-on": "No milestone is on now.",
    "chat-opens": "{milestone} opens {opens_at}.",
    "chat-closes": "{milestone} closes {closes_at}.",
    "chat-earlier": "Something from an earlier day? Use `/done` with the option `milestone`.",
    "chat-recorded": "{milestone}: recorded.",
    "chat-again": "{milestone}: already recorded {at}.",
    "chat-points": (
        "{event}: {name} has {points} of {possible} points. The server has {server_points}; the next reward is at "
        "{next_tier}."
    ),
    "chat-points-all": (
        "{event}: {name} has {points} of {possible} points. The server has {server_points} and every reward."
    ),
    "chat-ends": "Ends {at}.",
    "chat-ended": "Ended {at}.",
    "chat-missing": "{milestone}: {missing} of {commanders} are missing.",
    "chat-nobody-missing": "{milestone}: nobody is missing.",
    "chat-more": "And {number} more.",
    "chat-no-event": "There is no event on server {server} now.",
    # the commands there, as Discord lists them: up to 100 characters
    "command-done": "Report what you have completed",
    "command-done-milestone": "A milestone of an earlier day that can still be reported",
    "command-today": "What is on now, and what you have of it",
    "command-standing": "Where the server stands, and whether it will reach the rewards",
    "command-missing": "Who of the alliance has not reported what is on now",
    "command-iam": "Say which commander you are, or see it and change it",
    "command-iam-name": "Your commander's name in the game",
    "command-iam-new": "The name is right, however near it is to another",
    "command-bind": "Connect this Discord server with an alliance",
    "command-bind-code": "The code that an officer has made",
    # Muster itself
    "busy": "Too many reports at once. Nothing was lost; please send it again in a moment.",
    "unreadable": (
        "Muster can't read what is stored here. Nothing was lost. Please tell whoever operates it."
    ),
    "internal": "Something went wrong on our side. Please send it again: nothing can count twice.",
    "method-not-allowed": "This address doesn't take that method.",
    "unsupported-media-type": "This address doesn't take that content type.",
}
"""Name → sentence, with `{parameters}`: what is said on pages too, and so in every language."""

IN_SHEETS: Mapping[str, str] = {
    # the official points
    "implausible-reading": "{doubt} If it is right, send it again with “confirm”: true.",
    # what a sheet answers to an edit
    "tick-recorded": "{milestone}: recorded.",
    "tick-voided": "{milestone}: taken back.",
    "tick-not-open": "{milestone}: not open yet: opens {opens_at}.",
    "no-tick": "Only a tick or an untick counts, so the box is as it was.",
    "tick-overtaken": (
        "{milestone}: somebody else changed this meanwhile, so it stays as it is now. Is it wrong? Change it again."
    ),
    "tick-refused": "{milestone}: {why}",
    "has-left": "This commander is no longer in {alliance}, so nothing was changed.",
    "renamed": (
        "{before} is now called {name}. Is {name} somebody else? Type {before} here again, then +{name} in the "
        "empty row below the last."
    ),
    "name-taken": '"{name}" is the name of another commander, or was. To make the two one, merge them.',
    "name-overtaken": '"{name}": somebody else changed this commander meanwhile. Is it right? Type it again.',
    "name-refused": '"{name}": {why}',
    "added": "{name}: added.",
    "mean-in-sheet": (
        '"{name}": did you mean {suggestions}? Type that below, or + before the name if it is somebody new.'
    ),
    "formerly-on-roster": (
        '"{typed}" was the name of {name}, who is on the roster. Type + before it if it is somebody new.'
    ),
    "no-name-at-all": "That is no name, so the cell is as it was. Is it one? Type an apostrophe (') before it.",
    "row-unclear": (
        "It was not clear whose row this was, since it stood here twice or said two names, so what was entered in it "
        "did not count. Enter it again."
    ),
    "row-moved": (
        "This row was moved just while it was written. Did you enter something in it at that moment? Then enter it "
        "again."
    ),
    "new-in-a-row": '"{name}": somebody new goes into the empty row below the last, not over another\'s name.',
    "reading-logged": "{points} official points: recorded.",
    "reading-withdrawn": "Official points: taken back.",
    "reading-overtaken": (
        "Somebody else changed the official points meanwhile, so they stay as they are now. Are they wrong? "
        "Type them again."
    ),
    "no-number": "Official points are a whole number, so the cell is as it was.",
    "reading-refused": "Official points: {why}",
    "confirm-reading": "{points} official points: {why} Are they right? Then tick the box.",
    "put-back": "Put back, as you asked.",
    "many-lose": (
        "{commanders} commanders would lose ticks or names by what was edited here, so it waits. Tick a box: apply "
        "these, or put back."
    ),
    "edits-off": (
        "{column}: put back, since what is typed here does not count. Report with the members' link, or ask whoever "
        "runs Muster to switch edits on for this sheet."
    ),
    "edit-waits": "Muster could not record this yet. Leave it as it is: the next sync tries again.",
}
"""What is said to officers alone, in a sheet or by the API: in English."""


class Message(str):
    """A sentence that knows which one it is, and with which values: to be said again in another language."""

    name: str
    values: Mapping[str, Value]


def say(name: str, /, **values: Value) -> Message:
    """The sentence of that name, with exactly its parameters filled in. Raises KeyError for another name, or without
    one of its parameters."""
    message = Message(sentence(name).format_map({each: _shown(value) for each, value in values.items()}))
    message.name, message.values = name, values
    return message


def sentence(name: str) -> str:
    """The sentence of that name, with its parameters as they are. Raises KeyError."""
    return MESSAGES[name] if name in MESSAGES else IN_SHEETS[name]


def either(names: Sequence[str]) -> str:
    """`Merlin`, `Merlin or Merlyn`, `Merlin, Merlyn or Marlin`; there is at least one."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _shown(value: Value) -> str:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        number, unit = ahead(value)
        return f"in {number} {unit}{'' if number == 1 else 's'}"
    if isinstance(value, int):
        return f"{value:,}"
    return value if isinstance(value, str) else either(value)
