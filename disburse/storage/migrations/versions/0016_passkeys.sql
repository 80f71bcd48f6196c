-- Passkeys: the public halves, and the questions that wait for an answer.

CREATE TABLE passkey (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES member,
    credential bytea NOT NULL UNIQUE,  -- what it calls itself: one is one account's, for ever
    public_key bytea NOT NULL,  -- COSE
    uses bigint NOT NULL,  -- as it counts itself; a copy would count less
    label text NOT NULL,
    made_at timestamptz NOT NULL,
    used_at timestamptz,
    removed_at timestamptz
);
CREATE INDEX passkey_by_member ON passkey (member_id) WHERE removed_at IS NULL;

CREATE TABLE passkey_question (
    digest bytea PRIMARY KEY,  -- SHA-256 of the challenge
    member_id bigint REFERENCES member,  -- who makes a passkey; NULL: whoever shows one
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_question_by_expiry ON passkey_question (expires_at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON passkey TO disburse_app;
        GRANT SELECT, INSERT, DELETE ON passkey_question TO disburse_app;
    END IF;
END $$;
