//! What opens a door.

super::kinds! {
    SECRET:
    AWS_KEY = "aws_key", Secret, Restricted,
        "An access key id of Amazon Web Services.",
        "`AKIA`, `ASIA`, `ABIA` or `ACCA` and 16 characters of base 32",
        "AWS IAM User Guide, unique identifiers";
    AWS_SECRET = "aws_secret", Secret, Restricted,
        "A secret access key of Amazon Web Services.",
        "40 characters of base64 that are assigned to a name such as `aws_secret_access_key`",
        "AWS IAM User Guide, access keys";
    GITHUB_TOKEN = "github_token", Secret, Restricted,
        "A token of GitHub.",
        "prefix and length; the checksum of classic tokens raises the score",
        "Behind GitHub's new authentication token formats (2021)";
    SLACK_TOKEN = "slack_token", Secret, Restricted,
        "A token or webhook address of Slack.",
        "`xox?-`, `xapp-`, or an address of `hooks.slack.com`",
        "Slack API documentation, token types";
    OPENAI_KEY = "openai_key", Secret, Restricted,
        "An API key of OpenAI.",
        "`sk-proj-` and its like; old `sk-` keys by alphabet and length",
        "OpenAI API reference, authentication";
    ANTHROPIC_KEY = "anthropic_key", Secret, Restricted,
        "An API key of Anthropic.",
        "`sk-ant-` and at least 40 characters",
        "Anthropic API reference, authentication";
    GOOGLE_KEY = "google_key", Secret, Restricted,
        "An API key or OAuth client secret of Google.",
        "`AIza` and 35 characters, or `GOCSPX-` and 28",
        "Google Cloud documentation, API keys";
    STRIPE_KEY = "stripe_key", Secret, Restricted,
        "A secret or restricted key of Stripe.",
        "`sk_live_`, `rk_live_`, `sk_test_` or `rk_test_`",
        "Stripe documentation, API keys";
    JWT = "jwt", Secret, Restricted,
        "A JSON web token.",
        "the first part decodes to a JSON header with `alg`",
        "RFC 7519; RFC 7515 section 4.1.1";
    PRIVATE_KEY = "private_key", Secret, Restricted,
        "A private key in PEM form.",
        "opener, base64 body and closer, also with escaped line ends as in JSON",
        "RFC 7468";
    URL_PASSWORD = "url_password", Secret, Restricted,
        "The password in an address such as `scheme://user:password@host`.",
        "the userinfo of an address, unless the password is a placeholder",
        "RFC 3986 section 3.2.1";
}
