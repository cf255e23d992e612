-- What commits did to mailboxes, until it is sent to those who subscribed. A commit takes its number while it holds the rows of the
-- mailboxes, so numbers rise for each of them; across mailboxes they may be seen out of order.
CREATE TABLE told (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    events bytea NOT NULL
);
