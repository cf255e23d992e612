-- Who sends to a group: whoever raised the fence last. Without a row nobody does.
CREATE TABLE senders (
    group_name text COLLATE "C" PRIMARY KEY,
    fence bigint NOT NULL
);

-- Sends that were begun and not finished. Numbers rise within a group, because they are given out under the lock of its row in senders.
-- Times as in entries. Members that the same request reached before are only counted.
CREATE TABLE sends (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    expires bigint NOT NULL,
    content_type text NOT NULL,
    type text,
    topic text,
    body bytea NOT NULL,
    key uuid,
    digest bigint NOT NULL,
    key_expires bigint NOT NULL,
    idle bigint,
    reached integer NOT NULL,
    mailboxes text[] NOT NULL,
    epochs bigint[] NOT NULL
);
CREATE INDEX sends_group ON sends (group_name, id);
CREATE INDEX sends_at ON sends (at);

-- What engines did of a send, by epoch. A row comes with the entries that it tells of, in one transaction.
CREATE TABLE send_parts (
    send bigint NOT NULL REFERENCES sends ON DELETE CASCADE,
    stored bigint[] NOT NULL,
    refused bigint[] NOT NULL
);
CREATE INDEX send_parts_send ON send_parts (send);
