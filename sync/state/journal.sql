-- The journal of one run: every operation of its plan and what became of it.
-- A row is 'sent' on the disk before its request leaves, and anything but 'sent'
-- only after the answer; what is 'sent' when the process is gone is in doubt.
CREATE TABLE operations (
    id          TEXT PRIMARY KEY NOT NULL,
    entity      TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'planned'
        -- not IN: its list would be made anew for each row, half of a row's time
        CHECK (state = 'done' OR state = 'sent' OR state = 'planned'
            OR state = 'failed' OR state = 'skipped' OR state = 'blocked'),
    attempts    INTEGER NOT NULL DEFAULT 0,  -- how often it was marked as sent
    status      INTEGER,                     -- the last answer's HTTP status
    remote_id   TEXT,                        -- as the answer named it
    kind        TEXT,                        -- of the failure: retry, split, reject, fatal
    code        TEXT,
    message     TEXT,
    sent_at     INTEGER,                     -- milliseconds since 1970, UTC
    answered_at INTEGER
) WITHOUT ROWID;
