-- Which groups have been announced as possible (product.md §3). An import from the host's shell may declare groups before the
-- bot has met anyone of the national team: they are announced when there is someone to tell.
ALTER TABLE groups ADD COLUMN announced_at INTEGER;
UPDATE groups SET announced_at = declared_at;
CREATE INDEX groups_to_announce ON groups (id) WHERE announced_at IS NULL;
