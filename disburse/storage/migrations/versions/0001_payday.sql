-- The tables of the first issue. Business rows carry project_id in every key, so that they can be
-- sharded by project; persons, organisations, members, bank connections and their counters,
-- and idempotency keys are the named exceptions. A CHECK forbids only what we decide,
-- never what a bank tells us.

CREATE TABLE installation (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    index_key bytea NOT NULL  -- keys the digests of identity numbers and accounts
);

-- ------------------------------------------------------------------ parties
CREATE TABLE organisation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('owner', 'general_contractor', 'subcontractor', 'bank',
        'labour_authority', 'sector_authority', 'operator')),
    registration text NOT NULL UNIQUE,
    name text NOT NULL CHECK (name <> ''),
    region text NOT NULL DEFAULT '',  -- what an authority watches: a prefix of project.region
    sector text NOT NULL DEFAULT ''
);

CREATE TABLE person (  -- every human being, worker or member, once
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint bytea NOT NULL UNIQUE  -- keyed digest of (identity type, number)
);

CREATE TABLE member (  -- an account of an organisation; a machine client has no person
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    person_id bigint REFERENCES person,
    name text NOT NULL,
    login text NOT NULL UNIQUE,
    disabled_at timestamptz
);

CREATE TABLE token (
    digest bytea PRIMARY KEY,  -- SHA-256; the token itself is shown once and kept nowhere
    member_id bigint NOT NULL REFERENCES member,
    label text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    revoked_at timestamptz
);

CREATE TABLE signing_key (
    kid text PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    algorithm text NOT NULL,
    jwk text NOT NULL,
    purpose text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL CHECK (valid_to > valid_from),
    revoked_at timestamptz,
    revoked_as_compromised boolean NOT NULL DEFAULT false
);

CREATE TABLE bank_connection (  -- one bank, one format; file numbers count here
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank_id bigint NOT NULL REFERENCES organisation,
    adapter text NOT NULL,
    last_sequence bigint NOT NULL DEFAULT 0,
    UNIQUE (bank_id, adapter)
);

CREATE TABLE special_account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES bank_connection,
    holder text NOT NULL,
    number text NOT NULL,
    bank_code text NOT NULL DEFAULT '',
    bank_name text NOT NULL DEFAULT '',
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    statements boolean NOT NULL DEFAULT false,  -- a statement source is connected
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'frozen', 'closed')),
    UNIQUE (connection_id, number)
);

CREATE TABLE project (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    owner_id bigint NOT NULL REFERENCES organisation,
    general_contractor_id bigint NOT NULL REFERENCES organisation,
    account_id bigint REFERENCES special_account,
    region text NOT NULL,
    sector text NOT NULL,
    government_funded boolean NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    contract_amount bigint NOT NULL CHECK (contract_amount >= 0),
    labour_share_basis_points integer NOT NULL CHECK (labour_share_basis_points BETWEEN 0 AND 10000),
    starts_on date NOT NULL,
    ends_on date NOT NULL CHECK (ends_on >= starts_on),
    time_zone text NOT NULL,
    payer_account text NOT NULL DEFAULT '',  -- the owner's account that allocations come from
    policy jsonb NOT NULL,
    policy_version integer NOT NULL DEFAULT 1
);

CREATE TABLE party (  -- who takes part in a project, and as what
    project_id bigint NOT NULL REFERENCES project,
    organisation_id bigint NOT NULL REFERENCES organisation,
    capacity text NOT NULL CHECK (capacity IN ('owner', 'general_contractor', 'subcontractor', 'bank')),
    delegation_digest text NOT NULL DEFAULT '',  -- the written order that the GC pay on its behalf
    delegation_from date,
    delegation_to date,
    PRIMARY KEY (project_id, organisation_id, capacity),
    CHECK ((capacity = 'subcontractor') = (delegation_from IS NOT NULL))
);
CREATE INDEX party_by_organisation ON party (organisation_id, project_id);

CREATE TABLE grant_of_role (
    member_id bigint NOT NULL REFERENCES member,
    role text NOT NULL,
    project_id bigint NOT NULL DEFAULT 0,  -- 0: every project of the organisation
    PRIMARY KEY (member_id, role, project_id)
);

CREATE TABLE worker (  -- one person's employment by one subcontractor on one project
    project_id bigint NOT NULL REFERENCES project,
    id bigint GENERATED ALWAYS AS IDENTITY,
    employer_id bigint NOT NULL REFERENCES organisation,
    person_id bigint NOT NULL REFERENCES person,
    team text NOT NULL DEFAULT '',
    trade text NOT NULL DEFAULT '',
    joined_on date NOT NULL,
    left_on date CHECK (left_on >= joined_on),
    particulars jsonb NOT NULL,  -- one joined record: name, latin_name, identity, mobile, account, bank
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, employer_id, person_id)
);

-- ------------------------------------------------------------------ money
CREATE TABLE balance (  -- project 0 on an account: not assigned to a project yet
    project_id bigint NOT NULL,
    account_id bigint NOT NULL REFERENCES special_account,
    bank bigint NOT NULL DEFAULT 0,
    drawn bigint NOT NULL DEFAULT 0,
    awaited bigint NOT NULL DEFAULT 0,
    missing bigint NOT NULL DEFAULT 0,
    suspense bigint NOT NULL DEFAULT 0,
    free bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    in_flight bigint NOT NULL DEFAULT 0,
    paid bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, account_id),
    CONSTRAINT columns_add_up_to_zero CHECK
        (bank + drawn + awaited + missing + suspense + free + held + in_flight + paid = 0),
    CONSTRAINT columns_keep_their_sign CHECK
        (free >= 0 AND held >= 0 AND in_flight >= 0 AND paid >= 0 AND suspense >= 0
         AND awaited <= 0 AND missing <= 0)
);

CREATE TABLE transfer (  -- append-only
    project_id bigint NOT NULL,
    kind text NOT NULL,
    reference text NOT NULL,
    account_id bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (project_id, kind, reference)
);

CREATE TABLE declaration (  -- money that two people say is on its way
    project_id bigint NOT NULL REFERENCES project,
    id bigint GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL REFERENCES special_account,
    amount bigint NOT NULL CHECK (amount > 0),
    confirmed bigint NOT NULL DEFAULT 0 CHECK (confirmed >= 0 AND confirmed <= amount),
    voucher_digest text NOT NULL CHECK (voucher_digest ~ '^[0-9a-f]{64}$'),
    expected_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('declared', 'vouched', 'confirmed', 'recalled')),
    declared_by bigint NOT NULL REFERENCES person,
    vouched_by bigint REFERENCES person,
    at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id),
    CHECK (vouched_by <> declared_by),
    CHECK (state IN ('declared', 'recalled') OR vouched_by IS NOT NULL)
);

CREATE TABLE statement (
    account_id bigint NOT NULL REFERENCES special_account,
    number bigint NOT NULL,  -- counts the account's statements here, in order of time
    reference text NOT NULL,
    digest text NOT NULL,
    closes_on date NOT NULL,
    opening bigint NOT NULL,
    closing bigint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, number),
    UNIQUE (account_id, reference),
    UNIQUE (account_id, digest)
);

CREATE TABLE statement_entry (
    account_id bigint NOT NULL,
    reference text NOT NULL,  -- the bank's own
    statement_number bigint NOT NULL,
    project_id bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),  -- credits positive
    booked_on date NOT NULL,
    names text NOT NULL,  -- our reference that the bank repeats, or ''
    text text NOT NULL,
    effect text NOT NULL,
    PRIMARY KEY (account_id, reference)
);

-- ------------------------------------------------------------------ sheets
CREATE TABLE kept_bytes (  -- exactly as they came or left; append-only
    project_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    media_type text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    content bytea NOT NULL,
    PRIMARY KEY (project_id, id)
);
-- Bank files and sheets are written once and read once: squeezing 60 MB costs seconds, saves little.
ALTER TABLE kept_bytes ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE sheet (
    project_id bigint NOT NULL REFERENCES project,
    id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- unique by itself: bank references name it
    period date NOT NULL CHECK (extract(day FROM period) = 1),
    employer_id bigint NOT NULL REFERENCES organisation,
    kind text NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    account_id bigint NOT NULL REFERENCES special_account,
    currency text NOT NULL,
    pay_on date NOT NULL,
    head_count integer NOT NULL CHECK (head_count > 0),
    total_net bigint NOT NULL CHECK (total_net >= 0),
    digest text NOT NULL,
    predecessor text,
    signature text NOT NULL,
    kid text NOT NULL REFERENCES signing_key,
    salt bytea NOT NULL,
    bytes_id bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('received', 'reviewed', 'funded', 'approved', 'exported',
        'rejected', 'withdrawn')),
    version integer NOT NULL DEFAULT 0,
    round integer NOT NULL DEFAULT 1,  -- of approvals; void ones stay in earlier rounds
    received_at timestamptz NOT NULL,
    received_by bigint NOT NULL REFERENCES member,
    reviewed_by bigint REFERENCES person,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, digest)
);
CREATE UNIQUE INDEX sheet_once ON sheet (project_id, period, employer_id, kind, number)
    WHERE state NOT IN ('rejected', 'withdrawn');
CREATE INDEX sheet_waiting ON sheet (project_id, pay_on, received_at) WHERE state = 'reviewed';

CREATE TABLE blocker (  -- a finding on one line that keeps it from being paid
    project_id bigint NOT NULL,
    sheet_id bigint NOT NULL,
    line integer NOT NULL,
    code text NOT NULL,
    field text NOT NULL DEFAULT '',
    shown text NOT NULL DEFAULT '',  -- the value, masked
    facts jsonb NOT NULL,
    clearable boolean NOT NULL,
    cleared_by bigint REFERENCES person,
    reason text,
    PRIMARY KEY (project_id, sheet_id, line, code, field),
    CHECK (cleared_by IS NULL OR (clearable AND reason <> ''))
);

CREATE TABLE line (  -- what the subcontractor signed; never changes
    project_id bigint NOT NULL,
    period date NOT NULL CHECK (extract(day FROM period) = 1),
    sheet_id bigint NOT NULL,
    number integer NOT NULL,
    worker_id bigint,  -- null: not on the roster
    gross bigint NOT NULL,
    deductions bigint NOT NULL,
    net bigint NOT NULL CHECK (net >= 0 AND gross - deductions = net),
    particulars jsonb NOT NULL,  -- one joined record: everything else that the line says
    PRIMARY KEY (project_id, period, sheet_id, number)
) PARTITION BY RANGE (period);

CREATE TABLE entitlement (  -- what is owed once
    project_id bigint NOT NULL,
    period date NOT NULL CHECK (extract(day FROM period) = 1),
    sheet_id bigint NOT NULL,
    line integer NOT NULL,
    employer_id bigint NOT NULL,
    person_id bigint NOT NULL,
    kind text NOT NULL,
    number integer NOT NULL,
    account_index bytea NOT NULL,  -- keyed digest of the account, to find equal ones
    owed bigint NOT NULL CHECK (owed >= 0),
    funded bigint NOT NULL DEFAULT 0,  -- of the special account's money: held, in flight or paid
    live bigint NOT NULL DEFAULT 0,
    paid bigint NOT NULL DEFAULT 0,
    set_aside boolean NOT NULL DEFAULT false,
    void boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, period, sheet_id, line),
    CONSTRAINT never_more_than_owed CHECK (paid >= 0 AND live >= 0 AND paid + live <= owed),
    CONSTRAINT only_funded_money_moves CHECK (funded IN (0, owed) AND paid + live <= funded),
    CONSTRAINT void_is_empty CHECK (NOT void OR funded = 0),
    CONSTRAINT set_aside_is_not_funded CHECK (NOT set_aside OR funded = 0)
) PARTITION BY RANGE (period);
CREATE UNIQUE INDEX entitlement_once ON entitlement
    (project_id, period, employer_id, person_id, kind, number) WHERE NOT void;
CREATE INDEX entitlement_by_person ON entitlement (project_id, period, person_id);

CREATE TABLE attempt (  -- one try to pay an entitlement
    project_id bigint NOT NULL,
    period date NOT NULL CHECK (extract(day FROM period) = 1),
    sheet_id bigint NOT NULL,
    line integer NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    reference text NOT NULL,  -- a function of the key, so as unique as the key
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('prepared', 'dispatching', 'sent', 'accepted', 'unknown',
        'paid', 'rejected', 'returned', 'void')),
    version integer NOT NULL DEFAULT 0,
    file_id bigint NOT NULL,
    payee jsonb NOT NULL,  -- one joined record: name, account, bank, as the bank is told
    evidence text,  -- the bank's record that made it paid, rejected or returned
    reason text NOT NULL DEFAULT '',
    answered_on date,
    PRIMARY KEY (project_id, period, sheet_id, line, attempt),
    CONSTRAINT paid_needs_evidence CHECK (state <> 'paid' OR evidence IS NOT NULL)
) PARTITION BY RANGE (period);
CREATE UNIQUE INDEX attempt_one_live ON attempt (project_id, period, sheet_id, line)
    WHERE state IN ('prepared', 'dispatching', 'sent', 'accepted', 'unknown');
CREATE INDEX attempt_by_file ON attempt (project_id, period, file_id);

CREATE TABLE approval (
    project_id bigint NOT NULL,
    sheet_id bigint NOT NULL,
    round integer NOT NULL,
    approver bigint NOT NULL REFERENCES person,
    reviewer bigint NOT NULL REFERENCES person,
    document text NOT NULL,  -- the canonical approval
    root text NOT NULL,
    nonce text NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, sheet_id, round, approver),
    CONSTRAINT approver_is_another_person CHECK (approver <> reviewer)
);

CREATE TABLE reissue (  -- a further attempt, with its own one-line approval
    project_id bigint NOT NULL,
    period date NOT NULL,
    sheet_id bigint NOT NULL,
    line integer NOT NULL,
    attempt integer NOT NULL,
    requested_by bigint NOT NULL REFERENCES person,
    requested_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    payee jsonb NOT NULL,
    order_bytes_id bigint,  -- the subcontractor's signed order with the new account
    not_before timestamptz NOT NULL,  -- cooling period of a changed account
    approver bigint REFERENCES person,
    document text,
    expires_at timestamptz,
    PRIMARY KEY (project_id, period, sheet_id, line, attempt),
    CONSTRAINT countersigner_is_another_person CHECK (approver <> requested_by)
);

-- ------------------------------------------------------------------ bank files and answers
CREATE SEQUENCE bank_file_id;  -- taken before the row is written: the bytes name it
CREATE TABLE bank_file (
    project_id bigint NOT NULL REFERENCES project,
    id bigint NOT NULL UNIQUE,
    reference text NOT NULL UNIQUE,
    sheet_id bigint NOT NULL,
    period date NOT NULL,
    connection_id bigint NOT NULL REFERENCES bank_connection,
    account_id bigint NOT NULL REFERENCES special_account,
    sequence bigint NOT NULL,
    name text NOT NULL,
    adapter text NOT NULL,
    adapter_version text NOT NULL,
    sha256 text NOT NULL,
    bytes_id bigint NOT NULL,
    currency text NOT NULL,
    pay_on date NOT NULL,
    count integer NOT NULL CHECK (count > 0),
    total bigint NOT NULL CHECK (total > 0),
    state text NOT NULL CHECK (state IN ('written', 'dispatching', 'sent', 'acknowledged',
        'unknown', 'refused', 'void')),
    version integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    claimed_by bigint REFERENCES person,
    PRIMARY KEY (project_id, id),
    UNIQUE (connection_id, sequence),
    UNIQUE (connection_id, name)
);
CREATE INDEX bank_file_by_sheet ON bank_file (project_id, sheet_id);

CREATE TABLE report (  -- a bank's answer, as it came; one file may answer several projects
    project_id bigint NOT NULL REFERENCES project,
    connection_id bigint NOT NULL REFERENCES bank_connection,
    digest text NOT NULL,
    bytes_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    received_by bigint NOT NULL REFERENCES member,
    PRIMARY KEY (project_id, connection_id, digest)
);

CREATE TABLE inbox (  -- one row per record of a report, in the transaction of its effect
    connection_id bigint NOT NULL,
    digest text NOT NULL,
    record integer NOT NULL,
    at timestamptz NOT NULL,
    reference text NOT NULL,
    result text NOT NULL,
    amount bigint,
    reason text NOT NULL,
    text text NOT NULL,
    evidence text NOT NULL,
    happened_on date,
    project_id bigint NOT NULL,
    sheet_id bigint,
    line integer,
    attempt integer,
    state_before text,
    state_after text,
    effect text NOT NULL,  -- moved, unchanged, anomaly
    PRIMARY KEY (project_id, connection_id, digest, record)
);
CREATE INDEX inbox_by_payment ON inbox (project_id, sheet_id, line, attempt);

CREATE TABLE anomaly (  -- what people must look at
    project_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    code text NOT NULL,
    red boolean NOT NULL,
    connection_id bigint,
    digest text,
    record integer,
    reference text NOT NULL,
    detail text NOT NULL,
    at timestamptz NOT NULL,
    resolved_by bigint REFERENCES person,
    resolved_at timestamptz,
    resolution text,
    PRIMARY KEY (project_id, id),
    CHECK ((resolved_at IS NULL) = (resolution IS NULL))
);
CREATE INDEX anomaly_open ON anomaly (project_id, at) WHERE resolved_at IS NULL;

-- ------------------------------------------------------------------ history
CREATE SEQUENCE act_id;
CREATE TABLE act (  -- who did what to what; append-only
    project_id bigint NOT NULL,  -- 0: to no project
    period date NOT NULL CHECK (extract(day FROM period) = 1),
    id bigint NOT NULL DEFAULT nextval('act_id'),
    at timestamptz NOT NULL,
    member_id bigint,  -- null: the clock, through the worker loop
    person_id bigint,
    act text NOT NULL,
    subject text NOT NULL,  -- sheet, line, file, payment, report, account, project, organisation …
    subject_id text NOT NULL,
    sheet_id bigint,
    state_before text,
    state_after text,
    facts jsonb NOT NULL,  -- digests and amounts; never personal data
    PRIMARY KEY (project_id, period, id)
) PARTITION BY RANGE (period);
CREATE INDEX act_by_sheet ON act (project_id, sheet_id, id);

CREATE TABLE idempotency_key (
    member_id bigint NOT NULL REFERENCES member,
    key text NOT NULL,
    request_digest bytea NOT NULL,  -- over method, path, content type, signature header and body
    status integer,
    media_type text,
    answer bytea,
    at timestamptz NOT NULL,
    PRIMARY KEY (member_id, key)
);

-- ------------------------------------------------------------------ months
CREATE TABLE line_other_months PARTITION OF line DEFAULT;
-- A third of each page stays empty: what is funded, live and paid changes in place, not in indexes.
CREATE TABLE entitlement_other_months PARTITION OF entitlement DEFAULT WITH (fillfactor = 66);
CREATE TABLE attempt_other_months PARTITION OF attempt DEFAULT;
CREATE TABLE act_other_months PARTITION OF act DEFAULT;

-- Months are made ahead by whoever runs the service, who does not own the tables: hence DEFINER.
-- A month that already has rows among `other_months` stays there.
CREATE FUNCTION add_month(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    first date := date_trunc('month', month::timestamp)::date;
    taken boolean;
    made boolean := false;
BEGIN
    FOREACH parent IN ARRAY ARRAY['line', 'entitlement', 'attempt', 'act'] LOOP
        IF to_regclass(format('%I', parent || to_char(first, '_YYYY_MM'))) IS NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE period = %L)',
                parent || '_other_months', first) INTO taken;
            IF NOT taken THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)'
                    || ' WITH (fillfactor = %s)',
                    parent || to_char(first, '_YYYY_MM'), parent,
                    first, (first + interval '1 month')::date,
                    CASE parent WHEN 'entitlement' THEN 66 ELSE 100 END);
                made := true;
            END IF;
        END IF;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION add_month(date) FROM PUBLIC;

-- After a large sheet: without statistics the planner expects one row per sheet and walks the whole
-- month for each line. Autovacuum would come a minute later; pay day does not wait for it.
CREATE FUNCTION refresh_statistics(month date, parents text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    own text;
BEGIN
    FOREACH parent IN ARRAY parents LOOP
        IF parent NOT IN ('line', 'entitlement', 'attempt') THEN
            RAISE EXCEPTION 'not a table of months: %', parent;
        END IF;
        own := parent || to_char(month, '_YYYY_MM');
        EXECUTE format('ANALYZE (SKIP_LOCKED) %I',
            CASE WHEN to_regclass(format('%I', own)) IS NULL
                 THEN parent || '_other_months' ELSE own END);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION refresh_statistics(date, text[]) FROM PUBLIC;

-- ------------------------------------------------------------------ rights
-- The embedded server has the role; on another server its administrator makes it, or the service
-- runs as the tables' owner until the issue on row-level security forbids that.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON
            organisation, person, member, token, signing_key, bank_connection, special_account,
            project, party, grant_of_role, worker, balance, declaration, sheet, blocker,
            entitlement, attempt, reissue, bank_file, anomaly, idempotency_key
            TO disburse_app;
        -- append-only
        GRANT SELECT, INSERT ON
            installation, transfer, statement, statement_entry, kept_bytes, line, approval,
            report, inbox, act
            TO disburse_app;
        GRANT SELECT ON alembic_version TO disburse_app;  -- does this program fit the database
        GRANT DELETE ON grant_of_role TO disburse_app;
        GRANT USAGE ON SEQUENCE act_id, bank_file_id TO disburse_app;
        GRANT EXECUTE ON FUNCTION add_month(date), refresh_statistics(date, text[]) TO disburse_app;
    END IF;
END $$;
