//! What opens code, packages and pipelines.

crate::kind::kinds! {
    CODE:
    GITHUB_TOKEN = "github_token", Secret, Restricted,
        "A token of GitHub.",
        "`ghp_`, `gho_`, `ghu_` or another of its prefixes and 36 letters and digits (the checksum of classic tokens raises the score); `ghr_` and 36 to 76 letters and digits (the checksum of classic tokens raises the score); `github_pat_` and 80 to 93 letters, digits and `_`; 40 hexadecimal digits, assigned beside `github` or `gh_secret`",
        "Behind GitHub's new authentication token formats (2021)";
    GITLAB_TOKEN = "gitlab_token", Secret, Restricted,
        "A token of GitLab: personal, deploy, runner, trigger, feed and others.",
        "`glpat-`, `gldt-`, `glft-` or another of its prefixes and 20 to 70 characters of base64url; `glpat-`, `glrt-t1_`, `glrt-t2_` or another of its prefixes and 27 to 300 characters of base64url, `.`, 9 letters and digits; `glcbt-` and 1 to 5 letters and digits, `_`, 20 characters of base64url; `GR1348941` and 20 characters of base64url; `_gitlab_session=` and 32 small letters and digits",
        "GitLab documentation, token overview";
    BITBUCKET_TOKEN = "bitbucket_token", Secret, Restricted,
        "A token or OAuth secret of Bitbucket.",
        "`ATBB` and 24 to 40 letters and digits (of three classes); `ATCTT3xFf` and 150 to 250 characters of base64url with padding; 32 letters and digits or 64 characters of base64url with padding, assigned beside `bitbucket`",
        "Bitbucket Cloud documentation, access tokens";
    ATLASSIAN_TOKEN = "atlassian_token", Secret, Restricted,
        "An API token of Atlassian.",
        "`ATATT3xFf` and 150 to 250 characters of base64url with padding; 24 letters and digits, assigned beside `atlassian` or `jira`",
        "Atlassian support, manage API tokens";
    NPM_TOKEN = "npm_token", Secret, Restricted,
        "An access token of npm.",
        "`npm_` and 36 letters and digits (the CRC-32 at its end raises the score); a UUID, assigned beside `_authtoken` or `npmrc`",
        "Announcing npm's new access token format (2021)";
    PYPI_TOKEN = "pypi_token", Secret, Restricted,
        "An upload token of PyPI.",
        "`pypi-AgEIcHlwaS5vcmc` or `pypi-AgENdGVzdC5weXBpLm9yZ` and 50 to 1000 characters of base64url (decodes to a macaroon of the index)",
        "PyPI documentation, API tokens; pymacaroons";
    RUBYGEMS_KEY = "rubygems_key", Secret, Restricted,
        "An API key of RubyGems.",
        "`rubygems_` and 48 hexadecimal digits",
        "RubyGems guides, API key scopes";
    CRATESIO_TOKEN = "cratesio_token", Secret, Restricted,
        "An API token of crates.io.",
        "`cio` and 32 letters and digits (of three classes)",
        "The Cargo Book, publishing on crates.io; crates.io source, token prefix";
    NUGET_KEY = "nuget_key", Secret, Restricted,
        "An API key of NuGet.",
        "`oy2` and 43 small letters and digits (mixed)",
        "NuGet documentation, scoped API keys";
    CLOJARS_TOKEN = "clojars_token", Secret, Restricted,
        "A deploy token of Clojars.",
        "`CLOJARS_` and 60 letters and digits",
        "Clojars documentation, deploy tokens";
    HEX_KEY = "hex_key", Secret, Restricted,
        "An API key of Hex.",
        "32 hexadecimal digits or 64 hexadecimal digits, assigned beside `hex_api` or `hexpm`",
        "Hex documentation, private packages";
    PACKAGIST_TOKEN = "packagist_token", Secret, Restricted,
        "A token of Private Packagist.",
        "`packagist_ack_`, `packagist_uut_`, `packagist_uap_` or another of its prefixes and 60 to 80 hexadecimal digits",
        "Private Packagist documentation, authentication";
}
