-- Who disables an account ends its tokens and request keys for good: enabled again, it gets new ones.
-- Tokens are seen by their own account and the operator only, so a function of the owner's ends a
-- colleague's: of the caller's own organisation, and tells nothing but how many.
CREATE FUNCTION end_tokens(whose bigint, moment timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH ended AS (
        UPDATE token t SET revoked_at = moment FROM member m
        WHERE t.member_id = whose AND t.revoked_at IS NULL
          AND m.id = t.member_id AND m.organisation_id = caller_organisation()
        RETURNING t.member_id)
    SELECT count(*) FROM ended
$$;
REVOKE ALL ON FUNCTION end_tokens(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_tokens(bigint, timestamptz) TO disburse_app;

-- What accounts have that are disabled now.
UPDATE token t SET revoked_at = m.disabled_at FROM member m
WHERE m.id = t.member_id AND m.disabled_at IS NOT NULL AND t.revoked_at IS NULL;
UPDATE request_key k SET revoked_at = m.disabled_at FROM member m
WHERE m.id = k.member_id AND m.disabled_at IS NOT NULL AND k.revoked_at IS NULL;
