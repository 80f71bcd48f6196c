-- What outsiders are told of: an outbox that acts write to, its one order, and who gets what.

CREATE TABLE event (  -- written in the transaction of its act
    project_id bigint NOT NULL REFERENCES project,
    id bigint GENERATED ALWAYS AS IDENTITY,
    sequence bigint UNIQUE,  -- null until the sequencer saw it committed; then the feed's order
    at timestamptz NOT NULL,
    type text NOT NULL,  -- subject.act
    subject text NOT NULL,
    object text NOT NULL,  -- subject:number; of one object the order is kept
    sheet_id bigint,
    state_before text,
    state_after text,
    facts jsonb NOT NULL,  -- digests, amounts and numbers; never personal data
    PRIMARY KEY (project_id, id)
);
-- A later number can be committed first, so numbers are no cursor: what has no sequence is new.
CREATE INDEX event_new ON event (id) WHERE sequence IS NULL;

CREATE TABLE event_counter (  -- one row: whoever locks it is the sequencer
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    last bigint NOT NULL DEFAULT 0
);
INSERT INTO event_counter DEFAULT VALUES;

CREATE TABLE webhook (  -- where one organisation wants to be told
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    url text NOT NULL,
    types text[] NOT NULL,  -- subjects, or subject.act; none: all that the organisation may see
    made_by bigint NOT NULL REFERENCES member,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    fence bigint NOT NULL DEFAULT 0,  -- grows with every holder; an older one may write nothing
    holder text,
    until timestamptz,
    not_before timestamptz NOT NULL,  -- a receiver that did not answer is left alone for a while
    CHECK ((holder IS NULL) = (until IS NULL))
);

CREATE TABLE webhook_key (  -- two sign while the receiver changes over
    webhook_id bigint NOT NULL REFERENCES webhook,
    number integer NOT NULL CHECK (number >= 1),
    public text NOT NULL,
    sealed bytea NOT NULL,
    made_at timestamptz NOT NULL,
    ends_at timestamptz,
    PRIMARY KEY (webhook_id, number)
);

CREATE TABLE delivery (  -- one event for one webhook
    webhook_id bigint NOT NULL REFERENCES webhook,
    sequence bigint NOT NULL REFERENCES event (sequence),
    object text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'parked')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    ended_at timestamptz,
    detail text NOT NULL DEFAULT '',  -- why it was not taken the last time
    PRIMARY KEY (webhook_id, sequence)
);
CREATE INDEX delivery_pending ON delivery (webhook_id, object, sequence) WHERE state = 'pending';

-- The board: what came back and is to be paid again.
CREATE INDEX attempt_open_again ON attempt (project_id, period, sheet_id, line)
    WHERE state IN ('rejected', 'returned');

-- ------------------------------------------------------------------ metrics
-- For the operator's metrics, over all projects: sums without anybody's name. They run as the
-- tables' owner, because whoever scrapes metrics is no caller of any project.

CREATE FUNCTION payments_to_repeat()  -- rejected or returned, not paid again and not given up
RETURNS TABLE (state text, currency text, "count" bigint, amount bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.state, s.currency, count(*), sum(a.amount)::bigint,
           min(coalesce(a.answered_on::timestamptz, f.moved_at))
    FROM attempt a
    JOIN entitlement e ON e.project_id = a.project_id AND e.period = a.period
                      AND e.sheet_id = a.sheet_id AND e.line = a.line
    JOIN sheet s ON s.project_id = a.project_id AND s.id = a.sheet_id
    JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
    WHERE a.state IN ('rejected', 'returned') AND e.funded > 0 AND e.live = 0 AND e.paid = 0
      AND NOT EXISTS (SELECT FROM attempt n
                      WHERE n.project_id = a.project_id AND n.period = a.period
                        AND n.sheet_id = a.sheet_id AND n.line = a.line
                        AND n.attempt > a.attempt AND n.state <> 'void')
    GROUP BY 1, 2
$$;

CREATE FUNCTION files_half_answered(live text[])  -- the bank has them and has not said all
RETURNS TABLE (state text, currency text, "count" bigint, amount bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.state, f.currency, count(*), sum(f.total)::bigint, min(f.moved_at)
    FROM bank_file f
    WHERE f.state = 'acknowledged' AND (f.project_id, f.id) IN (
        SELECT a.project_id, a.file_id FROM attempt a WHERE a.state = ANY (live))
    GROUP BY 1, 2
$$;

CREATE FUNCTION deliveries_open()  -- to webhooks
RETURNS TABLE (state text, "count" bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT d.state, count(*), min(e.at) FROM delivery d JOIN event e ON e.sequence = d.sequence
    JOIN webhook w ON w.id = d.webhook_id
    WHERE d.state <> 'delivered' AND w.ended_at IS NULL GROUP BY 1
$$;

REVOKE ALL ON FUNCTION payments_to_repeat(), files_half_answered(text[]), deliveries_open()
    FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON event, webhook, webhook_key TO disburse_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON delivery TO disburse_app;
        GRANT SELECT, UPDATE ON event_counter TO disburse_app;
        GRANT EXECUTE ON FUNCTION payments_to_repeat(), files_half_answered(text[]),
            deliveries_open() TO disburse_app;
    END IF;
END $$;
