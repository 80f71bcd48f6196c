"""A sealed value opens with its key and at its place, and nowhere else."""

import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from disburse.sealing import BrokenSeal, Key, bound_to, number_in

SECRET = bytes(range(32))
HERE = bound_to(3, "line", "particulars", "7/12")
KEY = Key(9, SECRET)


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_again(content):
    sealed = KEY.seal(content, HERE)

    assert KEY.open(sealed, HERE) == content
    assert number_in(sealed) == 9
    assert len(sealed) == len(content) + 37


def test_another_reader_of_the_written_form_opens_it_too():
    sealed = KEY.seal("张三".encode(), HERE)

    assert sealed[:9] == b"\x01" + (9).to_bytes(8)
    assert AESGCM(SECRET).decrypt(sealed[9:21], sealed[21:], HERE).decode() == "张三"


def test_the_same_content_is_never_sealed_alike():
    assert KEY.seal(b"x", HERE) != KEY.seal(b"x", HERE)


@pytest.mark.parametrize(
    "place",
    [(4, "line", "particulars", "7/12"), (3, "worker", "particulars", "7/12"),
     (3, "line", "payee", "7/12"), (3, "line", "particulars", "7/13")],
)  # fmt: skip
def test_a_value_moved_to_another_place_is_refused_and_the_place_is_named(place):
    with pytest.raises(BrokenSeal, match="changed or moved") as refused:
        KEY.open(KEY.seal(b"secret", HERE), bound_to(*place))

    assert refused.value.facts["place"] == "|".join(map(str, place))
    assert "secret" not in str(refused.value)


@given(st.integers(0, 42), st.integers(1, 255))
def test_a_changed_byte_is_refused(at, by):
    sealed = bytearray(KEY.seal(b"secret", HERE))
    sealed[at] ^= by
    if at >= 9:
        with pytest.raises(BrokenSeal):
            KEY.open(bytes(sealed), HERE)
    else:
        assert number_in(bytes(sealed)) != 9


def test_another_key_opens_nothing():
    with pytest.raises(BrokenSeal):
        Key(9, bytes(32)).open(KEY.seal(b"x", HERE), HERE)


@pytest.mark.parametrize("value", [b"", b"{}", b"\x01" + bytes(30), b'{"name": "' + b"x" * 90])
def test_what_is_no_sealed_value_names_no_key_and_opens_with_none(value):
    assert number_in(value) == 0
    with pytest.raises(BrokenSeal):
        KEY.open(value, HERE)


def test_equal_texts_have_equal_digests_under_one_key_only():
    digest = KEY.digester()
    for content in (b"x", b"", b"y" * 1_000):
        assert digest(content) == hmac.digest(SECRET, content, "sha256")
        assert digest(content) == Key(1, SECRET).digester()(content)
        assert digest(content) != Key(9, bytes(32)).digester()(content)
