-- What is in `suspense` and `missing`, amount by amount, and what two people say it was.

CREATE TABLE open_item (
    project_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL REFERENCES special_account,
    side text NOT NULL CHECK (side IN ('credit', 'debit')),
    cause text NOT NULL,  -- the reference of the transfer that opened it
    amount bigint NOT NULL CHECK (amount > 0),
    remaining bigint NOT NULL,
    absorbed bigint NOT NULL DEFAULT 0,  -- made good meanwhile; comes back if it was our payment
    since timestamptz NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, cause),
    CONSTRAINT explained_once CHECK
        (remaining >= 0 AND absorbed >= 0 AND remaining + absorbed <= amount),
    CONSTRAINT only_debits_are_absorbed CHECK (side = 'debit' OR absorbed = 0)
);
CREATE INDEX open_item_open ON open_item (project_id, since) WHERE remaining > 0;

CREATE TABLE explanation (
    project_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL REFERENCES special_account,
    kind text NOT NULL CHECK (kind IN ('allocation', 'payment_return', 'replenishment',
        'own_payment', 'absorbed', 'elsewhere')),
    item_id bigint,
    fills_id bigint,  -- the open debit that a replenishment makes good
    names text NOT NULL DEFAULT '',  -- the payment or file of ours that it was
    amount bigint NOT NULL CHECK (amount > 0),
    reason text NOT NULL CHECK (reason <> ''),
    evidence_digest text NOT NULL DEFAULT '' CHECK (evidence_digest ~ '^([0-9a-f]{64})?$'),
    state text NOT NULL CHECK (state IN ('proposed', 'endorsed', 'dismissed')),
    explained_by bigint NOT NULL REFERENCES person,
    explained_at timestamptz NOT NULL,
    endorsed_by bigint REFERENCES person,
    ended_at timestamptz,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, item_id) REFERENCES open_item,
    FOREIGN KEY (project_id, fills_id) REFERENCES open_item,
    CONSTRAINT endorser_is_another_person CHECK (endorsed_by <> explained_by),
    CONSTRAINT endorsed_by_somebody CHECK ((state = 'endorsed') = (endorsed_by IS NOT NULL)),
    CONSTRAINT names_what_was_ours CHECK
        ((names <> '') = (kind IN ('payment_return', 'own_payment', 'elsewhere'))),
    CONSTRAINT begins_with_an_item CHECK ((item_id IS NULL) = (kind = 'elsewhere')),
    CONSTRAINT fills_a_debit CHECK ((fills_id IS NOT NULL) = (kind = 'replenishment'))
);
CREATE INDEX explanation_by_item ON explanation (project_id, item_id);
CREATE INDEX explanation_by_name ON explanation (project_id, names) WHERE state = 'endorsed';

-- How an entry found the payment or file that it is: by its reference, or because exactly one
-- unbooked one has its amount and day.
ALTER TABLE statement_entry ADD COLUMN matched_by text NOT NULL DEFAULT 'reference'
    CHECK (matched_by IN ('reference', 'amount'));
CREATE INDEX statement_entry_by_name ON statement_entry (account_id, names) WHERE names <> '';

-- What was booked before this table was made.
INSERT INTO open_item (project_id, account_id, side, cause, amount, remaining, since)
SELECT project_id, account_id, CASE kind WHEN 'book_unknown_credit' THEN 'credit' ELSE 'debit' END,
       reference, amount, amount, at
FROM transfer WHERE kind IN ('book_unknown_credit', 'book_unordered_debit', 'revoke_short');

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON open_item, explanation TO disburse_app;
    END IF;
END $$;
