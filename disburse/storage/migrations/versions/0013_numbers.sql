-- A void file was nobody's: a bank that knows no gaps gets its number, and its name, with another.
ALTER TABLE bank_file DROP CONSTRAINT bank_file_connection_id_sequence_key;
ALTER TABLE bank_file DROP CONSTRAINT bank_file_connection_id_name_key;
CREATE UNIQUE INDEX bank_file_sequence_once ON bank_file (connection_id, sequence)
    WHERE state <> 'void';
CREATE UNIQUE INDEX bank_file_name_once ON bank_file (connection_id, name) WHERE state <> 'void';
