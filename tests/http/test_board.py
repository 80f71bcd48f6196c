"""The board over HTTP: amounts as text, both languages, and only the own projects."""

from __future__ import annotations

from disburse.domain.money import write
from tests.sheets import lines

TOTAL = write(sum(line.net for line in lines(8)), "CNY")


def test_the_board_tells_what_stands_still_in_both_languages(site):
    got = site.submit().json

    [row] = site.client.get("/v1/board", headers=site.headers("labour_officer")).json["rows"]

    assert (row["thing"], row["state"], row["id"]) == ("sheet", "received", got["sheet"]["id"])
    assert (row["count"], row["amount"], row["currency"]) == (8, TOTAL, "CNY")
    assert (row["owner_role"], row["next_act"], row["alarm"]) == ("labour_officer", None, False)
    assert row["exits"][0] == {"act": "review", "en": "review the sheet", "zh": "审核工资表"}
    assert site.get("board", "labour_officer").json["rows"] == [row]
    assert site.get("board?only_late=true", "labour_officer").json["rows"] == []


def test_a_cursor_of_another_list_is_refused(site):
    assert site.get("board?cursor=WzFd", "approver").status_code == 400
