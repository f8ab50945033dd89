-- How people find exchanges (store::Exchanges), newest first: by time alone, by sender, by kind, by
-- workflow, by state. Times of acceptance stand with the item as well (created_at).
CREATE INDEX inbox_accepted ON inbox (accepted_at, seq);
CREATE INDEX inbox_sender ON inbox (sender, accepted_at, seq);
CREATE INDEX inbox_kind ON inbox (message_kind, accepted_at, seq);
CREATE INDEX inbox_subject ON inbox (subject, accepted_at, seq);

-- Those few that are not delivered; delivered ones are found by time.
CREATE INDEX outbox_state_at ON outbox (state, created_at, exchange) WHERE state IN (0, 4, 5, 6);

CREATE INDEX unmatched_item ON unmatched (item);
CREATE INDEX unmatched_refers ON unmatched (refers_to);
