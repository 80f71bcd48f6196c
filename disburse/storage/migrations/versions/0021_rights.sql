-- What never changes cannot be changed by a statement that forgot something, either.

-- Append-only is append-only for the worker loop, too.
REVOKE UPDATE ON transfer, act, kept_bytes, report, inbox FROM disburse_work;

-- A key is confirmed and revoked; it never becomes another key, and a role never another role.
REVOKE UPDATE ON signing_key, request_key, grant_of_role FROM disburse_app;
GRANT UPDATE (confirmed_by, confirmed_at, revoked_at, revoked_as_compromised) ON signing_key
    TO disburse_app;
GRANT UPDATE (confirmed_by, confirmed_at, revoked_at) ON request_key TO disburse_app;
GRANT UPDATE (confirmed_by, confirmed_at) ON grant_of_role TO disburse_app;

-- Whoever knows a bank counts the files of its connections; the operator connects it.
DROP POLICY known ON bank_connection;
CREATE POLICY known ON bank_connection FOR SELECT
    USING (EXISTS (SELECT FROM organisation o WHERE o.id = bank_connection.bank_id));
CREATE POLICY counted ON bank_connection FOR UPDATE
    USING (EXISTS (SELECT FROM organisation o WHERE o.id = bank_connection.bank_id));
CREATE POLICY operator ON bank_connection USING (caller_administers());
