//! Credentials that are known by their form or by the name they are given to, whoever issued them.

crate::kind::kinds! {
    FORM:
    JWT = "jwt", Secret, Restricted,
        "A JSON web token.",
        "the first part decodes to a JSON header with `alg`; also encoded once more in base64",
        "RFC 7519; RFC 7515 section 4.1.1";
    PRIVATE_KEY = "private_key", Secret, Restricted,
        "A private key in PEM form.",
        "opener, base64 body and closer, also with escaped line ends as in JSON, or all of it in base64",
        "RFC 7468";
    URL_PASSWORD = "url_password", Secret, Restricted,
        "The password in an address such as `scheme://user:password@host`.",
        "the userinfo of an address, unless the password is a placeholder",
        "RFC 3986 section 3.2.1";
    CONNECTION_STRING = "connection_string", Secret, Restricted,
        "The password in the connection string of a database.",
        "`password=` or `pwd=` between semicolons, beside a server or a user",
        "ODBC programmer's reference, SQLDriverConnect";
    BASIC_AUTH = "basic_auth", Secret, Restricted,
        "The credentials of HTTP basic authentication.",
        "base64 of a user and a password behind `Basic`, or both behind `-u` of a command",
        "RFC 7617";
    BEARER_TOKEN = "bearer_token", Secret, Restricted,
        "The token in a header of HTTP authentication.",
        "random text behind `Bearer`, `Token` or another scheme",
        "RFC 6750 section 2.1; RFC 9110 section 11";
    PASSWORD_HASH = "password_hash", Secret, Restricted,
        "The hash of a password.",
        "the scheme's mark, its fields and the length of its hash",
        "crypt(5); PHC string format; RFC 2307 section 5.3";
    PASSWORD = "password", Secret, Restricted,
        "A password that is assigned to a name which says so.",
        "letters with digits or signs, or random text; no placeholder, reference or path",
        "NIST SP 800-63B section 3.1.1";
    GENERIC_SECRET = "generic_secret", Secret, Restricted,
        "A key or token that is assigned to a name which says so.",
        "the name, and a value whose letters and digits look random; no hash, path or reference",
        "OWASP secrets management cheat sheet";
}
