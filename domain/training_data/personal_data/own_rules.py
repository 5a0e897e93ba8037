"""The keys and tokens that `detect_secrets` lacks, or looks for in quadratic time on long lines."""

import re
from typing import Final

from domain.training_data.personal_data.bounds import TOKEN_START
from domain.training_data.personal_data.secret_rule import Rule

PRIVATE_KEY: Final = "private key"
JSON_WEB_TOKEN: Final = "JSON Web Token"  # noqa: S105 - the name of a rule

# A private key is taken with all of its lines, which in code may be strings with written line ends.
_LINE_END: Final = r"(?:\s|\\[nr]|[\"',])*+"
_BODY: Final = rf"(?:[A-Za-z0-9+/=]{{16,}}+{_LINE_END})++"
_FOOT: Final = rf"(?:[A-Za-z0-9+/=]{{0,76}}{_LINE_END}-----END[A-Z0-9 ]{{0,50}}-----)?"
_ARMOUR: Final = (
    rf"-----BEGIN [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----{_LINE_END}"
    rf"(?:[A-Z][A-Za-z-]{{2,20}}: [^\n\\]{{0,80}}{_LINE_END}){{0,4}}{_BODY}{_FOOT}"
)

# Names, an anchor, and the expression; a group in it is the secret.
_RULES: Final = (
    (PRIVATE_KEY, "私钥", "PRIVATE KEY", f"({_ARMOUR})"),
    (PRIVATE_KEY, "私钥", "Private-Lines: ", rf"Private-Lines: [0-9]{{1,4}}{_LINE_END}({_BODY})"),
    (JSON_WEB_TOKEN, "JWT 令牌", "eyJ", r"<(eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]{16,}+)"),
    ("npm token", "npm 令牌", "npm_", r"<(npm_[A-Za-z0-9]{36})(?!\w)"),
    ("npm token", "npm 令牌", ":_authToken", r":_authToken=[ ]{0,4}([A-Fa-f0-9-]{36})(?![\w-])"),
    ("Artifactory token", "Artifactory 令牌", "AKC", r"<(AKC[A-Za-z0-9]{20,}+)"),
    ("API key", "API 密钥", "sk-", r"<(sk-[\w-]{20,}+)"),
    ("XPULink key", "XPULink 密钥", "xpu", r"<(xpu[-_][\w-]{20,}+)"),
    ("Tuneward key", "Tuneward 密钥", "tw_", r"<(tw_[\w-]{43})(?![\w-])"),
    ("webhook secret", "webhook 签名密钥", "whsec_", r"<(whsec_[A-Za-z0-9+/]{24,}+={0,2})"),
    ("GitHub token", "GitHub 令牌", "github_pat_", r"<(github_pat_\w{60,}+)"),
    ("Hugging Face token", "Hugging Face 令牌", "hf_", r"<(hf_[A-Za-z0-9]{30,}+)"),
    ("Google key", "Google 密钥", "AIza", r"<(AIza[\w-]{35})(?![\w-])"),
    ("Alibaba Cloud key", "阿里云密钥", "LTAI", r"<(LTAI[A-Za-z0-9]{12,26})(?!\w)"),
    ("Tencent Cloud key", "腾讯云密钥", "AKID", r"<(AKID[A-Za-z0-9]{13,40})(?!\w)"),
    ("bearer token", "Bearer 令牌", "earer ", r"[Bb]earer {1,4}([\w.~+/-]{24,}+=*+)"),
)


def own_rules() -> tuple[Rule, ...]:
    """Return the rules, the more telling one first; `<` in an expression is where a token may begin."""
    return tuple(
        Rule(
            detail=detail,
            detail_zh=zh,
            anchors=(anchor,),
            pattern=re.compile(re.sub("^<", lambda _: TOKEN_START, pattern), re.ASCII),
            group=1,
            shortest=16,
            in_word=re.fullmatch(r"[\w-]+", anchor) is not None,
        )
        for detail, zh, anchor, pattern in _RULES
    )
