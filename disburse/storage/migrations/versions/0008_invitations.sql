-- Who lets people in: one person by an invitation, two by a recovery.

CREATE TABLE invitation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES member,
    person_id bigint NOT NULL REFERENCES person,  -- whom it lets in
    purpose text NOT NULL CHECK (purpose IN ('join', 'recovery')),
    digest bytea NOT NULL UNIQUE,  -- SHA-256 of the code, or of its first half
    second_digest bytea,  -- of the second half, which the second person got
    made_by bigint NOT NULL REFERENCES member,
    made_by_person bigint REFERENCES person,
    confirmed_by bigint REFERENCES member,
    confirmed_by_person bigint REFERENCES person,
    reason text NOT NULL DEFAULT '',
    totp bytea,  -- sealed: shown to whoever opens it, the account's as soon as it is used
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at),
    used_at timestamptz,
    withdrawn_at timestamptz,
    -- a recovery is the act of two persons, neither of whom is recovered
    CHECK (purpose = 'join' OR (made_by_person IS NOT NULL AND made_by_person <> person_id)),
    CHECK ((second_digest IS NULL) = (confirmed_by_person IS NULL)),
    CHECK (confirmed_by_person NOT IN (person_id, made_by_person)),
    CHECK (purpose = 'join' OR used_at IS NULL OR second_digest IS NOT NULL)
);
CREATE INDEX invitation_by_member ON invitation (member_id);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'disburse_app') THEN
        GRANT SELECT, INSERT, UPDATE ON invitation TO disburse_app;
    END IF;
END $$;
