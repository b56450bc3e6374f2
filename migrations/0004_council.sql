-- Groups merged and split, and what was undone (product.md §3).

-- More can be undone: the list of kinds is part of the table, which is made anew.
CREATE TABLE undos_of_all (
    journal_id INTEGER PRIMARY KEY REFERENCES journal (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('people_merged', 'group_renamed', 'group_archived', 'groups_merged',
                                                'group_split')),
    person_id  INTEGER REFERENCES people (id),
    group_id   INTEGER REFERENCES groups (id),
    sealed     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
INSERT INTO undos_of_all SELECT journal_id, kind, person_id, group_id, sealed, expires_at FROM undos;
DROP TABLE undos;
ALTER TABLE undos_of_all RENAME TO undos;
CREATE INDEX undos_by_age ON undos (expires_at);
CREATE INDEX undos_by_person ON undos (person_id) WHERE person_id IS NOT NULL;

-- Lines of the journal that were undone: whoever presses again is told so, also after what the undo needed is forgotten.
CREATE TABLE undone (
    journal_id INTEGER PRIMARY KEY REFERENCES journal (id),
    at         INTEGER NOT NULL,
    actor      INTEGER NOT NULL
) STRICT;

-- One row for each merge and each split, kept for ever: from which group to which, told by which line, undone by which.
CREATE TABLE regroupings (
    journal_id INTEGER PRIMARY KEY REFERENCES journal (id),
    source     INTEGER NOT NULL REFERENCES groups (id),   -- the group that was emptied, or divided
    target     INTEGER NOT NULL REFERENCES groups (id),   -- the group that was joined, or born
    undone_by  INTEGER REFERENCES journal (id)
) STRICT;
CREATE INDEX regroupings_by_source ON regroupings (source);
CREATE INDEX regroupings_by_target ON regroupings (target);

-- A participation that goes on in another group keeps its date and its consent; its number in each register is kept here,
-- so that none is given twice.
CREATE TABLE passages (
    id            INTEGER PRIMARY KEY,
    membership_id INTEGER NOT NULL REFERENCES memberships (id),
    journal_id    INTEGER NOT NULL REFERENCES journal (id),
    from_group    INTEGER NOT NULL REFERENCES groups (id),
    from_number   INTEGER NOT NULL,
    to_group      INTEGER NOT NULL REFERENCES groups (id),
    to_number     INTEGER NOT NULL
) STRICT;
CREATE INDEX passages_by_membership ON passages (membership_id);
CREATE INDEX passages_from ON passages (from_group, from_number);
CREATE INDEX passages_to ON passages (to_group, to_number);
CREATE INDEX passages_by_line ON passages (journal_id);

CREATE INDEX groups_merged ON groups (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX people_merged ON people (merged_into) WHERE merged_into IS NOT NULL;
