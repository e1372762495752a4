"""Values made up for the tests, put together at run time so that no scanner takes this file for a leak."""

from __future__ import annotations


def random_looking(length: int, alphabet: str = "aB3dE5gH7jK9mN1pQ2sT4vX6") -> str:
    return "".join(alphabet[(rank * 7 + rank // 5) % len(alphabet)] for rank in range(length))


AWS = "AKIA" + random_looking(16, "Q7ZT2XW5RK")
GITHUB = "ghp_" + random_looking(36)
OPENAI = "sk-" + "proj-" + random_looking(48)
ANTHROPIC = "sk-" + "ant-api03-" + random_looking(60)
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nq3+/ab==\n-----END RSA " + "PRIVATE KEY-----"
JWT = ".".join(("eyJ" + random_looking(20), "eyJ" + random_looking(40), random_looking(43)))

#: One value a rule must find, in a sentence; what must be gone afterwards.
PLANTED: dict[str, tuple[str, str]] = {
    "private_key": (f"here it is: {PEM} ok?", "q3+/ab"),
    "aws_access_key": (f"id {AWS}, fine", AWS),
    "aws_secret_key": (f'aws_secret_access_key = "{random_looking(40)}"', random_looking(40)),
    "github_token": (f"export GH={GITHUB}", GITHUB),
    "gitlab_token": (f"token glpat-{random_looking(20)} works", random_looking(20)),
    "anthropic_key": (f"use {ANTHROPIC}", ANTHROPIC),
    "openai_key": (f"key={OPENAI};", OPENAI),
    "stripe_key": (f"sk_live_{random_looking(24)}", random_looking(24)),
    "slack_token": (f"xoxb-1234567890-{random_looking(24)}", random_looking(24)),
    "webhook": (
        f"https://hooks.slack.com/services/T{random_looking(8)}/B{random_looking(8)}/{random_looking(24)}",
        "hooks",
    ),
    "google_key": (f"AIza{random_looking(35)} is mine", random_looking(35)),
    "hugging_face_token": (f"hf_{random_looking(34)}", random_looking(34)),
    "package_token": (f"//registry/:_authToken=npm_{random_looking(36)}", random_looking(36)),
    "mail_service_key": (f"SG.{random_looking(22)}.{random_looking(43)}", random_looking(43)),
    "bot_token": (f"bot123456789:AA{random_looking(33)}", random_looking(33)),
    "json_web_token": (f"cookie: {JWT}", JWT),
    "url_password": ("postgres://bob:s3cr3tpw@db.host.io/x", "s3cr3tpw"),
    "authorization_header": (f"-H 'Authorization: Bearer {random_looking(30)}'", random_looking(30)),
    "email": ("write to jane.roe@acme.io please", "jane.roe@acme.io"),
    "phone": ("call +49 30 12345678 or so", "12345678"),
    "payment_card": ("card 4111 1111 1111 1111 exp", "4111"),
    "iban": ("pay DE89 3704 0044 0532 0130 00 now", "3704"),
    "social_security_number": ("ssn 219-09-9999.", "219-09"),
    "ip_address": ("from 93.184.216.34 port 22", "93.184"),
    "home_directory": ("see /home/jroe/project/a.py", "jroe"),
    "git_author": ("Author: Jane Roe <jane.roe@acme.io>", "Jane Roe"),
    "git_user_name": ('git config --global user.name "Jane Roe"', "Jane Roe"),
}
