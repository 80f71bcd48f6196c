-- The worker loop books the statements that a bank puts among its answers.
GRANT INSERT ON statement, statement_entry TO disburse_work;
GRANT UPDATE ON declaration TO disburse_work;  -- money that two people said would come
