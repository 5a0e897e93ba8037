"""The keys and tokens that `detect_secrets` knows.

Its plugins are used for their regular expressions alone. Left out are the ones that guess (entropy, keywords)
and the ones that `own_rules` writes anew: JWT, npm, Artifactory, private keys.
"""

import re
from importlib import import_module
from typing import Final

from domain.training_data.personal_data.bounds import WORD_START
from domain.training_data.personal_data.secret_rule import Rule

_EXACT: Final = "(?![A-Za-z0-9])"
# Newer keys are longer than the plugins know; the rest of the token belongs to it.
_REST: Final = "[A-Za-z0-9_-]*+"

_GITLAB: Final = "gitlab_token.GitLabTokenDetector"
_DISCORD: Final = "discord.DiscordBotTokenDetector"
_AWS: Final = "aws.AWSKeyDetector"
_IBM: Final = "ibm_cloud_iam.IbmCloudIamDetector"
_IBM_COS: Final = "ibm_cos_hmac.IbmCosHmacDetector"
_AZURE: Final = "azure_storage_key.AzureStorageKeyDetector"
_TELEGRAM: Final = "telegram_token.TelegramBotTokenDetector"

# Names, anchors, the plugin, which of its expressions, and what may stand after the secret.
_FIXED: Final = (
    ("AWS access key", "AWS 访问密钥", "AKIA ASIA A3T ABIA ACCA", _AWS, 0, _EXACT),
    ("GitHub token", "GitHub 令牌", "ghp_ gho_ ghu_ ghs_ ghr_", "github_token.GitHubTokenDetector", 0, _REST),
    ("GitLab token", "GitLab 令牌", "glpat- gldt- glft- glsoat- glrt-", _GITLAB, 0, ""),
    ("GitLab token", "GitLab 令牌", "GR1348941", _GITLAB, 1, ""),
    ("GitLab token", "GitLab 令牌", "glcbt-", _GITLAB, 2, ""),
    ("GitLab token", "GitLab 令牌", "glimt-", _GITLAB, 3, ""),
    ("GitLab token", "GitLab 令牌", "glptt-", _GITLAB, 4, ""),
    ("Slack token", "Slack 令牌", "xox XOX", "slack.SlackDetector", 0, _REST),
    ("Slack webhook", "Slack webhook 地址", "hooks.slack.com", "slack.SlackDetector", 1, _REST),
    ("Stripe key", "Stripe 密钥", "k_live_", "stripe.StripeDetector", 0, _REST),
    ("OpenAI key", "OpenAI 密钥", "T3BlbkFJ", "openai.OpenAIDetector", 0, _REST),
    ("SendGrid key", "SendGrid 密钥", "SG.", "sendgrid.SendGridDetector", 0, _EXACT),
    ("PyPI token", "PyPI 令牌", "pypi-AgEI", "pypi_token.PypiTokenDetector", 0, _REST),
    ("PyPI token", "PyPI 令牌", "pypi-AgEN", "pypi_token.PypiTokenDetector", 1, _REST),
    ("Square secret", "Square 密钥", "sq0csp-", "square_oauth.SquareOAuthDetector", 0, _REST),
    ("Twilio account", "Twilio 账号标识", "AC", "twilio.TwilioKeyDetector", 0, _EXACT),
    ("Twilio key", "Twilio 密钥", "SK", "twilio.TwilioKeyDetector", 1, _EXACT),
    ("Mailchimp key", "Mailchimp 密钥", "-us", "mailchimp.MailchimpDetector", 0, _EXACT),
    ("Azure storage key", "Azure 存储密钥", "AccountKey=", _AZURE, 0, ""),
)  # fmt: skip
_WHOLE: Final = "(?![0-9A-Za-z_-])"
_DISCORD_END: Final = rf"\.[0-9A-Za-z_-]{{6}}\.[0-9A-Za-z_-]{{27}}{_WHOLE}"
_KEY: Final = "key Key KEY pass Pass PASS pwd PWD token Token TOKEN"

# The same, but with a token that is quicker to find than the whole, and the group that is the secret: in an
# assignment the name of a variable comes first.
_BY_TOKEN: Final = (
    ("AWS secret key", "AWS 私有访问密钥", "aws Aws AWS", _AWS, 1, 1, "['\"][0-9A-Za-z/+]{40}['\"]"),
    ("IBM Cloud key", "IBM Cloud 密钥", _KEY, _IBM, 0, 1, f"(?<![0-9A-Za-z_-])[0-9A-Za-z_-]{{44}}{_WHOLE}"),
    ("IBM COS key", "IBM COS 密钥", "secret SECRET", _IBM_COS, 0, 1, f"(?<!\\w)[0-9A-Fa-f]{{48}}{_WHOLE}"),
    ("Telegram token", "Telegram 令牌", ":", _TELEGRAM, 0, 0, f":[0-9A-Za-z_-]{{35}}{_WHOLE}"),
    ("Discord token", "Discord 令牌", ".", _DISCORD, 0, 0, _DISCORD_END),
)  # fmt: skip
_SHORTEST: Final = 16
_SHORTEST_BY_TOKEN: Final = 35
PASSWORD_IN_URL: Final = "password in a URL"  # noqa: S105 - the name of a rule


def plugin_rules() -> tuple[Rule, ...]:
    """Return the rules, the more telling one first; the first call imports the plugins, which takes 0.1 s."""
    fixed = (
        Rule(
            detail=detail,
            detail_zh=zh,
            anchors=tuple(anchors.split()),
            pattern=_bounded(plugin, at, after),
            shortest=_SHORTEST,
            in_word=True,
        )
        for detail, zh, anchors, plugin, at, after in _FIXED
    )
    by_token = (
        Rule(
            detail=detail,
            detail_zh=zh,
            anchors=tuple(anchors.split()),
            pattern=_denied(plugin, at) if group else _bounded(plugin, at, ""),
            group=group,
            token=re.compile(token),
            shortest=_SHORTEST_BY_TOKEN,
        )
        for detail, zh, anchors, plugin, at, group, token in _BY_TOKEN
    )
    in_url = Rule(
        detail=PASSWORD_IN_URL,
        detail_zh="URL 中的密码",
        anchors=("://",),
        pattern=_denied("basic_auth.BasicAuthDetector", 0),
        group=1,
    )
    return (*fixed, *by_token, in_url)


def _denied(plugin: str, at: int) -> re.Pattern[str]:
    module, name = plugin.split(".")
    denylist = getattr(import_module(f"detect_secrets.plugins.{module}"), name).denylist
    pattern: re.Pattern[str] = denylist[at]
    return pattern


def _bounded(plugin: str, at: int, after: str) -> re.Pattern[str]:
    """Return a plugin's expression between bounds, without which it finds pieces of longer words."""
    pattern = _denied(plugin, at)
    return re.compile(f"{WORD_START}(?:{pattern.pattern}){after}", pattern.flags)
