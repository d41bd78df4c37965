#!/bin/sh
# Run once by the database's container: the application's role owns its database and is no superuser, or the second wall
# between workspaces would be painted on.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$DB_PASSWORD" <<'SQL'
CREATE ROLE roomwright LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE roomwright OWNER roomwright;
SQL
