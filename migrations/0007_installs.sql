-- What was asked by `/installer` (product.md §17). The last row is the wish that the reconciler follows: its number tells one
-- asking from the next.
CREATE TABLE installs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    user_id      INTEGER NOT NULL,
    facts        TEXT    NOT NULL,             -- JSON: what was found before; ids, names of roles and channels, no person
    token_sealed BLOB,                         -- of the interaction, until its answer was edited or can be no longer
    expires_at   INTEGER NOT NULL,             -- until when it can be
    seen_at      INTEGER                       -- when the reconciler had done what it could
) STRICT;
CREATE INDEX installs_awaited ON installs (id) WHERE token_sealed IS NOT NULL;
