"""Passwords that everybody guesses are refused, and sentences are not."""

import pytest

from disburse.domain.password import CHARACTERS_MAX, WeakPassword, require_strong

OWN = ("zhang.san@gc.example", "张三 Zhang")


@pytest.mark.parametrize(
    "password",
    [
        "woaini1314", "woaini5201314", "WoAiNi1314!!", "P@ssw0rd123", "passw0rd2026!",
        "qwertyuiop12", "1qaz@WSX3edc", "asdfghjkl;12", "zxcvbnm12345", "9876543210a",
        "13912345678", "19900101199001", "１３９１２３４５６７８", "aaaaaaaaaa", "abcabcabcabc",
        "112211221122", "zhangmei2026x", "my.zhang.word", "administrator1!", "Beijing2008!",
        "iloveyou1314", "short 7#q", "x" * (CHARACTERS_MAX + 1), "abcdefghijkl", "lkjhgfdsaqw",
    ],
)  # fmt: skip
def test_a_password_that_is_guessed_early_is_refused(password):
    with pytest.raises(WeakPassword) as refused:
        require_strong(password, OWN)
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        "seven grey bridges sing",
        "correct horse battery",
        "mx8#kkPq2vLz",
        "我爱北京天安门上太阳升",
        "Grün-Kran-Leiter-9",
        "盖房子的人要按时拿到工钱",
        "tuesday kettle 42 moss",
    ],
)
def test_a_sentence_is_taken(password):
    require_strong(password, OWN)
