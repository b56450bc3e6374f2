-- Indexes of the reports (product.md §12). No table: every figure is counted from rows.

-- The places of a région.
CREATE INDEX territories_by_region ON territories (region);

-- Whether and when a person was first called, and first validated.
CREATE INDEX calls_made ON calls (person_id, at) WHERE outcome IS NOT NULL;
CREATE INDEX memberships_by_person ON memberships (person_id, validated_at);

-- Members of late who have left.
CREATE INDEX memberships_ended ON memberships (left_at) WHERE left_at IS NOT NULL;

-- The last act of a relay.
CREATE INDEX memberships_by_relay ON memberships (validated_by, validated_at);
CREATE INDEX journal_by_actor ON journal (actor, at) WHERE actor IS NOT NULL;

-- When a relay was last prompted.
CREATE INDEX journal_of_prompts ON journal (after, at) WHERE event = 'relay.prompted';
