"""The simulator is worth something only if it finds what is broken: one protection off at once.

Each is found at a known seed in few steps, and the same seeds find nothing while all are on.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text

from disburse import answering, settling
from disburse.courier import sending, unknown
from disburse.domain.ledger import Kind
from disburse.domain.lifecycle import attempt as lifecycle
from disburse.domain.lifecycle.attempt import IN_FLIGHT, Decision, State
from disburse.domain.reference import attempt_of
from disburse.domain.result import Result
from disburse.queries import board
from disburse.simulator.lives import live
from disburse.steps.bank import countersign, never, reissue, retransmit
from disburse.storage import leases, ledger
from disburse.transports.directory import Directory

STEPS = 150


def _back_into_the_queue(post, place, **_):
    with post.begin() as tx:
        values = {"p": place[0], "f": place[1]}
        tx.execute(
            text("""UPDATE lease SET holder = NULL, until = NULL
                    WHERE project_id = :p AND file_id = :f"""),
            values,
        )
    return True


def a_dead_senders_file_is_sent_again(patch):
    patch.setattr(unknown, "mark_unknown", _back_into_the_queue)


def a_broken_sending_is_tried_again(patch):
    patch.setattr(sending, "mark_unknown", _back_into_the_queue)


def an_early_return_is_ignored(patch):
    for state in IN_FLIGHT:
        patch.delitem(lifecycle.EDGES, (state, Result.RETURNED))


def paid_after_returned_is_accepted(patch):
    edge = Decision(State.PAID, (Kind.SETTLE,))
    patch.setitem(lifecycle.EDGES, (State.RETURNED, Result.PAID), edge)


def an_answer_after_unknown_is_ignored(patch):
    patch.delitem(lifecycle.EDGES, (State.UNKNOWN, Result.PAID))


def the_attempt_number_is_ignored(patch):
    """Take every answer for one about the first attempt, as systems without attempts do."""

    def first_of(reference):
        key = attempt_of(reference)
        return key and key._replace(attempt=1)

    for module in (answering, settling):
        patch.setattr(module, "attempt_of", first_of)


def answers_are_moved_away_before_they_are_taken_in(patch):
    collect = Directory.collect

    def collect_and_move(self):
        for answer in collect(self):
            self.set_aside(answer, read=True)
            yield answer

    patch.setattr(Directory, "collect", collect_and_move)


def what_is_settled_is_not_posted(patch):
    post = ledger.post

    def post_some(tx, *, transfers, **where):
        return post(tx, transfers=[o for o in transfers if o.kind is not Kind.SETTLE], **where)

    patch.setattr(ledger, "post", post_some)


def what_is_under_way_can_be_paid_again(patch):
    for module in (reissue, countersign):
        patch.setattr(module, "require_open_again", lambda *_: None)


def one_person_buries_a_file(patch):
    patch.setattr(never, "agreed", lambda *_, **__: True)


def people_may_carry_what_travels(patch):
    patch.setattr(leases, "travels", lambda *_, **__: False)


def any_bank_is_sent_a_file_again(patch):
    patch.setattr(retransmit, "_require_once", lambda *_: None)


def the_board_forgets_files_that_were_sent(patch):
    kept = tuple(one for one in board._PLACES if (one.thing, one.state) != ("file", "sent"))
    patch.setattr(board, "_PLACES", kept)


# Each protection, and a seed at which its loss is seen.
SEEDS = {
    a_dead_senders_file_is_sent_again: 4,
    a_broken_sending_is_tried_again: 4,
    an_early_return_is_ignored: 3,
    paid_after_returned_is_accepted: 3,
    an_answer_after_unknown_is_ignored: 1,
    the_attempt_number_is_ignored: 1,
    answers_are_moved_away_before_they_are_taken_in: 5,
    what_is_settled_is_not_posted: 1,
    what_is_under_way_can_be_paid_again: 1,
    one_person_buries_a_file: 1,
    people_may_carry_what_travels: 1,
    any_bank_is_sent_a_file_again: 1,
    the_board_forgets_files_that_were_sent: 1,
}


@pytest.mark.parametrize("switch_off", SEEDS)
def test_the_simulator_finds_it_when(switch_off, town, monkeypatch):
    switch_off(monkeypatch)
    found = live(town, seed=SEEDS[switch_off], steps=STEPS).found
    assert found is not None
    assert found.seed == SEEDS[switch_off]


@pytest.mark.parametrize("seed", sorted(set(SEEDS.values())))
def test_with_all_protections_these_seeds_find_nothing(seed, town):
    lived = live(town, seed=seed, steps=STEPS)
    assert lived.found is None
    assert lived.steps == STEPS
    assert lived.did["killed"]
    assert lived.payments
