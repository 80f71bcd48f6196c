"""Whatever is transferred, the nine columns add up to zero and keep their signs."""

from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.ledger import (
    COLUMNS,
    EDGES,
    NOT_NEGATIVE,
    NOT_POSITIVE,
    Balance,
    Kind,
    Short,
    Transfer,
    deltas,
    edge,
    post,
    total,
)

amounts = st.integers(min_value=1, max_value=10**12)
transfers = st.builds(Transfer, st.sampled_from(sorted(EDGES)), st.just("cause"), amounts)


def posted(*moved, start=None):
    """Post (kind, amount) one by one; return the balance."""
    balance = start or Balance()
    for kind, amount in moved:
        balance = post(balance, Transfer(kind, "cause", amount))
    return balance


def test_the_columns_are_the_fields_of_a_balance():
    assert tuple(field.name for field in fields(Balance)) == COLUMNS


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_but_correct_has_an_edge_between_two_columns(kind):
    if kind is Kind.CORRECT:
        assert kind not in EDGES
        return
    source, target = EDGES[kind]
    assert source != target
    assert {source, target} <= set(COLUMNS)


# The table of money.md, again and by hand: a changed edge must be meant.
@pytest.mark.parametrize(
    ("kind", "source", "target"),
    [
        ("allocate", "bank", "free"),
        ("declare", "awaited", "free"),
        ("confirm", "bank", "awaited"),
        ("revoke", "free", "awaited"),
        ("revoke_short", "missing", "awaited"),
        ("book_payment", "drawn", "bank"),
        ("book_return", "bank", "drawn"),
        ("book_unordered_debit", "missing", "bank"),
        ("absorb", "free", "missing"),
        ("book_unknown_credit", "bank", "suspense"),
        ("accept_credit", "suspense", "free"),
        ("match_credit", "suspense", "drawn"),
        ("replenish", "suspense", "missing"),
        ("match_debit", "drawn", "missing"),
        ("elsewhere", "missing", "drawn"),
        ("unabsorb", "missing", "free"),
        ("fund", "free", "held"),
        ("release", "held", "free"),
        ("dispatch", "held", "in_flight"),
        ("settle", "in_flight", "paid"),
        ("reject", "in_flight", "held"),
        ("return", "paid", "held"),
        ("lend", "free", "bank"),
        ("borrow", "bank", "free"),
    ],
)
def test_each_kind_moves_money_from_and_to(kind, source, target):
    assert EDGES[Kind(kind)] == (source, target)


@given(st.lists(transfers, max_size=40))
def test_any_transfers_keep_the_sum_at_zero_and_the_signs(moved):
    balance = Balance()
    for transfer in moved:
        try:
            balance = post(balance, transfer)
        except Short:
            continue
        assert total(balance) == 0
        assert all(getattr(balance, name) >= 0 for name in NOT_NEGATIVE)
        assert all(getattr(balance, name) <= 0 for name in NOT_POSITIVE)


@given(st.lists(transfers, max_size=20))
def test_the_changes_of_any_transfers_add_up_to_zero(moved):
    assert sum(deltas(moved).values()) == 0


@given(st.lists(transfers, max_size=12), st.randoms(use_true_random=False))
def test_only_the_end_of_a_transaction_counts_and_not_the_order_in_it(moved, random):
    shuffled = random.sample(moved, len(moved))
    try:
        end = post(Balance(), *moved)
    except Short:
        with pytest.raises(Short):
            post(Balance(), *shuffled)
    else:
        assert post(Balance(), *shuffled) == end


@given(st.sampled_from(sorted(EDGES)), amounts)
def test_a_correction_takes_one_named_transfer_back(kind, amount):
    forth = Transfer(kind, "attempt:7.2", amount)
    back = Transfer(Kind.CORRECT, f"{kind}:attempt:7.2", amount)
    assert edge(back) == tuple(reversed(edge(forth)))
    assert post(Balance(), forth, back) == Balance()


def test_a_correction_that_names_no_kind_is_a_defect():
    with pytest.raises(ValueError, match="nonsense"):
        edge(Transfer(Kind.CORRECT, "nonsense:7", 1))


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_moves_something_forwards(amount):
    with pytest.raises(ValueError, match="positive"):
        Transfer(Kind.FUND, "cause", amount)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (Kind.FUND, "free"),
        (Kind.RELEASE, "held"),
        (Kind.SETTLE, "in_flight"),
        (Kind.RETURN, "paid"),
        (Kind.ACCEPT_CREDIT, "suspense"),
    ],
)
def test_what_a_column_does_not_hold_is_refused_with_how_much_it_lacks(kind, column):
    source, _ = EDGES[kind]
    holds = Balance(**{source: 400, "bank": -400})
    assert getattr(post(holds, Transfer(kind, "cause", 400)), source) == 0
    with pytest.raises(Short) as refused:
        post(holds, Transfer(kind, "cause", 401))
    assert refused.value.facts == {"column": column, "lacking": 1}


@pytest.mark.parametrize(
    ("kind", "column"), [(Kind.CONFIRM, "awaited"), (Kind.REPLENISH, "missing")]
)
def test_more_than_was_owed_to_us_is_refused(kind, column):
    owed = Balance(**{column: -400, "suspense": 1000, "bank": -600})
    with pytest.raises(Short) as refused:
        post(owed, Transfer(kind, "cause", 401))
    assert refused.value.facts == {"column": column, "lacking": 1}


def test_what_the_bank_says_is_never_refused():
    balance = posted((Kind.BOOK_PAYMENT, 500), (Kind.BOOK_UNORDERED_DEBIT, 300))
    assert (balance.bank, balance.drawn, balance.missing) == (800, -500, -300)
    assert balance.booked == -800


def test_a_payday_moves_every_fen_from_the_owner_to_the_workers():
    balance = posted(
        (Kind.ALLOCATE, 1000),
        (Kind.FUND, 900),
        (Kind.DISPATCH, 900),
        (Kind.SETTLE, 800),
        (Kind.REJECT, 100),
        (Kind.BOOK_PAYMENT, 800),
        (Kind.RELEASE, 100),
    )
    found = {name: value for name, value in asdict(balance).items() if value}
    assert found == {"bank": -200, "drawn": -800, "free": 200, "paid": 800}
    assert balance.booked == 200


@given(st.lists(transfers, max_size=30))
def test_the_booked_balance_is_what_the_other_columns_say(moved):
    b = post_what_fits(moved)
    explained = b.free + b.held + b.in_flight + (b.paid + b.drawn) + b.suspense
    assert b.booked == explained + b.missing + b.awaited


def post_what_fits(moved):
    balance = Balance()
    for transfer in moved:
        try:
            balance = post(balance, transfer)
        except Short:
            continue
    return balance


@pytest.mark.parametrize(
    ("statements", "most"),
    [(False, 100 + 900 - 200), (True, 100 + 900 - 200 - 300)],
)
def test_declared_money_backs_a_dispatch_only_where_no_statement_tells_better(statements, most):
    balance = Balance(free=100, held=900, missing=-200, awaited=-300, bank=-500)
    assert balance.backs(most, statements=statements)
    assert not balance.backs(most + 1, statements=statements)
