"""The keys and tokens that `detect_secrets` knows.

Its plugins are used for their regular expressions alone. Left out are the ones that guess (entropy, keywords)
and the ones that `own_rules` writes anew: JWT, npm, Artifactory, private keys.
"""

import re
from importlib import import_module
from typing import Final

from domain.training_data.personal_data.bounds import WORD_START
from domain.training_data.personal_data.secret_rule import Rule

_WHOLE: Final = "(?![0-9A-Za-z_-])"
_EXACT: Final = "(?![A-Za-z0-9])"
# Newer keys are longer than the plugins know; the rest of the token belongs to it.
_REST: Final = "[A-Za-z0-9_-]*+"

_GITLAB: Final = "gitlab_token.GitLabTokenDetector"
_AZURE: Final = "azure_storage_key.AzureStorageKeyDetector"
_TELEGRAM: Final = "telegram_token.TelegramBotTokenDetector"

# Names, anchors, the plugin, which of its expressions, and what may stand after the secret.
_FIXED: Final = (
    ("AWS access key", "AWS 访问密钥", "AKIA ASIA A3T ABIA ACCA", "aws.AWSKeyDetector", 0, _EXACT),
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
    ("Telegram bot token", "Telegram 机器人令牌", ":", _TELEGRAM, 0, _WHOLE),
    ("Discord bot token", "Discord 机器人令牌", ".", "discord.DiscordBotTokenDetector", 0, _REST),
    ("Square secret", "Square 密钥", "sq0csp-", "square_oauth.SquareOAuthDetector", 0, _REST),
    ("Twilio account", "Twilio 账号标识", "AC", "twilio.TwilioKeyDetector", 0, _EXACT),
    ("Twilio key", "Twilio 密钥", "SK", "twilio.TwilioKeyDetector", 1, _EXACT),
    ("Mailchimp key", "Mailchimp 密钥", "-us", "mailchimp.MailchimpDetector", 0, _EXACT),
    ("Azure storage key", "Azure 存储密钥", "AccountKey=", _AZURE, 0, ""),
)  # fmt: skip
_OF_44: Final = "(?<![0-9A-Za-z_-])[0-9A-Za-z_-]{44}(?![0-9A-Za-z_-])"
_OF_48: Final = "(?<![0-9A-Za-z])[0-9A-Fa-f]{48}(?![0-9A-Za-z])"
# Assignments: the name of a variable, then the secret, which is the first group; and the token it has to be.
_ASSIGNED: Final = (
    ("AWS secret key", "AWS 私有访问密钥", "aws.AWSKeyDetector", 1, "['\"][0-9a-zA-Z/+]{40}['\"]"),
    ("IBM Cloud key", "IBM Cloud 密钥", "ibm_cloud_iam.IbmCloudIamDetector", 0, _OF_44),
    ("IBM COS key", "IBM COS 密钥", "ibm_cos_hmac.IbmCosHmacDetector", 0, _OF_48),
)  # fmt: skip
PASSWORD_IN_URL: Final = "password in a URL"  # noqa: S105 - the name of a rule


def plugin_rules() -> tuple[Rule, ...]:
    """Return the rules, the more telling one first; the first call imports the plugins, which takes 0.1 s."""
    fixed = (
        Rule(detail=detail, detail_zh=zh, anchors=tuple(anchors.split()), pattern=_bounded(plugin, at, after))
        for detail, zh, anchors, plugin, at, after in _FIXED
    )
    assigned = (
        Rule(
            detail=detail,
            detail_zh=zh,
            anchors=("",),
            pattern=_denied(plugin, at),
            group=1,
            token=re.compile(token),
        )
        for detail, zh, plugin, at, token in _ASSIGNED
    )
    in_url = Rule(
        detail=PASSWORD_IN_URL,
        detail_zh="URL 中的密码",
        anchors=("://",),
        pattern=_denied("basic_auth.BasicAuthDetector", 0),
        group=1,
    )
    return (*fixed, *assigned, in_url)


def _denied(plugin: str, at: int) -> re.Pattern[str]:
    module, name = plugin.split(".")
    denylist = getattr(import_module(f"detect_secrets.plugins.{module}"), name).denylist
    pattern: re.Pattern[str] = denylist[at]
    return pattern


def _bounded(plugin: str, at: int, after: str) -> re.Pattern[str]:
    """Return a plugin's expression between bounds, without which it finds pieces of longer words."""
    pattern = _denied(plugin, at)
    return re.compile(f"{WORD_START}(?:{pattern.pattern}){after}", pattern.flags)
