-- Roles are lent until a day. Whoever acts by a lent role names the lender, and both are counted
-- wherever two people are needed.

CREATE TABLE lending (
    project_id bigint NOT NULL REFERENCES project,
    id bigint GENERATED ALWAYS AS IDENTITY,
    role text NOT NULL
        CONSTRAINT may_be_lent CHECK (role NOT IN ('signer', 'administrator', 'people_administrator')),
    lender_id bigint NOT NULL REFERENCES member,
    lender_person bigint NOT NULL REFERENCES person,  -- as it was when it was lent
    delegate_id bigint NOT NULL REFERENCES member,
    delegate_person bigint NOT NULL REFERENCES person,
    made_at timestamptz NOT NULL,
    ends_on date NOT NULL,  -- the last day, where the project is
    revoked_at timestamptz,
    revoked_by bigint REFERENCES person,  -- either side, or who disabled one of the accounts
    PRIMARY KEY (project_id, id),
    CONSTRAINT lent_to_another_person CHECK (lender_person <> delegate_person),
    CONSTRAINT lent_for_a_month_at_most CHECK  -- a day more for zones far from UTC
        (ends_on <= (made_at AT TIME ZONE 'UTC')::date + 32),
    CONSTRAINT revoked_by_somebody CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX lending_by_delegate ON lending (delegate_id, project_id);
CREATE INDEX lending_by_lender ON lending (lender_id, project_id);

-- ------------------------------------------------------------------ who acted, and for whom
ALTER TABLE act ADD COLUMN for_member_id bigint, ADD COLUMN for_person_id bigint,
    ADD CONSTRAINT for_another_person CHECK (for_person_id <> person_id),
    ADD CONSTRAINT for_somebody_by_somebody CHECK
        ((for_person_id IS NULL) = (for_member_id IS NULL)
         AND (for_person_id IS NULL OR person_id IS NOT NULL));

-- Beside every person who did something that another has to check: whom that person stood in for.
-- The CHECKs hold both against both. An array overlaps nothing by a NULL in it.
ALTER TABLE sheet
    ADD COLUMN submitted_for bigint REFERENCES person,
    ADD COLUMN reviewed_for bigint REFERENCES person,
    ADD CONSTRAINT whoever_they_stand_for_too CHECK
        (NOT ARRAY[reviewed_by, reviewed_for] && ARRAY[submitted_by, submitted_for]);
ALTER TABLE blocker ADD COLUMN cleared_for bigint REFERENCES person;
ALTER TABLE declaration
    ADD COLUMN declared_for bigint REFERENCES person,
    ADD COLUMN vouched_for bigint REFERENCES person,
    ADD CONSTRAINT whoever_they_stand_for_too CHECK
        (NOT ARRAY[vouched_by, vouched_for] && ARRAY[declared_by, declared_for]);
ALTER TABLE explanation
    ADD COLUMN explained_for bigint REFERENCES person,
    ADD COLUMN endorsed_for bigint REFERENCES person,
    ADD CONSTRAINT whoever_they_stand_for_too CHECK
        (NOT ARRAY[endorsed_by, endorsed_for] && ARRAY[explained_by, explained_for]);
ALTER TABLE reissue
    ADD COLUMN requested_for bigint REFERENCES person,
    ADD COLUMN approver_for bigint REFERENCES person,
    ADD CONSTRAINT whoever_they_stand_for_too CHECK
        (NOT ARRAY[approver, approver_for] && ARRAY[requested_by, requested_for]);
ALTER TABLE proposal
    ADD COLUMN asked_for bigint REFERENCES person,
    ADD COLUMN agreed_for bigint REFERENCES person,
    ADD CONSTRAINT whoever_they_stand_for_too CHECK
        (NOT ARRAY[agreed_by, agreed_for] && ARRAY[asked_by, asked_for]);
ALTER TABLE legal_hold
    ADD COLUMN asked_for bigint REFERENCES person,
    ADD COLUMN lifted_for bigint REFERENCES person,
    ADD CONSTRAINT whoever_they_stand_for_too CHECK
        (NOT ARRAY[lifted_by, lifted_for] && ARRAY[asked_by, asked_for]);
ALTER TABLE approval
    ADD COLUMN approver_for bigint REFERENCES person,
    ADD COLUMN reviewer_for bigint REFERENCES person,
    ADD CONSTRAINT approver_for_another CHECK (approver_for <> approver),
    ADD CONSTRAINT whoever_they_stand_for_too CHECK
        (NOT ARRAY[approver, approver_for] && (makers || reviewer || reviewer_for));

-- Several approvals of a round are several people's: nobody is counted twice, as approver or as the
-- one whom an approver stands in for. One row per person; kept by the trigger, written by nobody else.
CREATE TABLE approval_person (
    project_id bigint NOT NULL,
    sheet_id bigint NOT NULL,
    round integer NOT NULL,
    person_id bigint NOT NULL REFERENCES person,
    CONSTRAINT approves_once_in_a_round PRIMARY KEY (project_id, sheet_id, round, person_id)
);
CREATE FUNCTION count_approval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO approval_person (project_id, sheet_id, round, person_id)
    SELECT NEW.project_id, NEW.sheet_id, NEW.round, one
    FROM unnest(ARRAY[NEW.approver, NEW.approver_for]) AS t (one) WHERE one IS NOT NULL;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION count_approval() FROM PUBLIC;
INSERT INTO approval_person SELECT project_id, sheet_id, round, approver FROM approval;
CREATE TRIGGER approval_counts AFTER INSERT ON approval
    FOR EACH ROW EXECUTE FUNCTION count_approval();

-- ------------------------------------------------------------------ who sees and touches it
SELECT protect('lending');
SELECT protect('approval_person');  -- written by the trigger only, as the owner
GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_by) ON lending TO disburse_app;
GRANT SELECT ON approval_person TO disburse_app;
GRANT SELECT ON lending, approval_person TO disburse_work, disburse_regulator;
