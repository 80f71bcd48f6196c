"""What a file may say of itself is what its batch says."""

from dataclasses import asdict

from disburse.adapter import Head
from tests.adapters.batches import a_batch


def test_the_head_of_a_batch_leaves_nothing_out():
    batch = a_batch()
    assert asdict(Head.of(batch)) == {
        "reference": batch.reference,
        "sequence": batch.sequence,
        "pay_on": batch.pay_on,
        "currency": batch.currency,
        "debtor_number": batch.debtor.number,
        "debtor_holder": batch.debtor.holder,
        "debtor_bank_code": batch.debtor.bank_code,
        "count": batch.count,
        "total": batch.total,
        "period": batch.period,
        "employer": batch.employer,
    }
