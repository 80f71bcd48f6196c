"""Codes are read aloud and typed by hand."""

from disburse.domain import one_time_code


def test_a_code_is_the_same_however_it_is_typed():
    code = one_time_code.new()
    assert len(code) == 23
    for typed in (code, code.lower(), f" {code.replace('-', ' ')} ", code.replace("-", "")):
        assert one_time_code.digest(typed) == one_time_code.digest(code)
    assert one_time_code.halves("OIL0-o i l") == ["0110011"]
    assert one_time_code.halves(code * 2) == [code.replace("-", "")] * 2
    assert one_time_code.halves("") == []
