-- The newcomers' meeting (product.md §11): its occurrences, and which reminders went.

CREATE TABLE meetings (
    day          TEXT    PRIMARY KEY,        -- civil date in Paris of the regular meeting, AAAA-MM-JJ: it names it for ever
    starts_at    INTEGER NOT NULL,           -- when it is held, moved or not
    ends_at      INTEGER NOT NULL,
    moved        INTEGER NOT NULL DEFAULT 0 CHECK (moved IN (0, 1)),
    cancelled_at INTEGER,
    reason       TEXT,                       -- of a cancellation, as announced
    asked_at     INTEGER,                    -- the national team was asked about a public holiday
    kept_at      INTEGER,                    -- and answered that it is kept
    changed_by   INTEGER,                    -- Discord account of whoever moved, cancelled or kept it last
    revision     INTEGER NOT NULL DEFAULT 0, -- moves and cancellations so far: each is announced once
    CHECK (starts_at < ends_at),
    CHECK (reason IS NULL OR cancelled_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX meetings_by_end ON meetings (ends_at);

-- A reminder goes once for each kind and each start: a meeting that is moved has those of its new start.
CREATE TABLE meeting_reminders (
    day       TEXT    NOT NULL REFERENCES meetings (day) ON DELETE CASCADE,
    starts_at INTEGER NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('veille', 'avant', 'debut')),
    at        INTEGER NOT NULL,
    told      INTEGER NOT NULL CHECK (told IN (0, 1)),   -- 0: the announcement of a change took its place
    PRIMARY KEY (day, starts_at, kind)
) STRICT, WITHOUT ROWID;
