-- The feeds of the référents (product.md §12): what happened in each région, by id, and the messages that tell it.

-- A message of a feed, from its intention on. What comes within the minutes after it was posted is added to it.
CREATE TABLE feed_messages (
    id         INTEGER PRIMARY KEY,
    region     TEXT    NOT NULL,
    channel    INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,               -- the intention, then the post: the window runs from here
    message    INTEGER,                        -- NULL until posted
    tried_at   INTEGER,                        -- the first try: from then on it may lie in the channel
    state      TEXT    NOT NULL DEFAULT 'stale' CHECK (state IN ('stale', 'showing', 'shown', 'gone')),
    changed_at INTEGER,                        -- the last post or edit
    attempts   INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    code       INTEGER                         -- Discord's JSON code or HTTP status of the last failure
) STRICT;
CREATE INDEX feed_messages_by_region ON feed_messages (region, id);
CREATE INDEX feed_messages_stale ON feed_messages (id) WHERE state IN ('stale', 'showing');

-- What there is to tell, as in the outbox: ids and kinds only. Told once: in a feed, else by direct messages.
CREATE TABLE feed_events (
    id            INTEGER PRIMARY KEY,
    region        TEXT    NOT NULL,
    key           TEXT    NOT NULL,            -- the same fact is told once to a région
    notice        TEXT    NOT NULL,            -- JSON of domain::notice::Notice
    at            INTEGER NOT NULL,
    membership_id INTEGER REFERENCES memberships (id),
    person_id     INTEGER REFERENCES people (id),
    message_id    INTEGER REFERENCES feed_messages (id),
    told_at       INTEGER,
    UNIQUE (region, key)
) STRICT;
CREATE INDEX feed_events_waiting ON feed_events (region, id) WHERE told_at IS NULL;
CREATE INDEX feed_events_by_message ON feed_events (message_id, id) WHERE message_id IS NOT NULL;
CREATE INDEX feed_events_by_membership ON feed_events (membership_id) WHERE membership_id IS NOT NULL;
CREATE INDEX feed_events_by_person ON feed_events (person_id) WHERE person_id IS NOT NULL;

-- Whatever ends a participation, renames, merges or erases a person: the messages that tell of it are shown anew (§12, §16).
CREATE TRIGGER feeds_follow_memberships AFTER UPDATE OF left_at, person_id ON memberships
BEGIN
    UPDATE feed_messages SET state = 'stale'
     WHERE state <> 'gone' AND id IN (SELECT message_id FROM feed_events WHERE membership_id = NEW.id);
END;
CREATE TRIGGER feeds_follow_people AFTER UPDATE OF sealed ON people
BEGIN
    UPDATE feed_messages SET state = 'stale'
     WHERE state <> 'gone' AND id IN (
         SELECT message_id FROM feed_events WHERE person_id = NEW.id
         UNION ALL
         SELECT e.message_id FROM memberships m JOIN feed_events e ON e.membership_id = m.id WHERE m.person_id = NEW.id);
END;
