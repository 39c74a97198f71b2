"""What members read: whole sentences of one table, each said somewhere and nowhere glued."""

import ast
import copy
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.domain.errors import Busy, MusterError, Unreadable
from chalicelib.domain.messages import IN_SHEETS, MESSAGES, Message, say
from chalicelib.http.problems import OF_CHALICE, STATUS
from chalicelib.news.discord_commands import COMMANDS

ALL = {**MESSAGES, **IN_SHEETS}
ROOT = Path(__file__).parents[2]
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for folder in ("chalicelib", "sheets_sync")
    for path in sorted((ROOT / folder).rglob("*.py"))
}

LISTED = {f"command-{command.name}" for command in COMMANDS} | {
    f"command-{command.name}-{option.name}" for command in COMMANDS for option in command.options
}
"""What Discord's list of commands says of each, and of each option."""
LABELS = {*LISTED, "chat-unlink"}
"""What stands in a list or on a button, so it has no full stop."""

WHOLE_MODULE: frozenset[str] = frozenset()
FOR_MEMBERS = {
    "chalicelib/domain/access.py": WHOLE_MODULE,
    "chalicelib/domain/names.py": WHOLE_MODULE,
    "chalicelib/domain/reporting.py": WHOLE_MODULE,
    "chalicelib/services/corrections.py": frozenset({"Corrections.undo"}),
    "chalicelib/services/directory.py": WHOLE_MODULE,
    "chalicelib/services/joining.py": WHOLE_MODULE,
    "chalicelib/services/member_pages.py": WHOLE_MODULE,
    "chalicelib/services/reporting.py": WHOLE_MODULE,
    "chalicelib/services/rosters.py": frozenset(
        {"Rosters.reporting", "Rosters._refuse_near", "Rosters._not_on_roster", "_elsewhere"}
    ),
    "chalicelib/http/inputs.py": frozenset({"bearer_key", "query", "_form_fields", "body_of", "_query"}),
    "chalicelib/http/pages.py": WHOLE_MODULE,
}
"""Where members are refused something: modules, or functions of modules that refuse officers other things."""


def kinds(error: type[MusterError]) -> Iterator[str]:
    yield error.__name__
    for kind in error.__subclasses__():
        yield from kinds(kind)


REFUSALS = {*kinds(MusterError), "FieldError", "malformed"}
"""What is called with a sentence for its second argument."""


def parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a module and the methods of its classes; a function within another belongs to that."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield f"{within}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{within}{node.name}.")


def is_said(text: ast.expr, function: ast.FunctionDef) -> bool:
    """Whether it is a Message by how it is written: said here or elsewhere, or what an error has already."""
    match text:
        case ast.Call(func=ast.Name(id="say")) | ast.Attribute(attr="message" | "detail"):
            return True
        case ast.IfExp(body=one, orelse=other):
            return is_said(one, function) and is_said(other, function)
        case ast.Name(id=name):
            given = [arg.annotation for arg in function.args.args if arg.arg == name]
            made = [value for target, value in assigned(function) if target == name]
            is_message = all(isinstance(kind, ast.Name) and kind.id == "Message" for kind in given)
            return bool(given or made) and is_message and all(is_said(value, function) for value in made)
    return False


def assigned(function: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names, and what they are given: by `=`, by `:=`, and pairwise."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from (
                    (one.id, value)
                    for one, value in zip(names, values, strict=False)
                    if isinstance(one, ast.Name)
                )
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                yield name, value


SAYERS = {"say", "says", "refusal"}
"""`say`, and those in `chalicelib` who pass on to it what they are given."""


def said() -> Iterator[tuple[str, ast.Call, list[str]]]:
    """Where sentences are said, and which: one, or one of several that the function chooses from."""
    for path, tree in TREES.items():
        within = {id(node): pair for pair in functions(tree) for node in ast.walk(pair[1])}
        for node in ast.walk(tree):
            name, function = within.get(id(node), ("", tree))
            if (
                isinstance(node, ast.Call)
                and _says(node.func, path)
                and name.rsplit(".", 1)[-1] not in SAYERS
            ):
                yield path, node, _constants(node.args[0], function)


def _says(called: ast.expr, path: str) -> bool:
    match called:
        case ast.Name(id="refusal"):
            return path.startswith("chalicelib/")  # another one tells what Google refused
        case ast.Name(id=name):
            return name == "say"
        case ast.Attribute(attr=name):
            return name == "says"
    return False


def _constants(named: ast.expr, within: ast.AST) -> list[str]:
    match named:
        case ast.Constant(value=str(name)):
            return [name]
        case ast.IfExp(body=one, orelse=other):
            return [*_constants(one, within), *_constants(other, within)]
        case ast.Name(id=name):
            return [
                each for node, value in assigned(within) if node == name for each in _constants(value, within)
            ]
    return []


def test_each_call_names_a_sentence_with_exactly_its_parameters() -> None:
    for path, call, names in said():
        where = f"{path}:{call.lineno}"
        assert names, where
        given = {each.arg for each in call.keywords}
        for name in names:
            wanted = parameters(ALL[name])
            assert given == wanted or (None in given and given - {None} < wanted), where  # None: **values


def test_each_sentence_is_said_somewhere() -> None:
    assert {name for _, _, names in said() for name in names} | LISTED == set(ALL)
    assert MESSAGES.keys().isdisjoint(IN_SHEETS)


@pytest.mark.parametrize("sentence", [text for name, text in ALL.items() if name not in LABELS])
def test_a_sentence_is_whole_and_its_parameters_have_names(sentence: str) -> None:
    assert sentence[0].isupper() or sentence[0] in '{"'
    assert sentence[-1] in ".?" or sentence.endswith("{why}"), "or it ends with another sentence"
    assert all(name.isidentifier() for name in parameters(sentence))


@pytest.mark.parametrize("path", FOR_MEMBERS)
def test_where_members_are_refused_something_no_other_sentence_is_made(path: str) -> None:
    found = dict(functions(TREES[path]))
    assert FOR_MEMBERS[path] <= found.keys(), "a function has another name now"
    for name in FOR_MEMBERS[path] or found:
        for call in calls(found[name], REFUSALS):
            texts = call.args[1:2] + [
                each.value for each in call.keywords if each.arg in ("detail", "message")
            ]
            for text in texts:
                assert is_said(text, found[name]), f"{path}:{call.lineno}: say(...) it"


def test_what_is_answered_without_a_refusal_of_ours_is_said_too() -> None:
    details = [Busy().detail, Unreadable().detail, *(detail for _, detail in OF_CHALICE.values())]
    assert all(isinstance(detail, Message) for detail in details)


def test_each_kind_of_refusal_is_known_here() -> None:
    assert {kind.__name__ for kind in STATUS} <= REFUSALS


@pytest.mark.parametrize(
    ("suggestions", "question"),
    [
        (["Merlin"], "Did you mean Merlin?"),
        (["Merlin", "Merlyn"], "Did you mean Merlin or Merlyn?"),
        (["Merlin", "Merlyn", "Marlin"], "Did you mean Merlin, Merlyn or Marlin?"),
    ],
)
def test_alternatives_read_as_a_list(suggestions: list[str], question: str) -> None:
    said = say("did-you-mean", name="{Merl}", alliance="Nova Guard", suggestions=suggestions)
    assert said == f"{{Merl}} is new to Nova Guard. {question}"


def test_times_and_numbers_read_in_words() -> None:
    opens = datetime(2023, 11, 16, tzinfo=UTC)
    said = say("not-open", milestone="Testing Destinies", opens_at=opens, left=timedelta(hours=11))
    assert said == "Testing Destinies opens Thu 16 Nov at 00:00 UTC (in 11 hours)."
    assert say("too-many-bytes", size=70_000, most=65_536) == "The body has 70,000 bytes; 65,536 is the most."


def test_a_message_keeps_what_it_says_for_another_language() -> None:
    message = copy.deepcopy(say("unknown-server", server="'999'"))
    assert (message.name, message.values) == ("unknown-server", {"server": "'999'"})


def test_another_name_or_a_missing_parameter_is_an_error() -> None:
    with pytest.raises(KeyError, match="no-such-sentence"):
        say("no-such-sentence")
    with pytest.raises(KeyError, match="server"):
        say("unknown-server")
