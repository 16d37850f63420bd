-- What is known of one target from run to run.
CREATE TABLE runs (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    run        TEXT NOT NULL UNIQUE,
    started    INTEGER NOT NULL,            -- microseconds since 1970, UTC
    finished   INTEGER,                     -- null: open, or its process is gone
    outcome    TEXT,
    exit_code  INTEGER,
    good       INTEGER NOT NULL DEFAULT 0,
    wrote      INTEGER NOT NULL DEFAULT 0,  -- whether it sent anything that changes
    plan_id    TEXT,
    digest     TEXT,
    drop_name  TEXT,
    drop_sha256 TEXT,
    mode       TEXT,
    source     TEXT,
    undoes     TEXT                         -- the run that this one takes back
);
CREATE TABLE applied (                      -- a plan is applied once
    plan_id    TEXT PRIMARY KEY NOT NULL,
    run        TEXT NOT NULL
);
CREATE TABLE good_drops (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    run        TEXT NOT NULL UNIQUE,
    finished   INTEGER NOT NULL,
    source     TEXT,
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    newest     TEXT,                        -- the newest dateLastModified in it
    rows       TEXT NOT NULL                -- JSON: rows of each bulk entity
);
CREATE TABLE ledger (
    entity     TEXT NOT NULL,
    key        TEXT NOT NULL,
    remote_id  TEXT,
    source     TEXT,
    created    INTEGER,
    missed     INTEGER,
    ended      INTEGER,
    digest     TEXT,
    person     TEXT,                        -- whose record an enrollment is
    PRIMARY KEY (entity, key)
) WITHOUT ROWID;
CREATE TABLE pairs (
    entity     TEXT NOT NULL,
    key        TEXT NOT NULL,
    field      TEXT NOT NULL,
    sent       TEXT,
    read       TEXT,
    PRIMARY KEY (entity, key, field)
) WITHOUT ROWID;
