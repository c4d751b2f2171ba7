"""The way in: an API key from the environment, one that we keep, or a server's first set-up."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from metrics.metabase.shape import Json
from metrics.metabase.transport import Server, ServerError, patiently
from settings import ConfigError, Metabase, Paths

KEY = "PLUMBLINE_METABASE_KEY"
STARTING = 300.0  # seconds that a server may take to come up
OLDEST, NEWEST = (0, 58), (0, 63)


def open_server(settings: Metabase, paths: Paths, organization: str) -> Server:
    """A server on which the key's holder is an administrator.

    The key is `$PLUMBLINE_METABASE_KEY`, or the one in `data/metabase.key` that our own set-up of
    the server made. A server that nobody set up is set up with `$MB_SETUP_TOKEN` (or the token
    that it shows) and `$PLUMBLINE_METABASE_PASSWORD`. Raises ConfigError with what to do.
    """
    server = Server(settings.url)
    properties = _ready(server)
    kept = paths.data / "metabase.key"
    key = os.environ.get(KEY) or (kept.read_text().strip() if kept.exists() else "")
    if not key:
        if properties.get("has-user-setup", True):
            raise ConfigError(
                f"{settings.url}: set ${KEY} to an API key of the Administrators group (Admin "
                "settings, Authentication, API keys)."
            )
        key = _set_up(server, settings, properties, organization)
        _keep(kept, key)
    server = Server(settings.url, {"X-API-KEY": key})
    user = server.get("/api/user/current")
    if not user.get("is_superuser"):
        raise ConfigError(f"${KEY} is no administrator's: make one in the group Administrators.")
    return server


def _ready(server: Server) -> dict[str, Json]:
    """Wait for a server that is starting; its public properties."""
    for _ in patiently(STARTING, 2.0):
        try:
            server.get("/api/health")
            break
        except ServerError as error:
            if error.status != 503:
                raise
    properties = server.get("/api/session/properties") or {}
    tag = (properties.get("version") or {}).get("tag", "")
    version = tuple(int(part) for part in tag.lstrip("v").split(".")[:2] if part.isdigit())
    if len(version) == 2 and version < OLDEST and version[0] == 0:
        raise ConfigError(
            f"{server.url} is Metabase {tag}; 0.{OLDEST[1]} to 0.{NEWEST[1]} are supported."
        )
    return properties


def _set_up(
    server: Server, settings: Metabase, properties: dict[str, Json], organization: str
) -> str:
    token = os.environ.get("MB_SETUP_TOKEN") or properties.get("setup-token")
    password = os.environ.get("PLUMBLINE_METABASE_PASSWORD")
    if not (settings.admin_email and password and token):
        raise ConfigError(
            f"{settings.url} was never set up. Name [metabase] admin_email in the settings and set "
            "$PLUMBLINE_METABASE_PASSWORD (the administrator's first password); then run again."
        )
    session = server.post(
        "/api/setup",
        {
            "token": token,
            "user": {
                "email": settings.admin_email,
                "password": password,
                "first_name": "Plumbline",
                "last_name": "Administrator",
                "site_name": organization,
            },
            "prefs": {"site_name": organization, "site_locale": "en", "allow_tracking": False},
        },
    )
    owner = Server(settings.url, {"X-Metabase-Session": session["id"]})
    groups = owner.get("/api/permissions/group")
    admin = next(row["id"] for row in groups if row["name"] == "Administrators")
    name = f"Plumbline {secrets.token_hex(3)}"
    made = owner.post("/api/api-key", {"name": name, "group_id": admin})
    return made["unmasked_key"]


def _keep(file: Path, key: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as kept:
        kept.write(key + "\n")
