"""What the operator decides, read from the environment once: whole, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from disburse.domain.refusal import Refusal

PREFIX: Final = "DISBURSE_"
PORT_MAX: Final = 65_535
THREADS_MAX: Final = 32  # as many as the pool has database connections, see `storage.engine`
METRICS_TOKEN_CHARACTERS_MIN: Final = 32  # 128 bits in hexadecimal digits; nobody guesses these
MASTER_KEYS: Final = ("master_key_file", "master_key", "transit_url")  # one of these, or none
SCHEMES: Final = ("postgresql", "postgresql+psycopg")

# Options of `disburse serve`; a mistyped one must not leave tokens on.
_READ_BY_SERVE: Final = ("ENVIRONMENT", "PUBLIC_URL")
# What other commands read; some look like settings.
_READ_ELSEWHERE: Final = (
    "ID_NUMBER",
    "KEY_PASSPHRASE",
    "REQUEST_KEY",
    "REQUEST_KEY_PASSPHRASE",
    "TOKEN",
    "URL",
)
_TRANSIT_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_THIS_MACHINE: Final = {"127.0.0.1", "::1", "localhost"}  # where a token may go without TLS
_ADAPTER: Final = re.compile(r"[a-z0-9_-]{1,40}(:[a-z0-9_-]{1,60})?", re.ASCII)


Network = IPv4Network | IPv6Network

_PROVIDER: Final = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")


class SettingsRefused(Refusal):
    """Some settings cannot be used; `facts["wrong"]` names every one, with the reason."""

    code = "settings-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One installation's settings; each is an environment variable `DISBURSE_…`."""

    database_url: str | None = None  # None: the installation's own server, in `var`
    var: Path = Path("var")  # the embedded server and such
    adapters: tuple[str, ...] = ("iso20022", "delimited:small_chinese_bank")
    profiles: Path | None = None  # the operator's own bank profiles, before the shipped ones
    host: str = "127.0.0.1"  # plain HTTP: what listens to the world is a proxy that speaks TLS
    port: int = 8080
    threads: int = 8
    certificate_authorities: Path | None = None  # PEM; None: no certificate is taken
    revocation_lists: Path | None = None  # PEM, of these authorities; fetched by the operator
    oidc_issuer: str = ""  # "": nobody comes in by a company's OpenID provider
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    metrics_token: str = ""  # "": /metrics answers this machine only
    proxies: tuple[Network, ...] = ()  # they say in X-Forwarded-For whom they speak for
    webhook_networks: tuple[Network, ...] = ()  # own ones that events may go to, also by http
    # At most one of three says where the master key is; none: a file in `var`, made when missing.
    master_key_file: Path | None = None
    master_key: str = field(default="", repr=False)  # the keys themselves, the newest first
    transit_url: str = ""  # a transit engine such as https://keys.example.org/v1/transit
    transit_key: str = "disburse"  # the key's name there
    transit_token: str = field(default="", repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read every setting, or raise `SettingsRefused` with all that is wrong."""
        known = {f"{PREFIX}{name.upper()}": name for name in _READERS}
        found: dict[str, object] = {}
        wrong: dict[str, str] = {}
        for variable, value in sorted(environ.items()):
            if variable in known:
                try:
                    found[known[variable]] = _READERS[known[variable]](value)
                except ValueError as error:
                    wrong[variable] = str(error)  # never the value: it may hold a password
            elif near := _mistyped(variable):
                wrong[variable] = f"is no setting; do you mean {near}?"
        given = [name for name in MASTER_KEYS if found.get(name)]
        for name in given[1:]:
            first = f"{PREFIX}{given[0].upper()}"
            wrong[f"{PREFIX}{name.upper()}"] = f"is one place too many: {first} is set too"
        wrong = _half_a_provider(found) | wrong
        if wrong:
            told = "; ".join(f"{variable} {why}" for variable, why in wrong.items())
            raise SettingsRefused(f"nothing was started: {told}", wrong=wrong)
        return cls(**found)  # type: ignore[arg-type]  # each reader returns its field's type


def _half_a_provider(found: Mapping[str, object]) -> dict[str, str]:
    """Return what is missing where a company's provider is named, but not whole."""
    missing = [name for name in _PROVIDER if name not in found]
    if len(missing) == len(_PROVIDER):
        return {}
    return {f"{PREFIX}{name.upper()}": "belongs to the others of its kind" for name in missing}


def _mistyped(variable: str) -> str:
    """Return the setting that `variable` was meant to be: a typing mistake must not go unseen."""
    if not variable.startswith(PREFIX):
        return ""
    name = variable.removeprefix(PREFIX)
    if name in _READ_BY_SERVE + _READ_ELSEWHERE or name.startswith("SECRET_"):
        return ""
    near = get_close_matches(name, [*map(str.upper, _READERS), *_READ_BY_SERVE], n=1)
    return f"{PREFIX}{near[0]}" if near else ""


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        sound = parts.scheme in SCHEMES and parts.path.strip("/") != ""
    except ValueError:  # whose message repeats the value, password and all
        sound = False
    if not sound:
        raise ValueError("must be like postgresql://USER:PASSWORD@HOST/DATABASE")
    return value


def _folder(value: str) -> Path:
    if not value.strip() or "\0" in value:
        raise ValueError("must name a folder or a file")
    return Path(value)


def _adapters(value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names or not all(_ADAPTER.fullmatch(name) for name in names):
        raise ValueError("must be adapters, such as iso20022,delimited:small_chinese_bank")
    return names


def _host(value: str) -> str:
    if not value or any(character.isspace() for character in value):
        raise ValueError("must be a host name or address, such as 127.0.0.1")
    return value


def _whole_number(most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not (value.isascii() and value.isdecimal() and 1 <= int(value[:10]) <= most):
            raise ValueError(f"must be a whole number from 1 to {most}")
        return int(value)

    return read


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    here = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if not (parts.scheme == "https" or here) or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be like https://login.example.org, as the provider names itself")
    return value


def _word(value: str) -> str:
    if not value or not all("!" <= character <= "~" for character in value):
        raise ValueError("must be printable characters, as the provider gave them")
    return value


def _metrics_token(value: str) -> str:
    printable = all("!" <= character <= "~" for character in value)
    if not printable or len(value) < METRICS_TOKEN_CHARACTERS_MIN:
        raise ValueError(f"must be {METRICS_TOKEN_CHARACTERS_MIN} or more printable characters")
    return value


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one.strip()) for one in value.split(","))
    except ValueError:
        raise ValueError("must be networks, such as 10.1.2.0/24,fd00::/8") from None


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value.strip()


def _transit_url(value: str) -> str:
    parts = urlsplit(value)
    local = parts.scheme == "http" and parts.hostname in _THIS_MACHINE
    if not (parts.scheme == "https" or local) or not parts.path.strip("/") or parts.username:
        raise ValueError("must be like https://keys.example.org/v1/transit")
    return value


def _transit_key(value: str) -> str:
    if not _TRANSIT_KEY.fullmatch(value):
        raise ValueError("must be a key's name: letters, digits, - and _")
    return value


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "database_url": _url,
    "var": _folder,
    "adapters": _adapters,
    "profiles": _folder,
    "host": _host,
    "port": _whole_number(PORT_MAX),
    "threads": _whole_number(THREADS_MAX),
    "certificate_authorities": _folder,
    "revocation_lists": _folder,
    "oidc_issuer": _issuer,
    "oidc_client_id": _word,
    "oidc_client_secret": _word,
    "metrics_token": _metrics_token,
    "proxies": _networks,
    "webhook_networks": _networks,
    "master_key_file": _folder,
    "master_key": _filled,
    "transit_url": _transit_url,
    "transit_key": _transit_key,
    "transit_token": _filled,
}
