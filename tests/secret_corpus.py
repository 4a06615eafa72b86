"""Secrets as agents record them, and look-alikes that must stay. Knows no rule.

Every secret is invented, and made when the tests run: nothing that scans this repository should take one for real.
"""

from __future__ import annotations

import base64
import hashlib
import json
import string
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["LOOK_ALIKES", "SECRETS", "Secret"]

_WORD: Final = string.ascii_letters + string.digits
_SLUG: Final = _WORD + "-_"
_UPPER: Final = string.ascii_uppercase + string.digits
_HEX: Final = string.digits + "abcdef"
_BASE32: Final = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret in its surroundings."""

    name: str
    secret: str
    around: Any
    """JSON value or text that holds the secret where `§` stands."""

    def value(self, secret: str | None = None) -> Any:
        """Return the surroundings with the secret in them, or with what stands for it."""
        return _put(self.around, self.secret if secret is None else secret)


def _put(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace("§", secret)
    if isinstance(value, dict):
        return {_put(key, secret): _put(item, secret) for key, item in value.items()}
    return [_put(item, secret) for item in value] if isinstance(value, list) else value


def _any(alphabet: str, length: int, seed: str = "") -> str:
    """Return characters that look random and are the same in every run."""
    numbers = hashlib.shake_256(f"{alphabet}{length}{seed}".encode()).digest(length)
    return "".join(alphabet[number % len(alphabet)] for number in numbers)


def _starting(*parts: str) -> str:
    return "".join(parts)


def _base64url(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def _pem(kind: str, line_end: str = "\n", *, cut: bool = False) -> str:
    body = line_end.join(_any(_WORD, 64, f"{kind}{number}") for number in range(4))
    begin, end = (f"-----{word} {kind}-----" for word in ("BEGIN", "END"))
    return f"{begin}{line_end}{body}" if cut else f"{begin}{line_end}{body}{line_end}{end}"


_JWT: Final = ".".join(
    [_base64url({"alg": "HS256", "typ": "JWT"}), _base64url({"sub": "1234", "iat": 1}), _any(_SLUG, 43)]
)
_JWE: Final = ".".join(
    [_base64url({"alg": "dir", "enc": "A256GCM"}), "", *(_any(_SLUG, size) for size in (16, 80, 22))]
)
_BASIC: Final = base64.b64encode(b"robot:" + _any(_WORD, 12).encode()).decode()
_PASSWORD: Final = _any(_WORD, 9) + "7!x"
_WORDY: Final = "correcthorsebattery"

_VENDORS: Final = (
    ("Anthropic", _starting("sk-", "ant-", "api03-", _any(_SLUG, 93), "AA")),
    ("OpenAI project", _starting("sk-", "proj-", _any(_SLUG, 120))),
    ("OpenAI service account", _starting("sk-", "svcacct-", _any(_SLUG, 60))),
    ("OpenAI old", _starting("s", "k-", _any(_WORD, 48))),
    ("OpenRouter", _starting("sk-", "or-v1-", _any(_HEX, 64))),
    ("Langfuse", _starting("sk-", "lf-", "1b2c3d4e-", _any(_HEX, 4), "-4a5b-8c9d-", _any(_HEX, 12))),
    ("AWS access key id", _starting("AK", "IA", _any(_BASE32, 16))),
    ("AWS temporary key id", _starting("AS", "IA", _any(_BASE32, 16))),
    ("GitHub personal", _starting("gh", "p_", _any(_WORD, 36))),
    ("GitHub OAuth", _starting("gh", "o_", _any(_WORD, 36))),
    ("GitHub server", _starting("gh", "s_", _any(_WORD, 36))),
    ("GitHub fine-grained", _starting("github", "_pat_", _any(_WORD, 22), "_", _any(_WORD, 59))),
    ("GitLab", _starting("gl", "pat-", _any(_SLUG, 20))),
    ("Slack bot", _starting("xo", "xb-", "123456789012-", _any(_WORD, 24))),
    ("Slack user", _starting("xo", "xp-", "123456789012-", _any(_WORD, 32))),
    ("Slack app", _starting("xa", "pp-1-A012-", _any(_HEX, 64))),
    ("Stripe live", _starting("sk", "_live_", _any(_WORD, 24))),
    ("Stripe restricted", _starting("rk", "_live_", _any(_WORD, 24))),
    ("Stripe test", _starting("sk", "_test_", _any(_WORD, 99))),
    ("Stripe webhook", _starting("wh", "sec_", _any(_WORD, 32))),
    ("Google API", _starting("AI", "za", _any(_SLUG, 35))),
    ("Google OAuth", _starting("ya", "29.", _any(_SLUG, 70))),
    ("Google client secret", _starting("GOC", "SPX-", _any(_SLUG, 28))),
    ("SendGrid", _starting("S", "G.", _any(_SLUG, 22), ".", _any(_SLUG, 43))),
    ("Twilio", _starting("S", "K", _any(_HEX, 32))),
    ("npm", _starting("np", "m_", _any(_WORD, 36))),
    ("PyPI", _starting("py", "pi-AgE", _any(_SLUG, 120))),
    ("Hugging Face", _starting("h", "f_", _any(string.ascii_letters, 34))),
    ("DigitalOcean", _starting("dop", "_v1_", _any(_HEX, 64))),
    ("Databricks", _starting("da", "pi", _any(_HEX, 32))),
    ("Shopify", _starting("shp", "at_", _any(_HEX, 32))),
    ("Mailgun", _starting("ke", "y-", _any(_HEX, 32))),
    ("Mailchimp", _starting(_any(_HEX, 32), "-us", "12")),
    ("Square", _starting("sq0", "atp-", _any(_SLUG, 22))),
    ("New Relic", _starting("NR", "AK-", _any(_UPPER, 27))),
    ("Linear", _starting("lin", "_api_", _any(_WORD, 40))),
    ("Notion", _starting("nt", "n_", _any(_WORD, 46))),
    ("Notion old", _starting("sec", "ret_", _any(_WORD, 43))),
    ("Groq", _starting("gs", "k_", _any(_WORD, 52))),
    ("xAI", _starting("xa", "i-", _any(_WORD, 80))),
    ("Perplexity", _starting("pp", "lx-", _any(_WORD, 48))),
    ("Replicate", _starting("r", "8_", _any(_WORD, 37))),
    ("Tavily", _starting("tv", "ly-", "dev-", _any(_WORD, 32))),
    ("LangSmith", _starting("lsv2", "_pt_", _any(_HEX, 32), "_", _any(_HEX, 10))),
    ("Pinecone", _starting("pc", "sk_", _any(_WORD, 6), "_", _any(_WORD, 63))),
    ("Vault", _starting("hv", "s.", _any(_SLUG, 24))),
    ("Terraform", _starting(_any(_WORD, 14), ".atlas", "v1.", _any(_SLUG, 67))),
    ("Doppler", _starting("dp.", "pt.", _any(_WORD, 43))),
    ("age", _starting("AGE-", "SECRET-KEY-1", _any(_UPPER, 58))),
    ("Atlassian", _starting("ATA", "TT3x", _any(_SLUG, 180), "=", _any("0123456789ABCDEF", 8))),
    ("Grafana", _starting("gl", "sa_", _any(_WORD, 32), "_", _any(_HEX, 8))),
    ("Docker", _starting("dckr", "_pat_", _any(_SLUG, 27))),
    ("Supabase", _starting("sb", "p_", _any(_HEX, 40))),
    ("Airtable", _starting("pa", "t", _any(_WORD, 14), ".", _any(_HEX, 64))),
    ("Telegram", _starting("123456", "7890:", "AA", _any(_SLUG, 33))),
    ("Discord", _starting("MTIz", "NDU2Nzg5MDEyMzQ1Njc4", ".", _any(_WORD, 6), ".", _any(_WORD, 38))),
    ("Postman", _starting("PM", "AK-", _any(_HEX, 24), "-", _any(_HEX, 34))),
    ("1Password", _starting("op", "s_eyJ", _any(_WORD, 200))),
    ("Pulumi", _starting("pu", "l-", _any(_HEX, 40))),
    ("PlanetScale", _starting("pscale", "_tkn_", _any(_SLUG, 43))),
    ("Brevo", _starting("xkey", "sib-", _any(_HEX, 64), "-", _any(_WORD, 16))),
    ("Sentry", _starting("sn", "trys_", _any(_WORD, 80), "=_", _any(_WORD, 43))),
    ("RubyGems", _starting("ruby", "gems_", _any(_HEX, 48))),
    ("AWS Bedrock", _starting("AB", "SK", _any(_WORD, 128), "=")),
    ("Logfire", _starting("py", "lf_v1_", "us_", _any(_WORD, 43))),
    ("GitLab runner", _starting("GR134", "8941", _any(_SLUG, 20))),
    ("Slack rotating", _starting("xoxe", ".xo", "xp-1-", _any(_WORD, 140))),
    ("JSON web token", _JWT),
    ("encrypted JSON web token", _JWE),
)

_AROUND: Final = (
    "The tool was called with §",
    {"result": {"stdout": "line one\n§\nline three"}},
    {"headers": ["X-Custom: §"], "status": 200},
    'curl -H "X: §" https://api.example.com/v1',
    '{"log": "started\\n§\\tdone"}',
    {"args": {"§": True}, "n": 3},
)

_SHAPES: Final = tuple(
    Secret(name, secret, _AROUND[number % len(_AROUND)]) for number, (name, secret) in enumerate(_VENDORS)
)

_PLACES: Final = (
    Secret("key", _PASSWORD, {"password": "§", "user": "robot"}),
    Secret("key of several words", _PASSWORD, {"db_password": "§", "DB-HOST": "db.example.com"}),
    Secret("camel case", _PASSWORD, {"clientSecret": "§", "clientId": "shop"}),
    Secret("upper case", _any(_SLUG, 40), {"OPENAI_API_KEY": "§", "HOME": "/root"}),
    Secret("dots", _PASSWORD, {"spring.datasource.password": "§", "spring.datasource.username": "sa"}),
    Secret("number at the end", _PASSWORD, {"password2": "§", "attempt2": "second"}),
    Secret("label of a form", _PASSWORD, {"Password *": "§", "E-mail *": "ada@example.com"}),
    Secret("header", "Zm9v" + _any(_WORD, 9), {"headers": {"authorization": "§", "accept": "*/*"}}),
    Secret("cookies", _any(_HEX, 32), {"cookies": {"sid": "§", "visits": 3}}),
    Secret("array under a key", _PASSWORD, {"credentials": ["§", 5432, None, True]}),
    Secret("AWS secret beside its key", _any(_WORD + "/+", 40), {"aws_secret_access_key": "§", "region": "eu-west-1"}),
    Secret("private key", _any(_HEX, 64), {"signer": {"privateKey": "§", "publicKey": "0xAB12"}}),
    Secret("connection string", "Server=db;Uid=sa", {"ConnectionString": "§", "Timeout": "30"}),
    Secret("passphrase", "open the door please", {"passphrase": "§", "hint": "four words"}),
    Secret("arguments", _PASSWORD, {"argv": ["mysql", "-u", "root", "--password", "§", "--port", "3306"]}),
    Secret("variable as data", _PASSWORD, {"env": [{"name": "DB_PASSWORD", "value": "§"}, {"name": "A"}]}),
    Secret("short pass", _PASSWORD, {"smtp_pass": "§", "first_pass": "ok"}),
    Secret("recovery codes", _any(_HEX, 10), {"recoveryCodes": ["§"], "errorCodes": ["E17"]}),
    Secret("signing key", _any(_HEX, 64), {"jwt-signing-key": "§", "key": "value"}),
    Secret("pass in a text", _PASSWORD, "DB_USER=app DB_PASS=§ DB_NAME=shop"),
    Secret("csrf token", _any(_HEX, 32), {"csrf_token": "§", "next_page_token": "page2"}),
    Secret("environment line", _PASSWORD, "export API_KEY=§\nexport DEBUG=1"),
    Secret("shell", _PASSWORD, 'PASSWORD="§" ./deploy.sh --verbose'),
    Secret("spaces in a quoted value", "two words, more", 'password = "§"  # change me'),
    Secret("quote in a quoted value", 'ab\\"cd', 'client_secret: "§", next'),
    Secret("flag", _PASSWORD, "psql --password § --host db.example.com"),
    Secret("flag with equals sign", _PASSWORD, "deploy --api-key=§ --region eu"),
    Secret("query", _any(_HEX, 32), "GET https://api.example.com/v1?page=2&access_token=§&sort=asc"),
    Secret("form", _any(_HEX, 32), "client_secret=§&grant_type=client_credentials"),
    Secret("YAML", _WORDY, "database:\n  user: app\n  host: db\npassword: §\nport: 5432"),
    Secret("mail", _PASSWORD, "Your login is ada, password: §, see you soon"),
    Secret("header line", _any(_HEX, 40), "GET / HTTP/1.1\r\nX-Api-Key: §\r\nHost: example.com\r\n"),
    Secret("authorization line", _any(_HEX, 40), "Host: x\nAuthorization: Token §\nAccept: */*"),
    Secret("cookie line", "sid=" + _any(_HEX, 32) + "; theme=dark", "Cookie: §\nHost: example.com"),
    Secret("set-cookie line", "sid=" + _any(_HEX, 32) + "; Path=/", "HTTP/1.1 200 OK\nSet-Cookie: §\nAge: 0"),
    Secret("bearer", _any(_SLUG, 30) + "9", {"curl": "curl -H 'X-Auth: Bearer §' https://example.com"}),
    Secret("basic", _BASIC, "proxy said: Basic § is not valid"),
    Secret("JSON in a text", _PASSWORD, '{"user": "robot", "password": "§", "port": 5432}'),
    Secret("JSON in JSON", _PASSWORD, '{"body": "{\\"api_key\\": \\"§\\", \\"limit\\": 10}"}'),
    Secret(
        "JSON in JSON in JSON",
        _PASSWORD,
        '"{\\"a\\": \\"{\\\\\\"token\\\\\\": \\\\\\"§\\\\\\", \\\\\\"n\\\\\\": 1}\\"}"',
    ),
    Secret("Python", _PASSWORD, "{'user': 'robot', 'password': '§', 'port': 5432}"),
    Secret("cut off", _PASSWORD, '{"user": "robot", "password": "§'),
    Secret("XML", _PASSWORD, "<user>robot</user><password>§</password>"),
    Secret("URL", "p4ss-w0rd", "postgresql://app:§@db.example.com:5432/shop?sslmode=require"),
    Secret("URL with an at sign", "p@ss:w0rd", {"dsn": "amqp://app:§@mq.example.com/"}),
    Secret("URL without user", _any(_HEX, 20), {"REDIS_URL": "redis://:§@cache.example.com:6379/0"}),
    Secret("URL in JSON in a text", "p4ss", '{"cmd": "psql \\"mysql://app:§@db/shop\\""}'),
    Secret("PEM", _pem("RSA PRIVATE KEY"), {"files": {"id_rsa": "§\n"}}),
    Secret("PEM in JSON", _pem("PRIVATE KEY", "\\n"), '{"type": "service_account", "pem": "§\\n"}'),
    Secret("PEM cut off", _pem("EC PRIVATE KEY", cut=True), "cat key.pem\n§"),
    Secret("OpenSSH", _pem("OPENSSH PRIVATE KEY"), "It printed:\n§\nand then stopped."),
    Secret("PGP", _pem("PGP PRIVATE KEY BLOCK"), "§\n"),
    Secret("encrypted PEM", _pem("ENCRYPTED PRIVATE KEY"), ["a", ["§"]]),
    Secret("Azure storage", _any(_WORD, 86) + "==", "AccountName=shop;AccountKey=§;EndpointSuffix=core.windows.net"),
    Secret("Azure bus", _any(_WORD, 43) + "=", "SharedAccessKeyName=Root;SharedAccessKey=§;EntityPath=q"),
    Secret("Azure signature", _any(_WORD, 43) + "%3D", "https://shop.blob.core.windows.net/a?sv=2024&sig=§&se=2026"),
    Secret("Slack webhook", "T0123/B0123/" + _any(_WORD, 24), "POST https://hooks.slack.com/services/§"),
    Secret("Discord webhook", _any(_SLUG, 68), "POST https://discord.com/api/webhooks/123456/§ 204"),
    Secret("SQL Server", _PASSWORD, "Server=db.example.com;User Id=sa;Password=§;Encrypt=true"),
    Secret("npmrc", _any(_HEX, 36), "//registry.example.com/:_authToken=§\nalways-auth=true"),
    Secret("netrc-like", _PASSWORD, {"stdout": "user=ada passwd=§ shell=/bin/sh"}),
)

SECRETS: Final = (*_SHAPES, *_PLACES)

_PUBLIC: Final = "-----BEGIN {0}-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END {0}-----"

LOOK_ALIKES: Final[dict[str, Any]] = {
    "token counts": {"tokens_used": 532, "max_tokens": 1024, "total_tokens": "1556", "token_count": "24"},
    "token counts as text": "tokens_used: 532, max_tokens=1024, total_tokens: 1556",
    "token of a page": {"next_page_token": "CAUQAA", "nextToken": "abc123", "continuation_token": "x1"},
    "token of a page as query": "https://api.example.com/items?page_token=CAUQAA&limit=5",
    "token with its probability": {"token": "Hello", "logprob": -0.31, "bytes": [72]},
    "token with its probability, as text": '[{"token": "Hello", "logprob": -0.31}]',
    "special tokens": {"eos_token": "</s>", "pad_token": "<pad>", "stop_token": "END"},
    "token limit": "token limit exceeded: 8192 of 8192 tokens used",
    "price per token": {"price_per_token": "0.00003", "cost": 129.9},
    "number under a key": {"password": 12345, "token": 1.5, "secret": True, "api_key": None},
    "empty under a key": {"password": "", "api_key": ""},
    "keys of tables": {"primary_key": "id", "foreign_key": "user_id", "partition_key": "day", "sort_key": "hour"},
    "keys of caches": {"cache_key": "user:42", "key": "value", "idempotency_key": "order-4711"},
    "public key": {"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ada@example.com"},
    "public key block": {"pem": _PUBLIC.format("PUBLIC KEY")},
    "certificate": _PUBLIC.format("CERTIFICATE"),
    "keyboard and monkey": {"keyboard": "qwerty", "monkey": "capuchin", "turkey": "sandwich"},
    "password policy": {"password_policy": "at least 12 characters", "password_length": "12"},
    "password flags": {"password_changed_at": "2026-01-01", "has_password": True, "password_strength": "weak"},
    "secret santa": {"secret_santa": "Ada", "secretary": "Grace", "secrets_found": "none"},
    "author": {"author": "Ada Lovelace", "authority": "BaFin", "authorized_by": "Grace", "auth_method": "oauth"},
    "session": {"session_id": "a4c1f9e2", "conversation_id": "conv_1"},
    "ids of keys": {
        "private_key_id": "k-17",
        "api_key_id": "ak-3",
        "access_key_name": "deploy",
        "token_type": "bearer",
    },
    "cookie words": {"cookie_policy": "accepted", "cookie_consent": "yes", "cookies_enabled": "true"},
    "JSON schema": {
        "properties": {
            "password": {"type": "string", "description": "A password"},
            "token": {"type": "string"},
        }
    },
    "git sha": "commit e52bfdf8a0c1b2d3e4f5a6b7c8d9e0f1a2b3c4d5",
    "short shas": {"from": "e52bfdf", "to": "0293aa5"},
    "sha256": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "md5": {"etag": "d41d8cd98f00b204e9800998ecf8427e"},
    "UUID": {"id": "8f14e45f-ceea-467f-a0e6-2c0b1c3d4e5f"},
    "trace id": {"trace": "4bf92f3577b34da6a3ce929d0e0e4736", "span": "00f067aa0ba902b7"},
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "ULID": {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    "run id": "run_20260101_120000_a1b2c3d4",
    "price": "It costs 129.90 EUR, was $1,299.00",
    "order number": {"order": "+49 4711 2026-0815", "phone": "030 1234567"},
    "e-mail": "Write to ada.lovelace@example.com or <grace@example.org>",
    "ISBN": "ISBN 978-3-16-148410-0",
    "version": "runspan 1.2.3-rc.1+build.5, python 3.11.7",
    "colour": "color: #ff8800; background: #0af",
    "date": "2026-11-23T15:56:51.851968Z",
    "address": {"ip": "192.168.0.1", "v6": "2001:db8::ff00:42:8329", "mac": "00:1b:44:11:3a:b7"},
    "image in prose": "The image begins data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ and so on",
    "base64 of a text": {"body": base64.b64encode(b"The quick brown fox jumps over the lazy dog").decode()},
    "URL": "https://shop.example.com/orders/4711-2026?tab=items&sort=asc#top",
    "URL with port": "http://localhost:8080/health and http://db:5432/@user",
    "URL with user": "https://ada@example.com/repo.git and git@github.com:ada/repo.git",
    "URL with a placeholder": "postgres://app:${DB_PASSWORD}@db/shop and amqp://app:****@mq/",
    "time in URL": "https://example.com/a?at=12:30:00&mail=ada@example.com",
    "password is required": "the password is required",
    "password is wrong": "Password: incorrect. Password must be at least 8 characters.",
    "password reset": "Click reset password: we send you a link",
    "password forgotten": "forgot password? -> /password/reset",
    "password missing": "error: password: required\ntoken: missing",
    "authorization in prose": "Authorization: denied. The authorization was granted by the manager.",
    "bearer of bad news": "Bearer of bad news, bearer tokens, Bearer authentication",
    "basic words": "Basic understanding, basic instructions, Basic authentication",
    "secret of success": "The secret of success is sincerity. Secret: nobody knows.",
    "cookie recipe": "Cookie: a small sweet cake",
    "key in prose": "The key: read the docs. The API key is missing. API keys rotate monthly.",
    "hyphenated words": "task-force risk-averse desk-bound disk-image-recovery-after-crash ask-me-anything-about-it",
    "sk in a slug": "https://example.com/risk-management-for-beginners-and-experts/sk-abc",
    "prefixes by themselves": "Keys start with sk-ant-, sk-proj-, ghp_, xoxb-, AKIA, AIza or eyJ.",
    "environment names": "Set OPENAI_API_KEY and DB_PASSWORD, then start.",
    "shell placeholders": "PASSWORD=$DB_PASSWORD API_KEY=${API_KEY} TOKEN=$(cat token.txt) curl",
    "templates": "api_key: {{ api_key }}\npassword: <password>\ntoken=****",
    "code": "token = get_token()\nself.password = password\napi_key=settings.API_KEY\nclient(api_key=api_key)",
    "types in code": "def login(password: str, token: Optional[str] = None) -> bool: ...",
    "literals": '{"password": null, "token": true, "secret": 5} password=none token: false',
    "comparison": "if token != expected: raise",
    "shell folder": {"PWD": "/home/ada/project", "OLDPWD": "/home/ada"},
    "shell folder as text": "PWD=/home/ada/project\nOLDPWD=/root\nHOME=/home/ada",
    "class names": "com.example.NotificationServiceFactory.create.SomethingVeryLongNameForTestingPurposes",
    "dotted": "MainWindow.Dialog.AbstractSingletonProxyFactoryBeanImplementation",
    "file names": "SKILL.md, sk-learn, npm_modules, hf_hub, key-value.json, secret_garden.txt",
    "npm package": "npm_config_registry=https://registry.npmjs.org/",
    "SQL": "SELECT id FROM users WHERE password IS NOT NULL AND token_id = 5",
    "markdown table": "| key | value |\n|---|---|\n| token | a word |",
    "numbers": [1, 2.5, -3, True, None],
    "nothing": {"a": {}, "b": [], "c": ""},
    "already redacted": {
        "password": "[redacted]",
        "text": "token=[redacted] Bearer [redacted] postgres://a:[redacted]@b/c",
    },
    "model names": {"model": "gpt-4o-2024-08-06", "other": "claude-3-5-sonnet-20241022"},
    "coordinates": {"at": "52.5200,13.4050", "hash": "u33dc0cpke"},
    "credit of a pass": {"first_pass": "ok", "pass": "yes", "boarding_pass": "LH123", "passed": "12"},
    "stock symbols": "AKIA ASIA SKUS SG.MI ya29 r8 dp.pt",
    "prose with equals": "Let x = 5 and key=value; then secretly = nothing",
    "token ring": "The token ring network, a token of appreciation, one token per user",
    "iban-like": "DE89 3704 0044 0532 0130 00",
    "stack trace": 'File "/app/auth/token.py", line 17, in refresh_token\n    raise ValueError(token)',
    "emoji and accents": "Passwörter sind geheim 🔑: nie verraten",
}
