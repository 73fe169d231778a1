//! What moves money.

super::kinds! {
    PAYMENT:
    CARD = "card", Payment, Restricted,
        "A payment card number.",
        "Luhn digit, issuer's range and length, grouping; a cue word for rare issuers",
        "ISO/IEC 7812-1; the issuers' published ranges";
    IBAN = "iban", Payment, Restricted,
        "An international bank account number.",
        "the country's length, check digits modulo 97",
        "ISO 13616-1; SWIFT IBAN registry, release 98";
    BIC = "bic", Payment, Internal,
        "A business identifier code of a bank.",
        "8 or 11 characters with a country's code in the middle, right behind a cue word",
        "ISO 9362";
    US_ABA = "us_aba", Payment, Sensitive,
        "A United States bank routing number.",
        "prefix of a Federal Reserve district, check digit, a cue word",
        "ABA routing number policy; Federal Reserve E-Payments Routing Directory";
    US_BANK_ACCOUNT = "us_bank_account", Payment, Restricted,
        "A bank account number in national form.",
        "6 to 17 digits right behind a cue word",
        "NACHA operating rules, account number field";
    UK_BANK_ACCOUNT = "uk_bank_account", Payment, Restricted,
        "A United Kingdom sort code, alone or with an account number.",
        "three pairs of digits and eight more, a cue word",
        "Vocalink, validating account numbers";
    CLABE = "clabe", Payment, Restricted,
        "A Mexican standardised bank account number.",
        "18 digits, check digit, a cue word",
        "Asociación de Bancos de México, CLABE";
    CRYPTO_WALLET = "crypto_wallet", Payment, Sensitive,
        "The address of a crypto-currency wallet.",
        "Base58Check or Bech32 checksum; an Ethereum address needs a cue word",
        "Bitcoin developer guide; BIP 173; BIP 350; ERC-55";
}
