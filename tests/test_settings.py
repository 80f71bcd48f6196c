from __future__ import annotations

from pathlib import Path

import pytest

from disburse.settings import Settings, SettingsRefused


def test_an_empty_environment_gives_an_installation_of_its_own():
    settings = Settings.from_environ({"PATH": "/bin"})

    assert settings == Settings()
    assert (settings.database_url, settings.var) == (None, Path("var"))
    assert settings.host == "127.0.0.1"


def test_every_setting_is_read():
    settings = Settings.from_environ(
        {
            "DISBURSE_DATABASE_URL": "postgresql://u:p@db/wages",
            "DISBURSE_VAR": "/srv/disburse",
            "DISBURSE_ADAPTERS": "iso20022, delimited:small_chinese_bank",
            "DISBURSE_PROFILES": "/srv/profiles",
            "DISBURSE_HOST": "::",
            "DISBURSE_PORT": "80",
            "DISBURSE_THREADS": "4",
            "DISBURSE_METRICS_TOKEN": "x" * 32,
        }
    )

    assert settings.database_url == "postgresql://u:p@db/wages"
    assert settings.adapters == ("iso20022", "delimited:small_chinese_bank")
    assert settings.host == "::"
    assert (settings.port, settings.threads, settings.profiles) == (80, 4, Path("/srv/profiles"))


def test_all_that_is_wrong_is_named_at_once_and_no_value_is_repeated():
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environ(
            {
                "DISBURSE_DATABASE_URL": "mysql://root:secret@db/wages",
                "DISBURSE_PORT": "70000",
                "DISBURSE_THREADS": "many",
                "DISBURSE_METRICS_TOKEN": "secret",
                "DISBURSE_ADAPTERS": ",",
                "DISBURSE_VAR": "",
            }
        )

    assert set(refused.value.facts["wrong"]) == {
        "DISBURSE_DATABASE_URL", "DISBURSE_PORT", "DISBURSE_THREADS", "DISBURSE_METRICS_TOKEN",
        "DISBURSE_ADAPTERS", "DISBURSE_VAR",
    }  # fmt: skip
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://[secret/x", "wages"])
def test_a_database_that_is_not_named_whole_is_refused_without_its_password(url):
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environ({"DISBURSE_DATABASE_URL": url})

    assert "secret" not in str(refused.value)


def test_a_typing_mistake_in_a_settings_name_is_not_overlooked():
    with pytest.raises(SettingsRefused, match="do you mean DISBURSE_DATABASE_URL"):
        Settings.from_environ({"DISBURSE_DATABSE_URL": "postgresql://db/wages"})


@pytest.mark.parametrize("name", ["DISBURSE_ENVIROMENT", "DISBURSE_PUBLIC_UR"])
def test_a_typing_mistake_leaves_no_token_on(name):
    with pytest.raises(SettingsRefused, match="do you mean DISBURSE_"):
        Settings.from_environ({name: "production"})
    right = {"DISBURSE_ENVIRONMENT": "production", "DISBURSE_PUBLIC_URL": "https://example.org"}
    assert Settings.from_environ(right) == Settings()


def test_what_other_commands_read_is_left_alone():
    assert Settings.from_environ({"DISBURSE_TOKEN": "x", "DISBURSE_SERVER": "y"}) == Settings()


def test_a_master_key_is_in_one_place_and_shows_itself_to_nobody():
    key = "c2VjcmV0"
    settings = Settings.from_environ({"DISBURSE_MASTER_KEY": f" {key} "})
    assert settings.master_key == key
    assert key not in repr(settings)

    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environ(
            {"DISBURSE_MASTER_KEY": key, "DISBURSE_MASTER_KEY_FILE": "/srv/key",
             "DISBURSE_TRANSIT_URL": "https://keys.example.org/v1/transit"}
        )  # fmt: skip
    assert set(refused.value.facts["wrong"]) == {"DISBURSE_MASTER_KEY", "DISBURSE_TRANSIT_URL"}
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DISBURSE_TRANSIT_URL", "http://keys.example.org/v1/transit"),  # a token without TLS
        ("DISBURSE_TRANSIT_URL", "https://keys.example.org"),
        ("DISBURSE_TRANSIT_URL", "https://secret@example.org/v1/transit"),
        ("DISBURSE_TRANSIT_KEY", "a/b"),
        ("DISBURSE_MASTER_KEY", " "),
    ],
)
def test_a_key_service_is_named_whole_and_spoken_to_by_tls(variable, value):
    with pytest.raises(SettingsRefused, match=variable) as refused:
        Settings.from_environ({variable: value})

    assert "secret" not in str(refused.value)


def test_a_key_service_of_this_machine_needs_no_tls():
    url = "http://127.0.0.1:8200/v1/transit"
    assert Settings.from_environ({"DISBURSE_TRANSIT_URL": url}).transit_url == url


def test_a_companys_provider_is_named_whole_or_not_at_all():
    whole = {
        "DISBURSE_OIDC_ISSUER": "https://login.example.org",
        "DISBURSE_OIDC_CLIENT_ID": "disburse",
        "DISBURSE_OIDC_CLIENT_SECRET": "a-secret-of-ours",
    }
    settings = Settings.from_environ(whole)
    assert settings.oidc_issuer == "https://login.example.org"
    assert settings.oidc_client_secret == "a-secret-of-ours"
    assert "a-secret-of-ours" not in repr(settings)
    for name in whole:
        with pytest.raises(SettingsRefused) as refused:
            Settings.from_environ({one: said for one, said in whole.items() if one != name})
        assert list(refused.value.facts["wrong"]) == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://login.example.org"),
        ("ISSUER", "https://login.example.org/?a=b"),
        ("ISSUER", "login"),
        ("CLIENT_ID", ""),
        ("CLIENT_SECRET", "two words"),
    ],
)
def test_a_provider_that_cannot_be_is_refused(name, value):
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environ({f"DISBURSE_OIDC_{name}": value})
    assert f"DISBURSE_OIDC_{name}" in refused.value.facts["wrong"]
