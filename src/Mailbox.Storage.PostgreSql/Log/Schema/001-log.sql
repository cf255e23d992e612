-- A row for the whole database.
CREATE TABLE settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    partitions integer NOT NULL,
    incarnation integer NOT NULL,
    system_identifier bigint NOT NULL
);

-- Who has claimed a partition last. Its mailboxes have epochs of this incarnation; on this timeline its newest frame was seen last.
CREATE TABLE partitions (
    partition integer PRIMARY KEY,
    claim bigint NOT NULL DEFAULT 0,
    owner text,
    incarnation integer NOT NULL DEFAULT 0,
    timeline integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The frames of a partition, numbered without a gap. kind: 0 a frame, 1 a claim, 2 a void that keeps a frame in doubt from its number.
-- at: Unix milliseconds. bodies_at: the address of the frame's first body. Rows are never changed; up to a page they lie in the table itself.
CREATE TABLE slots (
    partition integer NOT NULL,
    body_bytes integer NOT NULL,
    seq bigint NOT NULL,
    claim bigint NOT NULL,
    at bigint NOT NULL,
    bodies_at bigint NOT NULL,
    kind smallint NOT NULL,
    records bytea NOT NULL,
    PRIMARY KEY (partition, seq)
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);

-- A frame's bodies, one behind the other. They are mostly compressed or short: the server need not try. size is in the index, so that
-- containers are counted without the bodies.
CREATE TABLE bodies (
    partition integer NOT NULL,
    size integer NOT NULL,
    at bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (partition, at) INCLUDE (size)
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05,
    toast.autovacuum_vacuum_scale_factor = 0.05);

-- seq: a reading goes on behind this frame. The row behind the last slice has through, and makes the snapshot complete.
CREATE TABLE snapshots (
    partition integer NOT NULL,
    slice integer NOT NULL,
    id bigint NOT NULL,
    seq bigint NOT NULL,
    through bigint,
    bytes bytea NOT NULL,
    PRIMARY KEY (partition, id, slice)
) WITH (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX snapshots_complete ON snapshots (partition, seq) WHERE through IS NOT NULL;

ALTER TABLE slots ALTER records SET STORAGE EXTERNAL;
ALTER TABLE bodies ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE snapshots ALTER bytes SET STORAGE EXTERNAL;

-- Any other of 24 bits, and not 0.
CREATE FUNCTION other_incarnation(known integer) RETURNS integer LANGUAGE sql AS $$
    SELECT (known + floor(random() * 16777213)::integer) % 16777215 + 1;
$$;

-- Every epoch that is given out from now on is another, unless somebody has changed the incarnation already.
CREATE FUNCTION change_incarnation(known integer) RETURNS integer LANGUAGE sql AS $$
    UPDATE settings SET incarnation = other_incarnation(known) WHERE incarnation = known;
    SELECT incarnation FROM settings;
$$;

-- Claims partitions, all or none. Locks are taken in this order everywhere: partitions, settings, slots, each in the order of numbers. The
-- number behind the newest may be taken by a commit that is under way: wait for it, then try the one behind. A claim's number is the time in
-- microseconds, so that none is given out twice, not even after the end of the log was lost with the claims in it.
CREATE FUNCTION claim_partitions(wanted integer[], claimant text)
RETURNS TABLE (
    claimed integer, its_claim bigint, its_slot bigint, its_end bigint, its_incarnation integer,
    snapshot_id bigint, snapshot_begin bigint, snapshot_end bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    current_timeline integer := ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer;
    held partitions%ROWTYPE;
    may_lack_frames boolean;
BEGIN
    PERFORM FROM partitions WHERE partition = ANY (wanted) ORDER BY partition FOR UPDATE;

    -- The server was promoted or restored since its owner last saw the newest frame, so frames behind it may be lost, and positions in them
    -- must not be taken for positions in what is written next.
    SELECT incarnation INTO its_incarnation FROM settings;
    SELECT count(*) > 0 INTO may_lack_frames FROM partitions
    WHERE partition = ANY (wanted) AND claim > 0 AND timeline <> current_timeline AND incarnation = its_incarnation;
    IF may_lack_frames THEN its_incarnation := change_incarnation(its_incarnation); END IF;

    FOR held IN SELECT * FROM partitions WHERE partition = ANY (wanted) ORDER BY partition LOOP
        claimed := held.partition;
        its_claim := greatest(held.claim + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
        LOOP
            INSERT INTO slots (partition, seq, claim, kind, at, bodies_at, body_bytes, records)
            SELECT held.partition, coalesce(s.seq, 0) + 1, its_claim, 1, coalesce(s.at, 0), coalesce(s.bodies_at + s.body_bytes, 0), 0, ''
            FROM (SELECT) one
            LEFT JOIN LATERAL (SELECT * FROM slots WHERE partition = held.partition ORDER BY seq DESC LIMIT 1) s ON true
            ON CONFLICT DO NOTHING
            RETURNING seq, bodies_at INTO its_slot, its_end;
            EXIT WHEN FOUND;
        END LOOP;
        UPDATE partitions SET claim = its_claim, owner = claimant, incarnation = its_incarnation, timeline = current_timeline
        WHERE partition = held.partition;

        snapshot_id := NULL;
        SELECT n.id, n.seq, s.bodies_at + s.body_bytes INTO snapshot_id, snapshot_begin, snapshot_end
        FROM (SELECT * FROM snapshots WHERE partition = held.partition AND through IS NOT NULL ORDER BY seq DESC, id DESC LIMIT 1) n
        JOIN slots s ON s.partition = held.partition AND s.seq = n.seq;
        RETURN NEXT;
    END LOOP;
END $$;
