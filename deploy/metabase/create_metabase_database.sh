#!/bin/sh
# Metabase's own data stand beside the publication, in a database of their own; the publication is
# read by a user who may do nothing else, because analysts write SQL as that user.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set password="$READER_PASSWORD" --set ON_ERROR_STOP=1 <<'SQL'
create database metabase;
revoke connect on database metabase from public;
create role metabase_reader login password :'password';
revoke create on schema public from public;
alter default privileges grant usage on schemas to metabase_reader;
alter default privileges grant select on tables to metabase_reader;
SQL
