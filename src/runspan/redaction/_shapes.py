"""Shapes of secrets that are known by their beginning, mostly a vendor's prefix. Knows no surroundings."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

__all__ = ["EDGE", "SHAPES", "Shape", "glance_of", "hint_of", "pattern_of", "rule_of"]


class Shape(NamedTuple):
    """One row of the table."""

    rule: str
    starts: tuple[str, ...]
    """How it begins; literally, unless `rest` is all there is."""
    rest: str
    r"""What follows, as a regular expression of ASCII characters other than `"`, `\` and control characters."""
    anchor: str = ""
    """A regular expression found in every match, where it begins with what many words begin with."""


_WORD: Final = "[A-Za-z0-9]"
_NAME: Final = "[A-Za-z0-9_]"
_SLUG: Final = "[A-Za-z0-9_-]"
_HEX: Final = "[0-9a-f]"

SHAPES: Final = (
    Shape("Anthropic key", ("sk-ant-",), f"{_SLUG}{{20,}}"),
    Shape("OpenRouter key", ("sk-or-v1-",), f"{_HEX}{{32,}}"),
    Shape("OpenAI key", ("sk-proj-", "sk-svcacct-", "sk-admin-"), f"{_SLUG}{{20,}}"),
    # Old OpenAI keys, DeepSeek, LiteLLM and others; hyphenated words do not have 20 letters in a row.
    Shape("OpenAI-style key", ("sk-",), f"{_WORD}{{20,}}{_SLUG}*"),
    Shape("AWS access key id", ("AKIA", "ASIA", "ABIA", "ACCA"), r"[A-Z2-7]{16}\b"),
    Shape("AWS Bedrock key", ("ABSK",), "[A-Za-z0-9+/]{60,}=*"),
    Shape("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), f"{_NAME}{{30,}}"),
    Shape("GitHub token", ("github_pat_",), f"{_NAME}{{30,}}"),
    Shape(
        "GitLab token",
        ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-", "glft-", "glimt-", "glagent-", "GR1348941"),
        "[A-Za-z0-9_.-]{18,}",
    ),
    Shape("Slack token", ("xoxe.xoxp-", "xoxe.xoxb-", "xapp-"), f"{_SLUG}{{10,}}"),
    Shape("Slack token", tuple(f"xox{letter}-" for letter in "bparsecd"), "[A-Za-z0-9%-]{10,}"),
    Shape("Stripe key", ("sk_live_", "sk_test_", "rk_live_", "rk_test_"), f"{_WORD}{{16,}}"),
    Shape("Stripe webhook secret", ("whsec_",), "[A-Za-z0-9+/]{20,}=*"),
    Shape("Google API key", ("AIza",), f"{_SLUG}{{35}}"),
    Shape("Google OAuth token", ("ya29.",), f"{_SLUG}{{20,}}"),
    Shape("Google OAuth secret", ("GOCSPX-",), f"{_SLUG}{{20,}}"),
    Shape("SendGrid key", ("SG.",), rf"{_SLUG}{{16,}}\.{_SLUG}{{16,}}"),
    Shape("Twilio key", ("SK",), rf"{_HEX}{{32}}\b"),
    Shape("npm token", ("npm_",), f"{_WORD}{{30,}}"),
    Shape("PyPI token", ("pypi-",), f"AgE{_SLUG}{{40,}}"),
    Shape("Hugging Face token", ("hf_", "api_org_"), f"{_WORD}{{30,}}"),
    Shape("DigitalOcean token", ("dop_v1_", "doo_v1_", "dor_v1_"), f"{_HEX}{{40,}}"),
    Shape("Databricks token", ("dapi",), rf"{_HEX}{{32}}(?:-[0-9])?\b"),
    Shape("Shopify token", ("shpat_", "shpca_", "shppa_", "shpss_"), "[0-9A-Fa-f]{32}"),
    Shape("Mailgun key", ("key-",), rf"{_HEX}{{32}}\b"),
    Shape("Mailchimp key", (), rf"{_HEX}{{32}}-us[0-9]{{1,2}}\b", rf"{_HEX}-us[0-9]"),
    Shape("Square token", ("EAAA",), rf"{_SLUG}{{60}}\b"),
    Shape("Square token", ("sq0atp-", "sq0csp-"), f"{_SLUG}{{22,}}"),
    Shape("New Relic key", ("NRAK-", "NRJS-", "NRII-"), f"{_SLUG}{{19,}}"),
    Shape("Linear key", ("lin_api_", "lin_oauth_"), f"{_WORD}{{30,}}"),
    Shape("Notion token", ("ntn_", "secret_"), f"{_WORD}{{40,}}"),
    Shape("Groq key", ("gsk_",), f"{_WORD}{{30,}}"),
    Shape("xAI key", ("xai-",), f"{_WORD}{{40,}}"),
    Shape("Perplexity key", ("pplx-",), f"{_WORD}{{30,}}"),
    Shape("Replicate token", ("r8_",), f"{_WORD}{{30,}}"),
    Shape("Tavily key", ("tvly-",), f"{_SLUG}{{20,}}"),
    Shape("LangSmith key", ("lsv2_pt_", "lsv2_sk_"), f"{_NAME}{{30,}}"),
    Shape("Langfuse secret key", ("sk-lf-",), f"{_SLUG}{{30,}}"),
    Shape("Logfire token", ("pylf_v1_",), f"{_NAME}{{30,}}"),
    Shape("Pinecone key", ("pcsk_",), f"{_NAME}{{30,}}"),
    Shape("Vault token", ("hvs.", "hvb.", "hvr."), f"{_SLUG}{{20,}}"),
    Shape("Terraform token", (), rf"{_WORD}{{14}}\.atlasv1\.{_SLUG}{{40,}}", r"\.atlasv1\."),
    Shape("Doppler token", ("dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim."), "[A-Za-z0-9_.-]{30,}"),
    Shape("age secret key", ("AGE-SECRET-KEY-1",), "[A-Z0-9]{40,}"),
    Shape("Atlassian token", ("ATATT3x", "ATCTT3x", "ATBB"), f"{_SLUG}{{28,}}(?:=[0-9A-F]{{8}})?"),
    Shape("Grafana token", ("glsa_", "glc_"), f"{_NAME}{{30,}}=*"),
    Shape("Sentry token", ("sntrys_", "sntryu_"), "[A-Za-z0-9_+/=-]{40,}"),
    Shape("Postman key", ("PMAK-",), f"{_HEX}{{24}}-{_HEX}{{34}}"),
    Shape("Pulumi token", ("pul-",), rf"{_HEX}{{40}}\b"),
    Shape("PlanetScale secret", ("pscale_tkn_", "pscale_pw_", "pscale_oauth_"), "[A-Za-z0-9_.-]{30,}"),
    Shape("Supabase key", ("sbp_", "sb_secret_"), f"{_SLUG}{{20,}}"),
    Shape("RubyGems key", ("rubygems_",), f"{_HEX}{{40,}}"),
    Shape("Docker token", ("dckr_pat_", "dckr_oat_"), f"{_SLUG}{{20,}}"),
    Shape("1Password token", ("ops_eyJ",), "[A-Za-z0-9+/=_-]{40,}"),
    Shape("Brevo key", ("xkeysib-", "xsmtpsib-"), f"{_HEX}{{40,}}-{_WORD}{{16}}"),
    Shape("Airtable token", (), rf"pat{_WORD}{{14}}\.{_HEX}{{64}}\b"),
    Shape("Telegram bot token", (), rf"(?:bot)?[0-9]{{8,10}}:AA{_SLUG}{{33}}", f"[0-9]:AA{_SLUG}"),
    # Begins with a number's digits in base64.
    Shape(
        "Discord bot token",
        (),
        rf"(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){{5,7}}{_WORD}{{0,3}}\.{_SLUG}{{6}}\.{_SLUG}{{27,}}",
    ),
    Shape(
        "JSON web token",
        (),
        rf"eyJ{_SLUG}{{8,}}\.(?:eyJ{_SLUG}{{4,}}\.{_SLUG}*|{_SLUG}*\.{_SLUG}{{8,}}\.{_SLUG}{{8,}}\.{_SLUG}{{8,}})",
    ),
)

EDGE: Final = r"(?:\b|\\[bfnrt]|\\u00[01][0-9a-f]|%[0-9A-F]{2}|_)"
"""What may stand before a secret: no letter or digit, unless it belongs to an escaped control character."""


def rule_of(secret: str) -> str:
    """Return the name of the rule that a match of one of the shapes belongs to."""
    for start, rule in _starts():
        if secret.startswith(start):
            return rule
    return next((rule for pattern, rule in _without_start() if re.match(pattern, secret)), "vendor token")


def pattern_of(shape: Shape) -> str:
    """Return one shape as a regular expression without groups, for `re` and RE2."""
    starts = "|".join(start.replace(".", r"\.") for start in shape.starts)
    return f"(?:{starts}){shape.rest}" if starts else shape.rest


def hint_of(shape: Shape) -> str:
    """Return a regular expression found in every match of a shape: its beginning, for long ones make slow programs."""
    pattern = pattern_of(shape)
    long = _LONG.search(shape.rest) if shape.starts and "(" not in shape.rest else None
    return f"{pattern[: len(pattern) - len(shape.rest) + long.start()]}{{{_ENOUGH}}}" if long else pattern


def glance_of(shape: Shape) -> str:
    """Return a regular expression found in every match of a shape that takes no counting where a word begins."""
    return shape.anchor or hint_of(shape)


_ENOUGH: Final = 8
_LONG: Final = re.compile(r"\{(?:9|[1-9][0-9]),?\}")


@cache
def _starts() -> list[tuple[str, str]]:
    rows = [(start, shape.rule) for shape in SHAPES for start in shape.starts]
    return sorted(rows, key=lambda row: len(row[0]), reverse=True)


@cache
def _without_start() -> list[tuple[str, str]]:
    return [(pattern_of(shape), shape.rule) for shape in SHAPES if not shape.starts]
