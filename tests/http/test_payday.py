"""A whole payday, as two companies and a bank see it: over HTTP and nothing else."""

from __future__ import annotations

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.money import parse, write
from disburse.storage import members
from tests.builders import PAYER
from tests.http.site import add_token
from tests.sheets import a_credit_code, a_sheet_json, an_identity_number, lines

BYTES = "application/octet-stream"


def money(minor):
    return write(minor, "CNY")


def ok(answer, status=200):
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json


def test_a_payday_goes_through_http_from_the_signature_to_the_last_answer(site):
    total = money(sum(line.net for line in lines(8)))

    here = taken_and_funded(site, total)
    file = approved_and_exported(site, here, total)
    order = read_order(handed_over(site, file))

    # The bank answers; one payment comes back.
    words = {credit.reference: Word() for credit in order.credits}
    words[order.credits[0].reference] = Word("returned", "AC01")
    report = write_answer(order, words, on=site.world.now.date())
    done = ok(site.post("reports", "bank_operator", data=report, content_type=BYTES))
    assert (done["repeated"], done["records"]) == (False, 8)
    assert done["effects"]["moved"] == 8

    returned = history_is_told(site)
    paid_again(site, here, returned)
    balance = ok(site.get("balance", "viewer"))["balance"]
    assert (balance["free"], balance["held"]) == ("0.00", returned["amount"])
    detail = ok(site.get(here, "preparer"))
    assert detail["progress"]["lines"]["paid"]["count"] == 7
    assert detail["progress"]["arrears"] == returned["amount"]


def taken_and_funded(site, total):
    """The sheet is taken while there is no money; when it is short, the numbers are the same."""
    got = ok(site.submit(), 201)
    here = f"sheets/{got['sheet']['id']}"
    assert (got["sheet"]["state"], got["sheet"]["period"]) == ("received", "2026-07")
    assert got["covered"] is False
    assert got["coverage"]["shortage"] == total

    ok(site.post(f"{here}/review", "labour_officer"))
    short = site.post(f"{here}/fund", "approver")
    assert (short.status_code, short.json["type"]) == (409, "/problems/short-of-funds")
    assert short.json["coverage"]["shortage"] == total
    assert total in short.json["detail"]
    booked = ok(site.statement(("B1", total, PAYER), closing=total), 201)
    assert booked["entries"] == [
        {"reference": "B1", "project_id": site.world.project_id, "kind": "allocate", "anomaly": ""}
    ]
    assert ok(site.post(f"{here}/fund", "approver"))["state"] == "funded"
    return here


def approved_and_exported(site, here, total):
    """The approver attests the root that was shown; the releaser writes the file."""
    shown = ok(site.get(f"{here}/root", "approver"))
    assert (shown["count"], shown["total"], shown["needed"]) == (8, total, 1)
    other = site.post(f"{here}/approve", "approver", json={"root_seen": "0" * 64})
    assert other.json["type"] == "/problems/approval-broken"
    root = {"root_seen": shown["root"]}
    assert ok(site.post(f"{here}/approve", "approver", json=root))["state"] == "approved"
    [file] = ok(site.post(f"{here}/export", "releaser"))["files"]
    assert (file["count"], file["total"], file["state"]) == (8, total, "written")
    return file


def handed_over(site, file):
    """No bytes before the file is claimed; the same bytes as often as one likes afterwards."""
    content = f"files/{file['id']}/content"
    assert site.get(content, "releaser").json["type"] == "/problems/wrong-state"
    confirmed = {name: file[name] for name in ("sha256", "count", "total")}
    claimed = ok(site.post(f"files/{file['id']}/claim", "releaser", json=confirmed))
    assert claimed["state"] == "dispatching"
    first, second = site.get(content, "releaser"), site.get(content, "releaser")
    assert first.data == second.data
    assert first.headers["ETag"] == f'"{file["sha256"]}"'
    assert first.headers["Content-Disposition"] == f'attachment; filename="{file["name"]}"'
    assert site.get(content, "bank_operator").status_code == 403
    ok(site.post(f"files/{file['id']}/hand_over", "releaser"))
    [listed] = ok(site.get("files?state=sent", "bank_operator"))["rows"]
    assert listed["payments"]["sent"] == {"count": 8, "amount": file["total"]}
    return first.data


def history_is_told(site):
    """Who got what, masked, with totals; and everything behind the payment that came back."""
    paid = ok(site.get("payments?state=paid&limit=3", "inspector"))
    assert len(paid["rows"]) == 3
    rest = ok(site.get(f"payments?state=paid&cursor={paid['following']}", "inspector"))
    assert len(rest["rows"]) == 4
    [returned] = ok(site.get("payments?state=returned", "inspector"))["rows"]
    [total] = paid["totals"]
    assert (total["state"], total["count"]) == ("paid", 7)
    everything = sum(line.net for line in lines(8))
    assert parse(total["amount"], "CNY") == everything - parse(returned["amount"], "CNY")
    assert "*" in returned["id_number"]
    chain = ok(site.get(f"payments/{returned['reference']}", "inspector"))
    assert [one["state"] for one in chain["attempts"]] == ["returned"]
    assert chain["entitlement"]["owed"] == returned["amount"]
    assert chain["acts"]
    return returned


def paid_again(site, here, returned):
    """Under the same entitlement, by two people, in a file of its own."""
    why = {"reason": "the card was blocked for a day"}
    payment = f"payments/{returned['reference']}"
    again = ok(site.post(f"{payment}/reissue", "labour_officer", json=why))
    ok(site.post(f"payments/{again['reference']}/countersign", "approver"))
    [bundled] = ok(site.post(f"{here}/bundle", "releaser"))["files"]
    assert (bundled["count"], bundled["total"]) == (1, returned["amount"])


def test_nobody_approves_what_they_reviewed_whichever_account_they_use(site):
    """Pitfall 21: maker and checker are persons, not accounts."""
    identity = {"id_type": "resident_card", "number": an_identity_number(900)}
    for login, role in (("as-officer", "labour_officer"), ("as-approver", "approver")):
        account = {"registration": a_credit_code(1), "login": login, "name": "One Person"}
        body = account | {"identity": identity}
        ok(site.post("/v1/members", "administrator", json=body), 201)
        roles = {"roles": [role]}
        ok(site.post(f"/v1/members/{login}/roles", "administrator", json=roles))
        named = {"people": [{"login": login, "roles": [role]}]}
        ok(site.post("/v1/confirmations", "inspector", json=named))
        with site.world.begin() as tx:
            add_token(tx, site.world, login, members.caller_of_login(tx, login))
    here = f"sheets/{ok(site.submit(), 201)['sheet']['id']}"
    total = money(sum(line.net for line in lines(8)))
    ok(site.statement(("B1", total, PAYER), closing=total), 201)

    ok(site.post(f"{here}/review", "as-officer"))
    ok(site.post(f"{here}/fund", "as-approver"))
    root = {"root_seen": ok(site.get(f"{here}/root", "as-approver"))["root"]}
    own = site.post(f"{here}/approve", "as-approver", json=root)

    assert (own.status_code, own.json["type"]) == (403, "/problems/same-person")
    assert ok(site.post(f"{here}/approve", "approver", json=root))["state"] == "approved"


def test_declared_money_counts_once_another_person_vouches(site):
    body = {"amount": "1000.00", "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"}
    number = ok(site.post("declarations", "funder", json=body), 201)["id"]

    assert ok(site.get("balance", "viewer"))["balance"]["free"] == "0.00"
    balance = ok(site.post(f"declarations/{number}/vouch", "approver"))
    assert (balance["free"], balance["awaited"]) == ("1000.00", "-1000.00")
    [declared] = ok(site.get("balance", "viewer"))["declarations"]
    assert (declared["state"], declared["amount"]) == ("vouched", "1000.00")
    gone = ok(site.post(f"declarations/{number}/recall", "approver", json={"reason": "no money"}))
    assert gone["free"] == "0.00"


def test_payments_are_written_as_csv_that_starts_no_formula(site):
    sheet_id, _ = site.world.exported()

    answer = site.get("payments.csv", "finance_viewer")

    rows = answer.get_data(as_text=True).splitlines()
    assert answer.headers["Content-Type"] == "text/csv"
    assert len(rows) == 1 + 8
    assert all(f",{sheet_id}," in row for row in rows[1:])
    assert site.get("payments.csv", "bank_operator").status_code == 403


def test_a_person_is_found_by_a_number_that_stands_in_no_address(site):
    site.world.exported()
    line = lines(1)[0]
    body = {"id_type": "resident_card", "id_number": line.id_number}

    found = site.client.post("/v1/payments/search", headers=site.headers("inspector"), json=body)

    assert [row["line"] for row in ok(found)["rows"]] == [1]


def test_everything_on_a_sheet_can_be_read_masked(site):
    everybody = lines(9)  # the ninth is not on the roster
    got = ok(site.submit(a_sheet_json(*everybody)), 201)
    here = f"sheets/{got['sheet']['id']}"

    [finding] = got["findings"]
    [blocker] = ok(site.get(f"{here}/blockers", "labour_officer"))["rows"]
    assert finding["code"] == blocker["code"] == "not-on-roster"
    assert finding["zh"] == blocker["zh"]
    assert everybody[8].id_number not in site.get(f"{here}/blockers", "labour_officer").text
    rows = ok(site.get(f"{here}/lines?limit=4", "preparer"))
    assert [row["number"] for row in rows["rows"]] == [1, 2, 3, 4]
    assert rows["rows"][0]["net"] == money(everybody[0].net)
    assert everybody[0].id_number not in str(rows)
    line = {"line": 9, "reason": "unknown on the site"}
    ok(site.post(f"{here}/set_aside", "labour_officer", json=line))
    assert ok(site.get(f"{here}/lines?state=set_aside", "preparer"))["rows"][0]["number"] == 9
    acts = ok(site.get(f"acts?sheet_id={got['sheet']['id']}", "labour_officer"))["rows"]
    assert [act["act"] for act in acts] == ["receive", "set_aside"]
    assert acts[0]["facts"]["total_net"] == money(sum(line.net for line in everybody))
