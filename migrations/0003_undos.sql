-- What an undo needs, sealed, for 30 days or with the person (product.md §3, §4, §16): one row for each line of the journal
-- that can be undone.
CREATE TABLE undos (
    journal_id INTEGER PRIMARY KEY REFERENCES journal (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('people_merged', 'group_renamed', 'group_archived')),
    person_id  INTEGER REFERENCES people (id),
    group_id   INTEGER REFERENCES groups (id),
    sealed     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX undos_by_age ON undos (expires_at);
CREATE INDEX undos_by_person ON undos (person_id) WHERE person_id IS NOT NULL;
