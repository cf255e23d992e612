-- The members of clusters, for the queries beside this file. Several versions of the program may use them at once during a rolling upgrade:
-- what is here is only ever added to.

-- The provider of Orleans reads its queries from a table of this name.
CREATE TABLE IF NOT EXISTS OrleansQuery (
    QueryKey text PRIMARY KEY,
    QueryText text NOT NULL
);

-- One row for each cluster. Who changes the members raises the version that it has read, and loses to whoever did so before.
CREATE TABLE IF NOT EXISTS cluster_versions (
    cluster text PRIMARY KEY,
    version integer NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS cluster_members (
    cluster text NOT NULL REFERENCES cluster_versions ON DELETE CASCADE,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    status integer NOT NULL,
    client_port integer NOT NULL,
    suspicions text,
    started timestamptz NOT NULL,
    alive timestamptz NOT NULL,
    PRIMARY KEY (cluster, address, port, generation)
);
