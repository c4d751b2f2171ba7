#!/bin/sh
# Metabase's own data stand beside the publication, in a database of their own.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --command 'create database metabase'
