//! What names, reaches or identifies a person, and what moves money.

super::kinds! {
    PERSONAL:
    EMAIL = "email", Personal, Sensitive,
        "An e-mail address.",
        "local part and a domain with a top-level domain of letters; not file names, not git remotes",
        "RFC 5321 section 4.1.2";
    PHONE = "phone", Personal, Sensitive,
        "A telephone number.",
        "with `+` or `00`: valid in the country's numbering plan; else a usual shape, cue words and the plans of the regions",
        "ITU-T E.164; numbering plans of libphonenumber";
    US_SSN = "us_ssn", Personal, Restricted,
        "A United States social security number.",
        "areas, groups and serials that are issued; shape or a cue word",
        "SSA POMS RM 10201.035";
    IP = "ip", Personal, Sensitive,
        "An IPv4 or IPv6 address of a host.",
        "parses; no loopback, mask, unspecified address or version number",
        "RFC 791; RFC 4291 section 2.2";
    CARD = "card", Payment, Restricted,
        "A payment card number.",
        "Luhn digit, issuer's range and length, grouping; a cue word for rare issuers",
        "ISO/IEC 7812-1; the issuers' published ranges";
    IBAN = "iban", Payment, Restricted,
        "An international bank account number.",
        "the country's length, check digits modulo 97",
        "ISO 13616-1; SWIFT IBAN registry, release 98";
}
