"""The database: schema, migrations, SQLite, PostgreSQL, locks."""
