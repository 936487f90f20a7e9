"""The fleet's own tables, as the migrations that lead to them, oldest first.

Only shapes: no connection. A change is a new migration at the end; none is ever edited.
"""

FLEET_MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001",
        """
        CREATE TABLE portals (
            name text PRIMARY KEY,
            url text NOT NULL,
            api_key text NOT NULL CHECK (api_key ~ '^(env|file):'),
            command text NOT NULL,
            cron text,
            time_zone text NOT NULL DEFAULT 'UTC',
            jitter_minutes integer NOT NULL DEFAULT 0,
            tables jsonb NOT NULL,
            added_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            retired_at timestamptz,
            paused_at timestamptz,
            next_due_at timestamptz,
            crashes integer NOT NULL DEFAULT 0,
            stopped_at timestamptz,
            isolated boolean NOT NULL DEFAULT false,
            portal_zone text,
            key_expires_at timestamptz,
            state text NOT NULL DEFAULT 'never',
            last_job_at timestamptz,
            last_seconds double precision,
            last_requests integer,
            last_error text,
            whole_review_at timestamptz,
            disabled integer,
            to_disable integer,
            kept integer,
            held integer,
            due_soon integer,
            guardrail_at timestamptz,
            unreachable_since timestamptz
        );
        CREATE UNIQUE INDEX portals_by_url ON portals (url) WHERE retired_at IS NULL;
        CREATE INDEX portals_due ON portals (next_due_at)
            WHERE next_due_at IS NOT NULL AND retired_at IS NULL AND paused_at IS NULL
            AND stopped_at IS NULL;
        """,
    ),
)
"""Name and statements of each migration."""
