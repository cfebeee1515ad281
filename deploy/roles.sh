#!/bin/bash
# Run once by the database's own image, when its folder is empty: two roles, and the database of one gallery.
set -euo pipefail
owner=$(cat /run/secrets/registry_owner_password)
app=$(cat /run/secrets/registry_password)
psql --username postgres --set ON_ERROR_STOP=1 --set owner="$owner" --set app="$app" <<'SQL'
CREATE ROLE club_owner LOGIN PASSWORD :'owner';
CREATE ROLE club_app LOGIN PASSWORD :'app';
CREATE DATABASE club OWNER club_owner TEMPLATE template0 ENCODING 'UTF8';
SQL
