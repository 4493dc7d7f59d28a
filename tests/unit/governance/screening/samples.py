"""One made-up secret of each kind that is known by its shape, put together at run time."""

from typing import Final

_MIXED: Final = "a1B2c3D4e5F6g7H8"
_HEX: Final = "0f1e2d3c4b5a6978"
_UPPER: Final = "ABCDEFGHIJKLMNOP"

PRIVATE_KEY: Final = "\n".join(
    (
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
        _MIXED * 4,
        _MIXED[:6] + "==",
        "-----END " + "RSA PRIVATE KEY-----",
    )
)
_WIDE: Final = 0xFF01 - ord("!")
_BOLD: Final = 0x1D41A - ord("a")


def shift(text: str, by: int) -> str:
    """The same in letters of another block, which look alike."""
    return "".join(chr(ord(each) + by) for each in text)


def wide(text: str) -> str:
    """In letters as wide as Chinese ones."""
    return shift(text, _WIDE)


TOKENS: Final = {
    "private-key": PRIVATE_KEY,
    "age-key": "AGE-SECRET-KEY-1" + _UPPER * 3 + _UPPER[:10],
    "aws-access-key": "AKIA" + _UPPER,
    "gcp-api-key": "AIza" + _MIXED * 2 + "abc",
    "gcp-oauth": "GOCSPX-" + _MIXED * 2,
    "azure-client-secret": "abc8Q~" + _MIXED * 2,
    "github-token": "ghp_" + _MIXED * 2 + "abcd",
    "github-token (fine-grained)": "github_pat_" + _MIXED * 3,
    "gitlab-token": "glpat-" + _MIXED * 2,
    "slack-token": "xoxb-" + _MIXED,
    "slack-token (app)": "xapp-1-" + _MIXED,
    "stripe-key": "sk_live_" + _MIXED * 2,
    "anthropic-key": "sk-ant-" + _MIXED * 2,
    "openai-key": "sk-proj-" + _MIXED * 2,
    "npm-token": "npm_" + _MIXED * 2 + "abcd",
    "pypi-token": "pypi-AgEIcHlwaS5vcmc" + _MIXED * 2,
    "huggingface-token": "hf_" + _MIXED * 2,
    "sendgrid-key": "SG." + _MIXED + "." + _MIXED,
    "twilio-key": "SK" + _HEX * 2,
    "telegram-token": "123456789:AA" + _MIXED * 2 + "a",
    "digitalocean-token": "dop_v1_" + _HEX * 4,
    "shopify-token": "shpat_" + _HEX * 2,
    "databricks-token": "dapi" + _HEX * 2,
    "vault-token": "hvs." + _MIXED * 2,
    "docker-token": "dckr_pat_" + _MIXED * 2,
    "grafana-token": "glsa_" + _MIXED * 2,
    "linear-key": "lin_api_" + _MIXED * 2,
    "postman-key": "PMAK-" + _HEX + _HEX[:8] + "-" + _HEX * 2 + "0f",
    "atlassian-token": "ATATT3" + _MIXED * 7,
    "tailscale-key": "tskey-auth-" + _MIXED,
    "maestro-token": "mst_agent_" + _MIXED * 2,
    "jwt": "eyJ" + _MIXED + ".eyJ" + _MIXED + "." + _MIXED,
}
"""By kind; what stands in brackets tells two shapes of one kind apart."""

IN_CONTEXT: Final = {
    # text with {} in the place of a secret: the kind it is found as, and the secret
    "https://host/c?sv=1&sig={}&se=2": ("azure-sas", _MIXED * 2 + "%3D"),
    "https://hooks.slack.com/services/{}": ("webhook-url", "T0/B0/" + _MIXED * 2),
    "https://discord.com/api/webhooks/{}": ("webhook-url", "123/" + _MIXED * 2),
    "curl -H 'Authorization: Basic {}' https://host": ("authorization", _MIXED),
    "Authorization: {}": ("authorization", "a1b2c3d4e5"),
    "GET /x?h=bearer%20{}": ("bearer-token", _MIXED * 2),
    "psql postgresql://user:{}@host:5432/db": ("url-password", "tiger"),
    "git clone https://token:{}@host/a/b": ("url-password", "correct-horse"),
    "git clone https://{}@host/a/b": ("url-password", _MIXED * 2),
    "machine host login user password {}": ("password", "tiger"),
    "curl -u user:{} https://host": ("password", "tiger"),
    "mysql -u root -p{} db": ("password", "tiger"),
    "sshpass -p {} ssh host": ("password", "tiger"),
    "docker login -u user -p {} registry.example": ("password", "tiger"),
    "redis-cli -h host -a {} ping": ("password", "tiger"),
    "by the way, the password is {}": ("password", "tiger7"),
    "my api key for this is {}": ("secret", _MIXED * 2),
    "aws configure set aws_secret_access_key {}": ("aws-secret-key", "wJal/rXU" * 5),
    'password = "{}"': ("password", "correct horse battery"),
    "password='{}'": ("password", "correct horse battery"),
    'DB_PASSWORD="{}$(date)"': ("password", "tiger"),
    'PASSWORD="""{}"""': ("password", "tiger"),
    '{{\\"password\\": \\"{}\\"}}': ("password", "correct horse"),
    "export DB_PASSWORD={}": ("password", "tiger"),
    "PGPASSWORD={} psql": ("password", "tiger"),
    "--token {}": ("token", "tiger"),
    "<password>{}</password>": ("password", "tiger"),
    "spring.datasource.password: {}": ("password", "tiger7"),
    "password=$a{}": ("password", "-1=tiger"),
    "echo 'password:'{}": ("password", "tiger7"),
    "url?key={}&x=1": ("secret", _MIXED * 2),
    "Cookie: session={}; theme=dark": ("secret", _MIXED * 2),
    "senha: {}": ("password", "tigre7"),
    "ALTER ROLE ana WITH LOGIN PASSWORD '{}';": ("password", "it''s a tiger"),
    'create user ana identified by "{}"': ("password", "tiger"),
    "CREATE USER a@b IDENTIFIED WITH mysql_native_password BY '{}'": ("password", "tiger"),
    "grant all on shop.* to ana identified by '{}' with grant option": ("password", "tiger"),
    "user: ana\npassword: |\n  {}\nport: 5432": ("password", "tiger7"),
    "- token: >-\r\n    {}\r\n- port: 1": ("token", _MIXED * 2),
    "secret: |2-\n  {}": ("secret", _MIXED + "/" + _MIXED),
    wide("password=") + "{}": ("password", "tiger7"),
    wide("password:") + "{} stays": ("password", "tiger7"),
    "pass\u200bw\u00adord={}; ls": ("password", "tiger7"),
    "\u200b\u200bdb_pass\u2060word={} \u200bends": ("password", "tiger7"),
    "the " + shift("password", _BOLD) + " is {}": ("password", "tiger7"),
}

HARMLESS: Final = (
    "The password must contain eight characters.",
    "git commit -m 'add password reset'",
    "grep -r 'api_key' src/",
    "kubectl get secret my-secret -o yaml",
    "pytest -k password",
    "PASSWORD=$PASSWORD",
    "PASSWORD=${VAULT_PASSWORD}",
    "token=<your token>",
    "API_KEY=xxxxxxxx",
    "password: required",
    "password=null",
    "password=''",
    "password: ''",
    "def login(password: str, token: str) -> None:",
    "self.token = token",
    "token = get_token()",
    "api_key=os.environ['API_KEY']",
    "api_key = settings.api.key",
    "if token == other_token:",
    'if token == "(":',
    "max_tokens=4096",
    "token=12",
    "password=7",
    "PWD=/home/ana/shop",
    "cache_key=e3b0c44298fc1c149afbf4c8996fb924",
    "nextPageToken=CAUQAA",
    "the secret to success: hard work",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 ana@host",
    "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END CERTIFICATE-----",
    "session=550e8400-e29b-41d4-a716-446655440000",
    "key=550e8400-e29b-41d4-a716-446655440000",
    "key=1700000000000000000",
    "key=customers/2026-11-21/report.v2.csv",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "commit 9d5f1c0c2b7f3e7e1f2d3c4b5a69788796a5b4c3",
    "integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdB==",
    "bearer of good news everybody",
    "https://example.com:8080/path?a=b#c",
    "ana@example.com",
    "task-1234567890abcdef1234567890abcdef",
    "print('password: ' + value)",
    "print('token: ', 'x')",
    "echo 'password: '; ls /tmp; echo 'done'",
    "docker login -u user -p",
    "passwordless login",
    "secret_name: db-credentials",
    "password_reset_url: https://shop.example/reset",
    "They changed the password, and then asked 'why?'",
    "ALTER TABLE users ADD COLUMN password text NOT NULL DEFAULT 'none'",
    "SELECT * FROM users WHERE role = 'admin' AND password IS NULL",
    "Each record is identified by 'id', its password by nobody",
    "create a user, identified by an e-mail address, who resets a password",
    "password: |\n  the words that a user must type\n  each day",
    "password: |\n  required\nother: 1",
    "password: |\nother7: 1",
    "  password: |\n  other7\n",
    "key: |\n  a7\ntext: >\n  b7",
    "description: |\n  The token7 stands here",
    "id -u ana:staff",
    "chown -R ana:staff . && docker run -u 1000:1000 alpine",
    "½ a page about passwords, \ufb01le \u2460",
    "passe\u00a0: un mot de passe, une clé",
)
