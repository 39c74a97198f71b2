"""What a process remembers of the table, while its threads change it."""

from chalicelib.store.cache import Cache


def test_what_was_being_read_when_something_changed_is_not_remembered() -> None:
    cache = Cache(lambda: 0.0)

    def read_while_another_thread_changes_it() -> str:
        cache.clear()
        return "as it was"

    assert cache.get("key", read_while_another_thread_changes_it) == "as it was"
    assert cache.get("key", lambda: "as it is") == "as it is"
    assert cache.get("key", lambda: "read again") == "as it is"
