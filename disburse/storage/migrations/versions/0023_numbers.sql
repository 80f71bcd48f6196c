-- The files of one connection are numbered through, whichever project or contractor they are of.
-- Whoever writes one sees the files of the own projects only, so the owner counts.

-- The lowest number that no file has whose bytes anybody may have had.
CREATE FUNCTION next_free_number(connection bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH locked AS MATERIALIZED (
        SELECT c.id, c.last_sequence FROM bank_connection c WHERE c.id = connection FOR UPDATE),
    free AS (
        SELECT min(n) AS n FROM locked l, generate_series(1, l.last_sequence + 1) n
        WHERE NOT EXISTS (SELECT FROM bank_file f
                          WHERE f.connection_id = connection AND f.sequence = n
                            AND f.state <> 'void'))
    UPDATE bank_connection c SET last_sequence = greatest(c.last_sequence, free.n)
    FROM free WHERE c.id = connection RETURNING free.n
$$;

-- How many files with lower numbers the bank has answered.
CREATE FUNCTION answered_before(connection bigint, number bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*) FROM bank_file f
    WHERE f.connection_id = connection AND f.sequence < number
      AND f.state IN ('acknowledged', 'refused')
$$;

REVOKE ALL ON FUNCTION next_free_number(bigint), answered_before(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_free_number(bigint), answered_before(bigint, bigint)
    TO disburse_app, disburse_work;
