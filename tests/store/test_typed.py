"""Values in DynamoDB's JSON, and back."""

from decimal import Decimal

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.typed import plain, typed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(ITEMS)
def test_values_are_written_and_read_as_boto3_does_it(item: dict[str, object]) -> None:
    written = typed(item)
    assert written == {name: TypeSerializer().serialize(value) for name, value in item.items()}
    assert plain(written) == item == {name: TypeDeserializer().deserialize(v) for name, v in written.items()}


def test_a_number_that_is_not_whole_does_not_change_the_others() -> None:
    read = plain({"a": {"N": "1.5"}, "b": {"N": "-2"}, "c": {"M": {"d": {"N": "0.25"}, "e": {"N": "7"}}}})
    assert read == {"a": Decimal("1.5"), "b": -2, "c": {"d": Decimal("0.25"), "e": 7}}
    assert [type(read["b"]), type(read["c"]["e"])] == [int, int]
