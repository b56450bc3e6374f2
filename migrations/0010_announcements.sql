-- Groups that have become possible and of which nobody could be told (product.md §3): an import from the host's shell may
-- declare groups before the bot has met anyone of the national team. They are announced when there is someone to tell.
ALTER TABLE groups ADD COLUMN unannounced INTEGER NOT NULL DEFAULT 0 CHECK (unannounced IN (0, 1));
CREATE INDEX groups_unannounced ON groups (id) WHERE unannounced = 1;
