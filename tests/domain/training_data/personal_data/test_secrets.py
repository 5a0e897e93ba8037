"""Keys and tokens, each with one that works in form but opens nothing."""

from string import ascii_lowercase, digits

import pytest

from domain.training_data.personal_data.plugin_rules import plugin_rules
from domain.training_data.personal_data.search import find
from tests.domain.training_data.personal_data.made_up import token

UPPER = digits + ascii_lowercase.upper()
HEX = "0123456789abcdef"
LINES = "\n".join(token(64, step=step) for step in (23, 25, 27, 29))
KEY_FILE = f"-----BEGIN RSA PRIVATE KEY-----\n{LINES}\n-----END RSA PRIVATE KEY-----"
WRITTEN_KEY = KEY_FILE.replace("\n", "\\n")

SECRETS = [
    ("AWS access key", "AKIA" + token(16, UPPER, 7)),
    ("GitHub token", "ghp_" + token(36)),
    ("GitHub token", "github_pat_" + token(82)),
    ("GitLab token", "glpat-" + token(20)),
    ("Slack token", "xoxb-" + token(12, digits, 7) + "-" + token(24)),
    ("Stripe key", "sk_live_" + token(24)),
    ("Stripe key", "rk_live_" + token(99)),
    ("OpenAI key", "sk-proj-" + token(20) + "T3BlbkFJ" + token(20, step=25)),
    ("SendGrid key", "SG." + token(22) + "." + token(43)),
    ("npm token", "npm_" + token(36)),
    ("PyPI token", "pypi-AgEIcHlwaS5vcmc" + token(80)),
    ("Telegram token", "987650321:" + token(35)),
    ("Discord token", "M" + token(23) + "." + token(6) + "." + token(27)),
    ("Square secret", "sq0csp-" + token(43)),
    ("Twilio key", "SK" + token(32, HEX, 5)),
    ("Mailchimp key", token(32, HEX, 5) + "-us12"),
    ("API key", "sk-" + token(32, HEX, 5)),
    ("API key", "sk-ant-api03-" + token(90)),
    ("XPULink key", "xpu-" + token(40)),
    ("Tuneward key", "tw_" + token(43)),
    ("webhook secret", "whsec_" + token(43) + "="),
    ("Hugging Face token", "hf_" + token(34)),
    ("Google key", "AIza" + token(35)),
    ("Alibaba Cloud key", "LTAI" + token(20)),
    ("JSON Web Token", "eyJ" + token(30) + ".eyJ" + token(60) + "." + token(43)),
    ("private key", KEY_FILE),
    ("private key", WRITTEN_KEY),
]
IN_CONTEXT = [
    ("AWS secret key", "aws_secret_access_key = '{}'", token(40)),
    ("IBM Cloud key", "ibm_api_key: {}", token(44)),
    ("Azure storage key", "AccountName=shop;{};", "AccountKey=" + token(86) + "=="),
    ("password in a URL", "mysql://bob:{}@db.acme.cn/shop", "t0r7Lq9"),
    ("bearer token", "Authorization: Bearer {}", token(40)),
]


@pytest.mark.parametrize(("detail", "secret"), SECRETS)
@pytest.mark.parametrize("around", ["{}", "key={} ", "密钥是{}。", '"\\n{}"'])
def test_finds_the_whole_of(detail: str, secret: str, around: str) -> None:
    text = around.format(secret)
    assert [(hit.detail, text[hit.start : hit.end].strip()) for hit in find(text)] == [(detail, secret)]


@pytest.mark.parametrize(("detail", "around", "secret"), IN_CONTEXT)
def test_finds_what_its_surroundings_give_away(detail: str, around: str, secret: str) -> None:
    text = around.format(secret)
    assert [(hit.detail, text[hit.start : hit.end]) for hit in find(text)] == [(detail, secret)]


def test_a_mask_gives_no_secret_away() -> None:
    for detail, secret in SECRETS:
        (hit,) = find(secret)
        assert hit.masked == f"{secret[:3]}****{secret[-2:]}", detail


def test_the_plugins_are_where_they_are_looked_for() -> None:
    assert len(plugin_rules()) > 20
