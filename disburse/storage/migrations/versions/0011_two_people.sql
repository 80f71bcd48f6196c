-- The steps compare persons; the database repeats it, whatever path a request came by.

ALTER TABLE sheet ADD COLUMN submitted_by bigint REFERENCES person;  -- null: a machine client
UPDATE sheet s SET submitted_by = m.person_id FROM member m WHERE m.id = s.received_by;
ALTER TABLE sheet ADD CONSTRAINT reviewer_is_another_person CHECK (reviewed_by <> submitted_by);

-- who submitted the sheet or cleared findings on its lines, as it was when this was approved
ALTER TABLE approval ADD COLUMN makers bigint[] NOT NULL DEFAULT '{}';
ALTER TABLE approval ADD CONSTRAINT approver_made_nothing CHECK (approver <> ALL (makers));
