-- Two people take back an explanation that was endorsed; its movements are reversed, not removed.

ALTER TABLE explanation ADD COLUMN retracted_at timestamptz;
ALTER TABLE explanation DROP CONSTRAINT explanation_state_check;
ALTER TABLE explanation ADD CONSTRAINT explanation_state_check
    CHECK (state IN ('proposed', 'endorsed', 'dismissed', 'retracted'));
ALTER TABLE explanation DROP CONSTRAINT endorsed_by_somebody;
ALTER TABLE explanation ADD CONSTRAINT endorsed_by_somebody
    CHECK ((state IN ('endorsed', 'retracted')) = (endorsed_by IS NOT NULL));
ALTER TABLE explanation ADD CONSTRAINT retracted_at_some_time
    CHECK ((state = 'retracted') = (retracted_at IS NOT NULL));
