-- The first schema. Instants are whole seconds since 1970 (UTC); Discord ids are snowflakes; booleans are 0 or 1.
-- Identities are sealed (product.md §16): no column holds a name, a phone, a mail or a Discord pseudo in clear.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Three random keys, wrapped by the host's key: sealing, blind index, suppression list.
CREATE TABLE keys (
    name    TEXT PRIMARY KEY CHECK (name IN ('seal', 'index', 'suppress')),
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- (basin, département): the key of a group's territory (§4). Rows are made when first used.
CREATE TABLE territories (
    id          INTEGER PRIMARY KEY,
    basin       TEXT NOT NULL,
    departement TEXT NOT NULL,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    UNIQUE (basin, departement)
) STRICT;

-- INSEE's table in force, compressed (§4). No row: the zoning is the intercommunalité.
CREATE TABLE zoning (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    imported_at INTEGER NOT NULL,
    mapping     BLOB    NOT NULL
) STRICT;

CREATE TABLE groups (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL,
    departement TEXT    NOT NULL,
    region      TEXT    NOT NULL,
    declared_at INTEGER NOT NULL,
    declared_by INTEGER,                       -- NULL: declared automatically at the threshold
    archived_at INTEGER,
    merged_into INTEGER REFERENCES groups (id)
) STRICT;
CREATE INDEX groups_by_region ON groups (region);

-- A territory belongs to at most one group; a group may hold several (merges).
CREATE TABLE group_territories (
    territory_id INTEGER PRIMARY KEY REFERENCES territories (id),
    group_id     INTEGER NOT NULL REFERENCES groups (id)
) STRICT;
CREATE INDEX group_territories_by_group ON group_territories (group_id);

-- Communes taken out of their territory's group by a split (§3).
CREATE TABLE group_communes (
    territory_id INTEGER NOT NULL REFERENCES territories (id),
    insee        TEXT    NOT NULL,
    group_id     INTEGER NOT NULL REFERENCES groups (id),
    PRIMARY KEY (territory_id, insee)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_communes_by_group ON group_communes (group_id);

-- A step is a row, written once, never removed (§3).
CREATE TABLE steps (
    group_id    INTEGER NOT NULL REFERENCES groups (id),
    step        TEXT    NOT NULL CHECK (step IN ('possible', 'forming', 'assembly', 'publish_ric', 'publish_works')),
    reached_at  INTEGER NOT NULL,
    under_since INTEGER,
    PRIMARY KEY (group_id, step)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER steps_are_kept BEFORE DELETE ON steps
BEGIN SELECT RAISE(ABORT, 'a step once reached is kept'); END;

CREATE TABLE people (
    id            INTEGER PRIMARY KEY,
    sealed        BLOB,                        -- first name, name, phone, mail together; NULL once erased
    mail_index    BLOB,
    phone_index   BLOB,
    name_index    BLOB,                        -- name + postal code
    postal_code   TEXT,
    insee         TEXT,                        -- commune, when known or chosen
    territory_id  INTEGER REFERENCES territories (id),
    placed        TEXT CHECK (placed IN ('auto', 'code', 'commune', 'manuel')),  -- NULL: «à placer»
    source        TEXT NOT NULL CHECK (source IN ('site', 'local')),
    signed_up_on  TEXT,                        -- civil date, AAAA-MM-JJ
    pseudo_sealed BLOB,                        -- Discord pseudo, typed or imported
    discord_user  INTEGER UNIQUE,
    linked_at     INTEGER,
    call_state    TEXT NOT NULL DEFAULT 'a_appeler'
                  CHECK (call_state IN ('a_appeler', 'a_rappeler', 'injoignable', 'refus', 'ne_plus_appeler')),
    call_back_on  TEXT,                        -- civil date in Paris, AAAA-MM-JJ
    last_call_at  INTEGER,
    lease_user    INTEGER,
    lease_until   INTEGER,
    erased_at     INTEGER,
    merged_into   INTEGER REFERENCES people (id),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX people_by_mail ON people (mail_index) WHERE mail_index IS NOT NULL;
CREATE INDEX people_by_phone ON people (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX people_by_name ON people (name_index) WHERE name_index IS NOT NULL;
CREATE INDEX people_by_territory ON people (territory_id, call_state) WHERE erased_at IS NULL AND merged_into IS NULL;

-- Pairs that may be one person, and what was decided; «pas un doublon» is remembered (§4).
CREATE TABLE duplicate_pairs (
    a          INTEGER NOT NULL REFERENCES people (id),
    b          INTEGER NOT NULL REFERENCES people (id),
    reason     TEXT    NOT NULL CHECK (reason IN ('telephone', 'nom_et_code_postal', 'meme_personne_deux_fois')),
    found_at   INTEGER NOT NULL,
    verdict    TEXT CHECK (verdict IN ('same', 'distinct')),
    decided_at INTEGER,
    decided_by INTEGER,
    PRIMARY KEY (a, b),
    CHECK (a < b)
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_pairs_by_b ON duplicate_pairs (b);
CREATE INDEX duplicate_pairs_open ON duplicate_pairs (found_at) WHERE verdict IS NULL;

-- Which person each imported line became, by keyed hash of the whole line: importing the same file again changes nothing,
-- whatever the file holds (§4). Erasing a person forgets his lines.
CREATE TABLE import_lines (
    hash      BLOB    PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES people (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_lines_by_person ON import_lines (person_id);

CREATE TABLE memberships (
    id              INTEGER PRIMARY KEY,
    person_id       INTEGER NOT NULL REFERENCES people (id),
    group_id        INTEGER NOT NULL REFERENCES groups (id),
    number          INTEGER NOT NULL,          -- in the group's register, never given twice
    validated_at    INTEGER NOT NULL,
    validated_by    INTEGER NOT NULL,          -- Discord account of the relay
    consent_version TEXT    NOT NULL,
    consent_at      INTEGER NOT NULL,
    left_at         INTEGER,
    left_reason     TEXT CHECK (left_reason IN ('depart', 'demenagement', 'exclusion', 'deces', 'erreur', 'annulation',
                                                'transfert', 'retrait', 'effacement')),
    left_by         INTEGER,
    left_note_sealed BLOB,                     -- why a validation was annulled, in the words of who did
    UNIQUE (group_id, number),
    CHECK ((left_at IS NULL) = (left_reason IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_membership_per_person ON memberships (person_id) WHERE left_at IS NULL;
CREATE INDEX memberships_by_group ON memberships (group_id) WHERE left_at IS NULL;

-- Moves of a member between groups (§6.5): asked by the one, agreed by the other, then made with a new consent.
CREATE TABLE transfers (
    id          INTEGER PRIMARY KEY,
    person_id   INTEGER NOT NULL REFERENCES people (id),
    from_group  INTEGER NOT NULL REFERENCES groups (id),
    to_group    INTEGER NOT NULL REFERENCES groups (id),
    asked_by    INTEGER NOT NULL,
    asked_at    INTEGER NOT NULL,
    accepted_by INTEGER,
    accepted_at INTEGER,
    closed_at   INTEGER,
    outcome     TEXT CHECK (outcome IN ('done', 'refused', 'dropped')),
    CHECK ((closed_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_open_transfer ON transfers (person_id) WHERE closed_at IS NULL;

CREATE TABLE relays (
    id       INTEGER PRIMARY KEY,
    group_id INTEGER NOT NULL REFERENCES groups (id),
    user_id  INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    until    INTEGER
) STRICT;
CREATE UNIQUE INDEX one_relay_post ON relays (group_id, user_id) WHERE until IS NULL;
CREATE INDEX relays_by_user ON relays (user_id) WHERE until IS NULL;

-- The charter that a relay accepts once (§5).
CREATE TABLE charters (
    user_id     INTEGER PRIMARY KEY,
    version     TEXT    NOT NULL,
    accepted_at INTEGER NOT NULL
) STRICT;

CREATE TABLE referents (
    id      INTEGER PRIMARY KEY,
    region  TEXT    NOT NULL,
    user_id INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    until   INTEGER
) STRICT;
CREATE UNIQUE INDEX one_referent_post ON referents (region, user_id) WHERE until IS NULL;
CREATE INDEX referents_by_user ON referents (user_id) WHERE until IS NULL;

-- The mirror of the bound server's members: what buttons in DMs check, and whom spaces admit (§2).
CREATE TABLE roster (
    user_id     INTEGER PRIMARY KEY,
    present     INTEGER NOT NULL DEFAULT 1,
    bot         INTEGER NOT NULL DEFAULT 0,
    pending     INTEGER NOT NULL DEFAULT 0,
    national    INTEGER NOT NULL DEFAULT 0,    -- holds the national role
    name_sealed BLOB                           -- display name and @name
) STRICT;
CREATE INDEX roster_national ON roster (user_id) WHERE national = 1 AND present = 1;

-- The statutes of each group, version by version (§9).
CREATE TABLE statutes (
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    version    INTEGER NOT NULL,
    adopted_at INTEGER NOT NULL,
    decision   INTEGER,
    PRIMARY KEY (group_id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE statute_articles (
    group_id INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    title    TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (group_id, version, number),
    FOREIGN KEY (group_id, version) REFERENCES statutes (group_id, version)
) STRICT, WITHOUT ROWID;

-- Logical key → Discord object. A row without discord_id is an intention, written before the call (§7).
CREATE TABLE bindings (
    key         TEXT PRIMARY KEY,
    guild       INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('role', 'category', 'channel', 'message', 'event')),
    channel     INTEGER,                       -- where a message lies
    discord_id  INTEGER,
    hash        TEXT,                          -- of the content last sent
    pinned      INTEGER NOT NULL DEFAULT 0,
    nonce       TEXT,
    intended_at INTEGER NOT NULL,
    bound_at    INTEGER,
    edited_at   INTEGER
) STRICT;
CREATE INDEX bindings_by_discord_id ON bindings (discord_id) WHERE discord_id IS NOT NULL;

-- What Discord refused or failed: retried with growing delay, shown by /diagnostic (§7).
CREATE TABLE setbacks (
    key        TEXT PRIMARY KEY,
    attempts   INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    first_at   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    code       INTEGER,                        -- Discord's JSON code or HTTP status
    kind       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages to deliver: ids and kinds only, names are put in when sending (§16).
CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY,
    key         TEXT    NOT NULL UNIQUE,       -- the same fact is told once
    class       INTEGER NOT NULL,              -- 0 answers and access … 4 welcomes (§11)
    target      TEXT    NOT NULL,              -- user:ID, channel:ID, …
    notice      TEXT    NOT NULL,              -- JSON of domain::notice::Notice
    due_at      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    tried_at    INTEGER,                       -- the first lease: from then on it may have been sent
    done_at     INTEGER,
    outcome     TEXT,                          -- sent, dropped, closed, …
    code        INTEGER,
    channel     INTEGER,
    message     INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (class, due_at, id) WHERE done_at IS NULL;
CREATE INDEX outbox_told ON outbox (target, id) WHERE outcome = 'sent';
CREATE INDEX outbox_done ON outbox (class, done_at) WHERE outcome = 'sent';

-- Answers to edit once a space is ready; the token is sealed and forgotten after use (§6.3).
CREATE TABLE answers (
    id           INTEGER PRIMARY KEY,
    group_id     INTEGER NOT NULL REFERENCES groups (id),
    membership   INTEGER NOT NULL REFERENCES memberships (id),
    user_id      INTEGER NOT NULL,
    application  INTEGER NOT NULL,
    token_sealed BLOB    NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;

-- What was typed in modals, staged imports: sealed, short-lived (§16).
CREATE TABLE drafts (
    id         TEXT PRIMARY KEY,
    user_id    INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    sealed     BLOB,                           -- NULL once used
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at   INTEGER,
    result     INTEGER                         -- what its use made: a membership, …
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_by_age ON drafts (expires_at);

-- «Ne plus appeler» and erasures: keyed hashes, dates and kinds only (§16).
CREATE TABLE suppressions (
    kind TEXT    NOT NULL CHECK (kind IN ('do_not_call', 'erased_mail', 'erased_phone')),
    hash BLOB    NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (kind, hash)
) STRICT, WITHOUT ROWID;

-- Who, when, what, on whom (by id), before → after. Never a value of an identity (§2).
CREATE TABLE journal (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor      INTEGER,                        -- Discord account; NULL: the bot itself, or the host's shell
    event      TEXT    NOT NULL,
    group_id   INTEGER,
    person_id  INTEGER,
    region     TEXT,
    before     TEXT,
    after      TEXT
) STRICT;
CREATE INDEX journal_by_group ON journal (group_id, id);
CREATE INDEX journal_by_person ON journal (person_id, id);
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
