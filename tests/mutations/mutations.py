"""The faults, and the tests that should find each. `test_mutations.py` holds the texts against the code."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """`fault`: what is wrong then, in words. In `file`, `text`, which stands there once, becomes `instead`. `tests`:
    those that should find it, as pytest names them."""

    fault: str
    file: str
    text: str
    instead: str
    tests: str


_COMPLETIONS, _DYNAMODB = "chalicelib/store/completions.py", "chalicelib/store/dynamodb.py"
_ACCESS, _SIGNED = "chalicelib/domain/access.py", "chalicelib/http/signed.py"

RELIABILITY = (
    Mutation(
        "A card is written without looking whether somebody else has changed it.",
        _COMPLETIONS,
        'expected={"version": change.before.version} if change.before.version else {},',
        "expected={},",
        "tests/store/test_counting.py::test_a_card_is_not_written_over_what_somebody_else_has_just_written",
    ),
    Mutation(
        "A report does not raise the totals.",
        _COMPLETIONS,
        "[*more, *map(_card_update, changes), *_totals_updates(changes)]",
        "[*more, *map(_card_update, changes)]",
        "tests/store/test_counting.py::test_a_completion_counts_once_and_a_repetition_says_so",
    ),
    Mutation(
        "A card does not get another version when it changes.",
        "chalicelib/domain/cards.py",
        "moved=moved, version=card.version + 1)",
        "moved=moved, version=card.version or 1)",
        "tests/store/test_counting.py::test_a_card_is_not_written_over_what_somebody_else_has_just_written",
    ),
    Mutation(
        "A transaction is sent without its idempotency token.",
        _DYNAMODB,
        'request = {"TransactItems": items, "ClientRequestToken": token}',
        'request = {"TransactItems": items}',
        "tests/store/test_dynamodb.py",
    ),
    Mutation(
        "A transaction gets another token while an earlier copy of it may still arrive.",
        _DYNAMODB,
        "                if not attempts.maybe_made:\n                    token =",
        "                if True:\n                    token =",
        "tests/store/test_dynamodb.py",
    ),
    Mutation(
        "A single write whose answer was lost is taken for somebody else's.",
        _DYNAMODB,
        "if attempts.maybe_made and _is_made(change, found):",
        "if False:",
        "tests/store/test_dynamodb.py",
    ),
    Mutation(
        "Two reports of a new name at once make two commanders.",
        "chalicelib/store/commanders.py",
        "_name_item(commander), unless_exists=is_free)",
        "_name_item(commander))",
        "tests/store/test_counting.py::test_a_race_for_a_new_name_makes_one_commander",
    ),
    Mutation(
        "The recount corrects totals that a report has just changed.",
        _COMPLETIONS,
        'expected={name: tally.item.get(name) for name in names} | {"changes": tally.item.get("changes")},',
        "expected={},",
        "tests/store/test_counting.py::TestRecount",
    ),
    Mutation(
        "A tier that was reached is stamped again.",
        _COMPLETIONS,
        "self._table.write(Put(keys.tier(server, event, threshold), item, unless_exists=True))",
        "self._table.write(Put(keys.tier(server, event, threshold), item))",
        "tests/store/test_counting.py::test_the_first_stamp_of_a_tier_stands",
    ),
    Mutation(
        "SQLite answers before a change is on the disk.",
        "chalicelib/store/sqlite.py",
        '"PRAGMA synchronous = FULL"',
        '"PRAGMA synchronous = OFF"',
        "tests/store/test_sqlite.py::test_what_is_answered_is_on_the_disk_when_the_power_fails",
    ),
    Mutation(
        "An edit in a sheet is applied over somebody's later act.",
        "chalicelib/services/corrections.py",
        "if card.generation(milestone) != seen:",
        "if False:",
        "tests/services/test_sheet_edits.py::TestTicks",
    ),
    Mutation(
        "A base that stands beside another key is trusted.",
        "sheets_sync/base.py",
        "if key is None or check != key_check_of(key):",
        "if key is None:",
        "tests/sync/test_base.py",
    ),
    Mutation(
        "Two runs of the sync lease one sheet.",
        "chalicelib/store/sheets.py",
        'expected={"lease": sheet.lease, "revision": sheet.revision},',
        "expected={},",
        "tests/store/test_sheets.py",
    ),
    Mutation(
        "A run sends news without looking whether another run has just claimed it.",
        "chalicelib/store/webhooks.py",
        'expected={"version": webhook.version},',
        "expected={},",
        "tests/store/test_webhooks.py",
    ),
    Mutation(
        "News that may come once at most is sent again when no answer came.",
        "chalicelib/news/outbox.py",
        'case "unknown" if TIMES[kind_of(claim.id)] == "at most once":',
        'case "unknown" if False:',
        "tests/services/test_any_news.py",
    ),
    Mutation(
        "The recount reads the cards before the totals, and takes a report in between for drift.",
        _COMPLETIONS,
        """\
        found = self._table.get_many(list(totals.values()), consistent=True)
        wanted = [(keys.cards(server, event, alliance), keys.COMMANDER_PREFIX) for alliance in alliances]
        tallies = []
        for alliance, items in zip(alliances, self._table.query_each(wanted, consistent=True), strict=True):
""",
        """\
        wanted = [(keys.cards(server, event, alliance), keys.COMMANDER_PREFIX) for alliance in alliances]
        tallies, read_first = [], self._table.query_each(wanted, consistent=True)
        found = self._table.get_many(list(totals.values()), consistent=True)
        for alliance, items in zip(alliances, read_first, strict=True):
""",
        "tests/store/test_counting.py::TestRecount",
    ),
    Mutation(
        "The recount takes off what is on a card that it can't read.",
        "chalicelib/services/counting.py",
        "if not tally.is_whole:",
        "if False:",
        "tests/store/test_counting.py::TestRecount",
    ),
    Mutation(
        "A commander is moved over a change that somebody else has just made.",
        "chalicelib/store/commanders.py",
        'seen: Item = {"version": commander.version, "moved": None}\n    return Update(here, set=went',
        'seen: Item = {"moved": None}\n    return Update(here, set=went',
        "tests/services/test_rosters.py",
    ),
    Mutation(
        "Two reports at once bring one more commander by a link than it may bring.",
        "chalicelib/store/joins.py",
        "expected=seen, below={name: most})",
        "expected=seen)",
        "tests/services/test_joining.py::TestALinkInADay",
    ),
    Mutation(
        "What a take-back took while it was given back is never given back.",
        "chalicelib/store/bulks.py",
        'return Delete(key, expected={"entry": taken.entry})',
        "return Delete(key)",
        "tests/services/test_bulk_corrections.py::TestMeanwhile",
    ),
    Mutation(
        "A standing is kept though a write began and ended while it was read.",
        "chalicelib/services/recent_standings.py",
        "if is_quiet and self._begun == begun:",
        "if is_quiet:",
        "tests/services/test_recent_standings.py",
    ),
    Mutation(
        "Ticks in a sheet do not stamp the rewards that they reach.",
        "chalicelib/services/sheet_edits.py",
        '        self._stamp(sheet.server, (one.edit for one in outcomes if one.result == "applied"))\n',
        "",
        "tests/services/test_sheet_edits.py::TestTicks",
    ),
    Mutation(
        "A milestone that opens does not make sheets due.",
        "chalicelib/services/surveys.py",
        "[w.status(now) for _, w in event.scheduled(day)],",
        "[],",
        "tests/services/test_sheet_queue.py",
    ),
    Mutation(
        "A sheet that was bound with `--take-over` once takes another deployment's tabs for ever.",
        "chalicelib/store/sheets.py",
        'gone = ["retry_at", "touched_at", *_ONCE]',
        'gone = ["retry_at", "touched_at"]',
        "tests/store/test_sheets.py",
    ),
    Mutation(
        "An edit that comes while Google refuses a write is written over by the plainer one.",
        "sheets_sync/sync.py",
        "                held = self.reread()\n                self.leave(held)",
        "                held = self.reread()",
        "tests/sync/test_office.py::TestWhatGoesWrong",
    ),
    Mutation(
        "Of a milestone that two commanders have, the later completion stays when they become one.",
        "chalicelib/domain/cards.py",
        "completion.recorded_at < other.recorded_at",
        "completion.recorded_at > other.recorded_at",
        "tests/domain/test_cards.py",
    ),
    Mutation(
        "Names that a write put into others' rows, while these were sorted, are believed.",
        "sheets_sync/met.py",
        "values = [_UNKNOWN if at in labels else value for at, value in enumerate(row.values)]",
        "values = list(row.values)",
        "tests/sync/test_meanwhile.py::test_two_are_renamed_while_rows_are_sorted",
    ),
    Mutation(
        "A sheet in which Google lets only the state be written counts as up to date.",
        "sheets_sync/sync.py",
        '                if failure and manner == "state":\n                    break\n',
        "",
        "tests/sync/test_plainly.py::test_where_only_the_state_can_be_written_that_says_so_and_it_fails_all_the_same",
    ),
    Mutation(
        "News that must be heard of is not told again after its run has died.",
        "chalicelib/news/outbox.py",
        'return free._waiting(claim, now, "The run that sent it ended early.", 0)',
        "return free._telling(claim)",
        "tests/services/test_news.py::TestWhatIsRemembered::test_whether_a_run_that_died_has_sent_it_nobody_knows",
    ),
)

SECURITY = (
    Mutation(
        "A key reaches every alliance of its server.",
        _ACCESS,
        "return self.server in (None, server) and self.alliance in (None, alliance)",
        "return self.server in (None, server)",
        "tests/http/test_permissions.py::test_who_may",
    ),
    Mutation(
        "A key's role is not asked.",
        _ACCESS,
        "return self.role in MAY[capability]",
        "return True",
        "tests/http/test_permissions.py::test_who_may",
    ),
    Mutation(
        "A revoked key still works.",
        _ACCESS,
        "return self.revoked_at is None and (",
        "return (",
        "tests/http/test_permissions.py::TestEndingAKey",
    ),
    Mutation(
        "An expired key still works.",
        _ACCESS,
        "(self.expires_at is None or now < self.expires_at)",
        "True",
        "tests/http/test_permissions.py::TestEndingAKey",
    ),
    Mutation(
        "A member reports for a commander of another alliance.",
        "chalicelib/services/rosters.py",
        'raise _elsewhere(found, "commander", name)\n            return found, ()\n        self.require_open',
        "return found, ()\n            return found, ()\n        self.require_open",
        "tests/http/test_api.py::TestReporting",
    ),
    Mutation(
        "A member's report is taken back from another device.",
        "chalicelib/services/devices.py",
        "if not self.reported(device, proof, key_id, commander, at):",
        "if False:",
        "tests/services/test_devices.py tests/http/test_form.py",
    ),
    Mutation(
        "A name becomes markup in a page.",
        "chalicelib/http/responses.py",
        "autoescape=True",
        "autoescape=False",
        "tests/http/test_pages.py::test_names_are_text_wherever_they_are_shown",
    ),
    Mutation(
        "A name becomes a formula in CSV.",
        "chalicelib/domain/csv_tables.py",
        "    if _FORMULA.match(text):",
        "    if False:",
        "tests/domain/test_csv_tables.py",
    ),
    Mutation(
        "A name becomes a formula in a sheet.",
        "sheets_sync/cells.py",
        'cell["userEnteredValue"] = {"stringValue": value}',
        'cell["userEnteredValue"] = {"formulaValue" if value[:1] == "=" else "stringValue": value}',
        "tests/sync/test_sync.py::test_a_name_is_stored_as_text_and_never_as_a_formula",
    ),
    Mutation(
        "A name mentions everybody on Discord.",
        "chalicelib/news/discord_text.py",
        r'return _SIGNS.sub(r"\\\g<0>", " ".join(_TURNING.sub("", text).split()))',
        'return " ".join(_TURNING.sub("", text).split())',
        "tests/news/test_discord_text.py",
    ),
    Mutation(
        "Pages allow scripts of others and frames around them.",
        "chalicelib/http/responses.py",
        'own = {"Content-Security-Policy": policy, **reader.headers',
        "own = {**reader.headers",
        "tests/http/test_pages.py::test_every_page_loads_nothing_and_tells_its_address_to_nobody",
    ),
    Mutation(
        "What is for one person alone may be kept by a cache.",
        "chalicelib/http/responses.py",
        '"Cache-Control": "no-store",',
        '"Cache-Control": "public, max-age=60",',
        "tests/http/test_behind_a_cache.py",
    ),
    Mutation(
        "A page that has changed is answered as unchanged.",
        "chalicelib/http/kept.py",
        "repr((VERSION, asked, *map(_ordered, compared)))",
        "repr((VERSION, asked))",
        "tests/http/test_server_page.py::TestMadeOnce",
    ),
    Mutation(
        "Discord's signature is not verified.",
        _SIGNED,
        "        key.verify(bytes.fromhex(signature), timestamp.encode() + body)\n",
        "        bytes.fromhex(signature), key\n",
        "tests/http/test_discord.py::TestSignature",
    ),
    Mutation(
        "What Discord signed long ago can be sent again.",
        _SIGNED,
        "if abs(now - signed_at) > CURRENT:",
        "if False:",
        "tests/http/test_discord.py::TestSignature",
    ),
    Mutation(
        "A code for Discord binds two guilds that use it at once.",
        "chalicelib/store/guilds.py",
        '(after.server, after.alliance), {"hash": code.hashed})',
        "(after.server, after.alliance))",
        "tests/http/test_discord.py::TestBinding",
    ),
    Mutation(
        "News goes to an address in the own network.",
        "chalicelib/news/post.py",
        "if not all(map(is_public, found)):",
        "if False:",
        "tests/news/test_post.py::test_nothing_is_sent_where_a_name_leads_out_of_the_public_internet",
    ),
    Mutation(
        "A key stands in the log.",
        "chalicelib/telemetry.py",
        'record.msg, record.args = _SECRET.sub(r"\\1…", record.getMessage()), ()',
        "record.msg, record.args = record.getMessage(), ()",
        "tests/test_telemetry.py",
    ),
    Mutation(
        "A forgotten name stays in the sheet of an alliance that they have left.",
        "chalicelib/store/commanders.py",
        "for alliance in dict.fromkeys(alliance for alliance, _ in places):",
        "for alliance in ():",
        "tests/services/test_forgetting.py",
    ),
    Mutation(
        "An officer ends another officer's key.",
        "chalicelib/services/keys.py",
        "key.require(MANAGED_WITH[found.role], server",
        'key.require("manage keys", server',
        "tests/http/test_admin.py::TestKeys",
    ),
    Mutation(
        "A key that was to expire goes on after it was replaced.",
        "chalicelib/services/keys.py",
        "if old.expires_at is None or ends_at < old.expires_at:",
        "if old.expires_at is None:",
        "tests/http/test_admin.py::TestKeys",
    ),
    Mutation(
        "An import takes its key from the address.",
        "chalicelib/http/officers.py",
        "key, how = bearer_key(request, muster().directory), RosterImport",
        "key, how = csv_key(request, muster().directory), RosterImport",
        "tests/http/test_permissions.py::test_a_key_in_the_address_changes_nothing",
    ),
    Mutation(
        "An officer makes a commander of another alliance one with theirs.",
        "chalicelib/services/rosters.py",
        "home = self._place(key, place.server, called.alliance) if called else place",
        "home = self._directory.alliance(place.server, called.alliance) if called else place",
        "tests/http/test_places.py::test_nobody_is_made_one_with_who_is_elsewhere_by_their_name",
    ),
    Mutation(
        "A form may be of any size.",
        "chalicelib/http/inputs.py",
        "body = body_of(request, MAX_BODY).decode()",
        "body = body_of(request, 10**9).decode()",
        "tests/http/test_odd_input.py::test_in_the_size_of_the_body",
    ),
    Mutation(
        "A name becomes markup in a button.",
        "chalicelib/templates/form.html",
        'value="{{ name }}" formnovalidate',
        'value="{{ name|safe }}" formnovalidate',
        "tests/http/test_hostile_texts.py::test_nor_in_any_language",
    ),
    Mutation(
        "A page that was asked for at one host is shown at another.",
        "chalicelib/http/public_pages.py",
        "reader.carried, base)",
        "reader.carried)",
        "tests/http/test_server_page.py::TestMadeOnce",
    ),
    Mutation(
        "A sign behind an address leads to another host.",
        "chalicelib/http/pasted.py",
        'here = "/" + quote(meant).lstrip("/")',
        "here = quote(meant)",
        "tests/http/test_form.py::test_no_address_leads_to_another_site",
    ),
    Mutation(
        "What an API says steers the operator's terminal.",
        "manage/api.py",
        '"\\n  ".join(map(plain, lines))',
        '"\\n  ".join(lines)',
        "tests/manage/test_where.py::test_nor_does_what_an_api_says",
    ),
    Mutation(
        "The function that tells the news may delete items.",
        ".chalice/policy-news.json",
        '"dynamodb:UpdateItem"',
        '"dynamodb:UpdateItem", "dynamodb:DeleteItem"',
        "tests/test_template.py::TestPolicies",
    ),
    Mutation(
        "A server's webhook hears of the sheets of other servers.",
        "chalicelib/domain/news.py",
        "if sheet.server == webhook.server and webhook.alliance in (None, sheet.alliance)",
        "if webhook.alliance in (None, sheet.alliance)",
        "tests/domain/test_news.py::TestSheets",
    ),
)
