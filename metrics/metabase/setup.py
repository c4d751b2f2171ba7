"""The way in: an API key from the environment, one that we keep, or a server's first set-up."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from metrics.metabase.shape import Json
from metrics.metabase.transport import Server, ServerError, patiently
from settings import ConfigError, Metabase, Paths

KEY = "PLUMBLINE_METABASE_KEY"
STARTING = 300.0  # seconds that a server may take to come up
OLDEST, NEWEST = (0, 58), (0, 63)


def open_server(
    settings: Metabase,
    paths: Paths,
    organization: str,
    may_set_up: bool = True,
    patience: float = STARTING,
) -> Server:
    """A server on which the key's holder is an administrator.

    The key is `$PLUMBLINE_METABASE_KEY`, or the one in `data/metabase.key` that our own set-up of
    this server made. A server that nobody set up is set up with `$MB_SETUP_TOKEN` (or the token
    that it shows) and `$PLUMBLINE_METABASE_PASSWORD`, if `may_set_up`; one that was set up and
    left without a key, with the same password. `patience`: seconds to wait for one that is
    starting. Raises ConfigError with what to do.
    """
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ConfigError(
            "[metabase] url must be http(s)://host[:port], without a name or password in it."
        )
    properties = _ready(Server(settings.url), patience)
    kept = paths.data / "metabase.key"
    key = os.environ.get(KEY) or _kept(kept, settings.url)
    if not key:
        is_new = not properties.get("has-user-setup", True)
        password = os.environ.get("PLUMBLINE_METABASE_PASSWORD")
        if not (settings.admin_email and password and may_set_up):
            raise ConfigError(_how(settings, is_new))
        key = _set_up(settings, properties, organization, password, is_new)
        _keep(kept, settings.url, key)
    server = Server(settings.url, {"X-API-KEY": key})
    try:
        user = server.get("/api/user/current")
    except ServerError as error:
        if error.status == 401 and not os.environ.get(KEY):
            raise ConfigError(
                f"{settings.url} does not know the key in {kept} (a server made anew?): delete the "
                f"file, or set ${KEY}."
            ) from None
        raise
    if not user.get("is_superuser"):
        raise ConfigError(f"${KEY} is no administrator's: make one in the group Administrators.")
    return server


def _how(settings: Metabase, is_new: bool) -> str:
    if not is_new:
        return (
            f"{settings.url}: set ${KEY} to an API key of the Administrators group (Admin "
            "settings, Authentication, API keys)."
        )
    return (
        f"{settings.url} was never set up. Name [metabase] admin_email in the settings, set "
        "$PLUMBLINE_METABASE_PASSWORD (the administrator's first password), and run make "
        "dashboards."
    )


def _ready(server: Server, patience: float) -> dict[str, Json]:
    """Wait for a server that is starting; its public properties."""
    for _ in patiently(patience, 2.0):
        try:
            server.send("GET", "/api/health", tries=1)
            break
        except ServerError as error:
            last = error
            if error.status not in (None, 502, 503):
                raise
    else:
        raise last
    properties = server.get("/api/session/properties") or {}
    tag = (properties.get("version") or {}).get("tag", "")
    version = tuple(int(part) for part in tag.lstrip("v").split(".")[:2] if part.isdigit())
    if len(version) == 2 and version < OLDEST and version[0] == 0:
        raise ConfigError(
            f"{server.url} is Metabase {tag}; 0.{OLDEST[1]} to 0.{NEWEST[1]} are supported."
        )
    return properties


def _set_up(
    settings: Metabase, properties: dict[str, Json], organization: str, password: str, is_new: bool
) -> str:
    server = Server(settings.url)
    if is_new:
        session = server.post(
            "/api/setup",
            {
                "token": os.environ.get("MB_SETUP_TOKEN") or properties.get("setup-token"),
                "user": {
                    "email": settings.admin_email,
                    "password": password,
                    "first_name": "Plumbline",
                    "last_name": "Administrator",
                    "site_name": organization,
                },
                "prefs": {
                    "site_name": organization, "site_locale": "en", "allow_tracking": False
                },
            },
        )  # fmt: skip
    else:
        body = {"username": settings.admin_email, "password": password}
        session = server.post("/api/session", body, reads=True)
    owner = Server(settings.url, {"X-Metabase-Session": session["id"]})
    groups = owner.get("/api/permissions/group")
    admin = next(row["id"] for row in groups if row["name"] == "Administrators")
    name = f"Plumbline {secrets.token_hex(3)}"
    made = owner.post("/api/api-key", {"name": name, "group_id": admin})
    return made["unmasked_key"]


def _kept(file: Path, url: str) -> str:
    """The key that we keep for this server, or none: it is sent to no other."""
    if not file.exists():
        return ""
    of, _, key = file.read_text(encoding="utf-8").strip().partition("\n")
    return key if of == url.rstrip("/") else ""


def _keep(file: Path, url: str, key: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as kept:
        kept.write(f"{url.rstrip('/')}\n{key}\n")
