"""One round of carrying: who is gone is given up, files leave, answers come in."""

from __future__ import annotations

from dataclasses import dataclass

from disburse.courier.collecting import collect_all
from disburse.courier.envelopes import seal_released
from disburse.courier.post import Post
from disburse.courier.sending import send_all
from disburse.courier.unknown import ask_about_unknown, give_up_waiting, miss_answers, recognise


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What one round of carrying did."""

    sent: int = 0  # bank files that the bank's side has now
    unknown: int = 0  # bank files of which nobody knows; people or the bank decide
    missed: int = 0  # bank files that the bank has, and whose answers are overdue since now
    found: int = 0  # unknown bank files that the bank, when asked, turned out to have
    answers: int = 0  # files of answers that were taken in
    unreachable: int = 0  # connections whose answers could not be fetched


def carry(post: Post) -> Carried:
    """Do one round."""
    recognise(post)
    lost = give_up_waiting(post)
    routes = post.routes()
    seal_released(post, routes)
    sent, unsure = send_all(post, routes)
    found = ask_about_unknown(post, routes)
    answers, unreachable = collect_all(post, routes)
    return Carried(
        sent=sent,
        unknown=lost + unsure,
        missed=miss_answers(post),
        found=found,
        answers=answers,
        unreachable=unreachable,
    )
