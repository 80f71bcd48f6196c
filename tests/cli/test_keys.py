import json
import stat

import pytest
from click.testing import CliRunner

from disburse import signing
from disburse.cli.keys import PASSPHRASE_VARIABLE, keygen, load_private, public_file_of
from disburse.domain.signing_key import Algorithm

WORDS = "four unrelated words here"


def run(*arguments, passphrase=WORDS, typed=None):
    environment = {PASSPHRASE_VARIABLE: passphrase}
    return CliRunner().invoke(keygen, [str(part) for part in arguments], typed, env=environment)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_keygen_leaves_a_protected_private_and_a_public_file(tmp_path, algorithm):
    out = tmp_path / "key.pem"
    answer = run("--algorithm", algorithm, "--out", out)
    assert answer.exit_code == 0, answer.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert signing.is_protected(out.read_bytes())
    public = signing.read_public((tmp_path / "key.pub.jwk").read_text())
    assert public.kid in answer.output
    assert public.algorithm == algorithm
    assert load_private(out, WORDS).public == public


def test_keygen_answers_in_json_without_the_private_half(tmp_path):
    answer = run("--out", tmp_path / "key.pem", "--json")
    facts = json.loads(answer.stdout)
    assert facts["public_jwk"]["kid"] == facts["kid"]
    assert "d" not in facts["public_jwk"]
    assert facts["public_key"] == str(tmp_path / "key.pub.jwk")


@pytest.mark.parametrize("name", ["key.pem", "key.pub.jwk"])
def test_keygen_never_overwrites_a_file(tmp_path, name):
    (tmp_path / name).write_text("precious")
    answer = run("--out", tmp_path / "key.pem")
    assert answer.exit_code == 1
    assert "there already" in answer.output
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


def test_keygen_does_not_follow_a_dangling_link(tmp_path):
    (tmp_path / "key.pem").symlink_to(tmp_path / "elsewhere")
    assert run("--out", tmp_path / "key.pem").exit_code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_keygen_leaves_nothing_when_it_cannot_write(tmp_path):
    answer = run("--out", tmp_path / "no" / "such" / "key.pem")
    assert answer.exit_code == 1
    assert "No such file" in answer.output
    assert list(tmp_path.iterdir()) == []


def test_keygen_asks_for_the_passphrase_twice_and_does_not_show_it(tmp_path):
    out = tmp_path / "key.pem"
    typed = f"{WORDS}\nanother\n{WORDS}\n{WORDS}\n"
    answer = run("--out", out, passphrase=None, typed=typed)
    assert answer.exit_code == 0, answer.output
    assert WORDS not in answer.output
    assert load_private(out, WORDS)


def test_keygen_refuses_a_short_passphrase_and_writes_nothing(tmp_path):
    answer = run("--out", tmp_path / "key.pem", passphrase="")
    assert answer.exit_code == 1
    assert "16 characters" in answer.output
    assert list(tmp_path.iterdir()) == []


def test_keygen_takes_no_passphrase_from_the_command_line(tmp_path):
    assert not [name for option in keygen.params for name in option.opts if name == "--passphrase"]
    assert run("--out", tmp_path / "key.pem", "--passphrase", WORDS).exit_code == 2


def test_an_unprotected_key_is_made_only_on_request(tmp_path):
    out = tmp_path / "key.pem"
    assert run("--out", out, "--no-passphrase").exit_code == 0
    assert not signing.is_protected(out.read_bytes())
    assert load_private(out)


def test_loading_takes_the_passphrase_from_the_environment(tmp_path, monkeypatch):
    out = tmp_path / "key.pem"
    run("--out", out)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    assert load_private(out)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "not the passphrase")
    with pytest.raises(signing.KeyUnreadable):
        load_private(out)


def test_loading_warns_when_others_can_read_the_key(tmp_path, capsys):
    out = tmp_path / "key.pem"
    run("--out", out)
    load_private(out, WORDS)
    assert capsys.readouterr().err == ""
    out.chmod(0o640)
    load_private(out, WORDS)
    assert "chmod 600" in capsys.readouterr().err


def test_the_public_file_keeps_the_name_of_the_private_one(tmp_path):
    assert public_file_of(tmp_path / "a.b.pem") == tmp_path / "a.b.pub.jwk"
    assert public_file_of(tmp_path / "site.key") == tmp_path / "site.key.pub.jwk"
