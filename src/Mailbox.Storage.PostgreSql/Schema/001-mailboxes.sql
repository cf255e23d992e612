-- Times are Unix milliseconds where they are deadlines and .NET ticks (100 ns) where they belong to a message; an end of a key is in Unix
-- seconds. An epoch names one incarnation of a mailbox for ever, so what belongs to a mailbox carries it and not the name.

CREATE SEQUENCE fences;

-- Epochs and the numbers of shared bodies, taken in blocks; above them the incarnation of this database.
CREATE SEQUENCE numbers INCREMENT BY 65536 MINVALUE 1;

CREATE TABLE incarnation (value bigint NOT NULL);
INSERT INTO incarnation SELECT 1 + floor(random() * 8388606)::bigint;

CREATE TABLE owners (
    owner text COLLATE "C" PRIMARY KEY,
    seen bigint NOT NULL
);

CREATE TABLE mailboxes (
    name text COLLATE "C" PRIMARY KEY,
    epoch bigint NOT NULL,
    fence bigint NOT NULL,
    owner text COLLATE "C",
    idle bigint NOT NULL,
    overflow smallint NOT NULL,
    max_messages integer NOT NULL,
    max_bytes bigint NOT NULL,
    tail bigint NOT NULL DEFAULT 0,
    acknowledged bigint NOT NULL DEFAULT 0,
    written bigint NOT NULL DEFAULT 0,
    reserved bigint NOT NULL DEFAULT 0,
    unsynced bigint NOT NULL DEFAULT 0,
    deadline bigint NOT NULL,
    held boolean NOT NULL DEFAULT false
) WITH (fillfactor = 70);
CREATE INDEX mailboxes_due ON mailboxes (deadline) WHERE NOT held;
CREATE INDEX mailboxes_owner ON mailboxes (owner);

-- A message for one mailbox is here whole; one for several has its content in bodies.
CREATE TABLE entries (
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    size integer NOT NULL,
    expires bigint NOT NULL,
    topic text,
    body_id bigint,
    at bigint,
    content_type text,
    type text,
    group_name text,
    body bytea,
    PRIMARY KEY (epoch, sequence)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX entries_body ON entries (body_id) WHERE body_id IS NOT NULL;

CREATE TABLE bodies (
    id bigint PRIMARY KEY,
    at bigint NOT NULL,
    content_type text NOT NULL,
    type text,
    group_name text,
    body bytea NOT NULL
);

CREATE TABLE holes (
    epoch bigint NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    reason smallint NOT NULL,
    PRIMARY KEY (epoch, first)
);

CREATE TABLE members (
    group_name text COLLATE "C" NOT NULL,
    mailbox text COLLATE "C" NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    epoch bigint NOT NULL,
    PRIMARY KEY (group_name, mailbox)
);
CREATE INDEX members_mailbox ON members (mailbox);

-- Idempotency keys outlive the mailbox that they were used with; without one they belong to nobody in particular.
CREATE TABLE keys (
    hash uuid PRIMARY KEY,
    mailbox text COLLATE "C",
    digest bigint NOT NULL,
    expires bigint NOT NULL,
    first bigint NOT NULL,
    second bigint NOT NULL,
    third integer NOT NULL,
    fourth bigint NOT NULL
);
CREATE INDEX keys_mailbox ON keys (mailbox);
CREATE INDEX keys_end ON keys (expires);
