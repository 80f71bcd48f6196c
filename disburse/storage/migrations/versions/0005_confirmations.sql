-- The operator adds accounts and keys; other people make them count. `confirmed_at` is null until
-- then. `confirmed_by` stays null where nobody confirms: an administrator's role, which moves no
-- money; the first account of an authority, on which everything else rests; a key that the key
-- before it signed for. Older rows wait like new ones.

ALTER TABLE grant_of_role
    ADD COLUMN holder bigint REFERENCES person,  -- the account's person; null: a machine
    ADD COLUMN granted_by bigint REFERENCES person,
    ADD COLUMN granted_at timestamptz,
    ADD COLUMN confirmed_by bigint REFERENCES person,
    ADD COLUMN confirmed_at timestamptz,
    ADD CONSTRAINT confirmed_by_another_person
        CHECK (confirmed_by <> holder AND confirmed_by <> granted_by),
    ADD CONSTRAINT confirmed_at_some_time
        CHECK (confirmed_by IS NULL OR confirmed_at IS NOT NULL);
UPDATE grant_of_role g SET holder = m.person_id FROM member m WHERE m.id = g.member_id;
UPDATE grant_of_role SET confirmed_at = now() WHERE role = 'administrator';
CREATE INDEX grant_waiting ON grant_of_role (member_id) WHERE confirmed_at IS NULL;

ALTER TABLE signing_key
    ADD COLUMN registered_by bigint REFERENCES person,
    ADD COLUMN confirmed_by bigint REFERENCES person,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN successor_of text REFERENCES signing_key,  -- which signed that this one follows it
    ADD CONSTRAINT key_confirmed_by_another_person CHECK (confirmed_by <> registered_by),
    ADD CONSTRAINT key_stands_on_somebodys_word CHECK
        (confirmed_at IS NULL OR confirmed_by IS NOT NULL OR successor_of IS NOT NULL);
CREATE INDEX signing_key_waiting ON signing_key (organisation_id) WHERE confirmed_at IS NULL;

ALTER TABLE request_key
    ADD COLUMN registered_by bigint REFERENCES person,
    ADD COLUMN confirmed_by bigint REFERENCES person,
    ADD COLUMN confirmed_at timestamptz,
    ADD CONSTRAINT request_key_confirmed_by_another_person CHECK (confirmed_by <> registered_by);
CREATE INDEX request_key_waiting ON request_key (member_id) WHERE confirmed_at IS NULL;
