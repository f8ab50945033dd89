-- How people find exchanges (store::Exchanges), newest first: by time alone, by sender, by kind, by
-- workflow, by state. Times of acceptance stand with the item as well (created_at). What is added to
-- comes at the end of each list, but for the one by workflow, so that a commit touches few pages.
CREATE INDEX inbox_accepted ON inbox (accepted_at);  -- and seq, which SQLite adds itself
CREATE INDEX inbox_sender ON inbox (sender, accepted_at);
CREATE INDEX inbox_kind ON inbox (message_kind, accepted_at);
CREATE INDEX inbox_subject ON inbox (subject, accepted_at);

-- Those few that are not delivered; delivered ones are found by time.
CREATE INDEX outbox_state_at ON outbox (state, created_at, exchange) WHERE state IN (0, 4, 5, 6);

CREATE INDEX unmatched_item ON unmatched (item);
CREATE INDEX unmatched_refers ON unmatched (refers_to);
