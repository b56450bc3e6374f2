-- The relays' phone work (product.md §5) and invitations (§6.6). Notes and codes are never in clear.

-- «Ne plus appeler» was asked for this number, by this person or by another who shares it (§16).
ALTER TABLE people ADD COLUMN number_blocked INTEGER NOT NULL DEFAULT 0 CHECK (number_blocked IN (0, 1));
CREATE INDEX people_to_call_back ON people (call_back_on) WHERE call_state = 'a_rappeler' AND erased_at IS NULL AND merged_into IS NULL;

-- Every attempt, and notes taken without one.
CREATE TABLE calls (
    id           INTEGER PRIMARY KEY,
    person_id    INTEGER NOT NULL REFERENCES people (id),
    at           INTEGER NOT NULL,
    user_id      INTEGER NOT NULL,             -- Discord account of the relay
    outcome      TEXT CHECK (outcome IN ('pas_de_reponse', 'message_laisse', 'a_rappeler', 'faux_numero', 'refus',
                                         'ne_plus_appeler', 'sms_envoye')),   -- NULL: a note alone
    call_back_on TEXT,                         -- civil date in Paris, AAAA-MM-JJ
    note_sealed  BLOB,
    CHECK (outcome IS NOT NULL OR note_sealed IS NOT NULL)
) STRICT;
CREATE INDEX calls_by_person ON calls (person_id, id);
CREATE INDEX calls_by_user ON calls (user_id, at);

-- A call-back is reminded once: one row for each person and day reminded.
CREATE TABLE call_back_reminders (
    person_id INTEGER NOT NULL REFERENCES people (id),
    on_day    TEXT    NOT NULL,                -- civil date in Paris, AAAA-MM-JJ
    at        INTEGER NOT NULL,
    PRIMARY KEY (person_id, on_day)
) STRICT, WITHOUT ROWID;

-- Rounds made once for everybody: the weekly digest of a day.
CREATE TABLE rounds (
    kind   TEXT    NOT NULL,
    on_day TEXT    NOT NULL,                   -- civil date in Paris, AAAA-MM-JJ
    at     INTEGER NOT NULL,
    PRIMARY KEY (kind, on_day)
) STRICT, WITHOUT ROWID;

-- One-time codes, as keyed hashes. Of one person only the latest can be used.
CREATE TABLE invitations (
    id          INTEGER PRIMARY KEY,
    person_id   INTEGER NOT NULL REFERENCES people (id),
    code        BLOB    NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL,
    created_by  INTEGER NOT NULL,              -- Discord account of the relay
    expires_at  INTEGER NOT NULL,
    replaced_at INTEGER,
    used_at     INTEGER,
    used_by     INTEGER                        -- Discord account that typed the code
) STRICT;
CREATE UNIQUE INDEX one_open_invitation ON invitations (person_id) WHERE used_at IS NULL AND replaced_at IS NULL;

-- Codes typed lately: five in an hour, then none (§6.6).
CREATE TABLE code_tries (
    id      INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX code_tries_by_user ON code_tries (user_id, at);
