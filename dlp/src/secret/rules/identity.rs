//! What opens accounts and identity providers.

use super::UUID;
use crate::{
    Kind,
    secret::{
        alphabet::Alphabet,
        check,
        form::{run, runs, text},
        named::{Named, named},
        rule::{Rule, rule},
    },
};

/// Tokens that announce themselves.
pub(super) const RULES: &[Rule] = &[
    rule(Kind::STYTCH_SECRET, &["secret-live-", "secret-test-"], &[run(Alphabet::URL_PADDED, 36)]),
    rule(
        Kind::WORKOS_KEY,
        &["sk_live_a2V5X", "sk_test_a2V5X", "sk_a2V5X"],
        &[runs(Alphabet::ANY_BASE64, 50, 120)],
    ),
    rule(
        Kind::AUTHRESS_KEY,
        &["sc_", "ext_", "scauth_", "authress_"],
        &[
            runs(Alphabet::BASE62, 5, 30),
            text("."),
            runs(Alphabet::BASE62, 4, 6),
            text(".acc_"),
            runs(Alphabet::DASHED, 10, 32),
            text("."),
            runs(Alphabet::SIGNED, 30, 120),
        ],
    ),
    rule(Kind::JUMPCLOUD_KEY, &["jca_"], &[run(Alphabet::BASE62, 36)]),
    rule(Kind::ONEPASSWORD_TOKEN, &["ops_eyJ"], &[runs(Alphabet::ANY_BASE64, 250, 2000)]),
    rule(
        Kind::ONEPASSWORD_TOKEN,
        &["A3-"],
        &[
            run(Alphabet::UPPER36, 6),
            text("-"),
            run(Alphabet::UPPER36, 11),
            text("-"),
            run(Alphabet::UPPER36, 5),
            text("-"),
            run(Alphabet::UPPER36, 5),
            text("-"),
            run(Alphabet::UPPER36, 5),
        ],
    )
    .check(check::onepassword),
    rule(
        Kind::ONEPASSWORD_TOKEN,
        &["A3-"],
        &[
            run(Alphabet::UPPER36, 6),
            text("-"),
            run(Alphabet::UPPER36, 6),
            text("-"),
            run(Alphabet::UPPER36, 5),
            text("-"),
            run(Alphabet::UPPER36, 5),
            text("-"),
            run(Alphabet::UPPER36, 5),
            text("-"),
            run(Alphabet::UPPER36, 5),
        ],
    )
    .check(check::onepassword),
    rule(
        Kind::DOPPLER_TOKEN,
        &["dp.pt.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit.", "dp.st."],
        &[runs(Alphabet::BASE62, 40, 44)],
    ),
    rule(
        Kind::DOPPLER_TOKEN,
        &["dp.st."],
        &[runs(Alphabet::DASHED, 2, 35), text("."), runs(Alphabet::BASE62, 40, 44)],
    ),
    rule(
        Kind::INFISICAL_TOKEN,
        &["st."],
        &[
            run(Alphabet::HEX, 24),
            text("."),
            run(Alphabet::HEX, 32),
            text("."),
            run(Alphabet::HEX, 32),
        ],
    ),
    rule(Kind::VAULT_TOKEN, &["hvs."], &[runs(Alphabet::URL_SAFE, 24, 300)])
        .check(check::three_classes),
    rule(Kind::VAULT_TOKEN, &["hvb."], &[runs(Alphabet::URL_SAFE, 24, 500)]),
    rule(Kind::VAULT_TOKEN, &["hvr."], &[runs(Alphabet::URL_SAFE, 24, 300)])
        .check(check::three_classes),
    rule(Kind::AGE_KEY, &["AGE-SECRET-KEY-1"], &[run(Alphabet::UPPER36, 58)]),
    rule(
        Kind::TAILSCALE_KEY,
        &["tskey-auth-", "tskey-api-", "tskey-client-", "tskey-scim-", "tskey-webhook-", "tskey-"],
        &[runs(Alphabet::BASE62, 8, 24), text("-"), runs(Alphabet::BASE62, 16, 40)],
    ),
    rule(Kind::NGROK_TOKEN, &["ak_", "cr_"], &[run(Alphabet::BASE62, 27)]).near(&["ngrok"]),
    rule(
        Kind::DEFINEDNETWORKING_TOKEN,
        &["dnkey-"],
        &[run(Alphabet::URL_PADDED, 26), text("-"), run(Alphabet::URL_PADDED, 52)],
    ),
    rule(
        Kind::FIREBASE_KEY,
        &["AAAA"],
        &[run(Alphabet::BASE62, 7), text(":"), run(Alphabet::URL_SAFE, 140)],
    ),
    rule(
        Kind::ONFIDO_TOKEN,
        &["api_live.", "api_sandbox.", "api_live_us.", "api_live_eu."],
        &[run(Alphabet::URL_SAFE, 11), text("."), run(Alphabet::URL_SAFE, 32)],
    ),
    rule(
        Kind::PERSONA_KEY,
        &["persona_production_", "persona_sandbox_"],
        &[
            run(Alphabet::ANY_HEX, 8),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 12),
        ],
    ),
    rule(Kind::UNKEY_KEY, &["unkey_"], &[runs(Alphabet::BASE62, 20, 32)]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::OKTA_TOKEN, &["okta", "ssws"], &[&[text("00"), run(Alphabet::URL_SAFE, 40)]]),
    named(
        Kind::AUTH0_SECRET,
        &["auth0"],
        &[&[run(Alphabet::URL_SAFE, 64)], &[run(Alphabet::HEX, 64)]],
    ),
    named(Kind::ONELOGIN_SECRET, &["onelogin"], &[&[run(Alphabet::HEX, 64)]]),
    named(
        Kind::DUO_SECRET,
        &["duo_secret", "duo_skey", "duosecurity", "duo_api"],
        &[&[run(Alphabet::BASE62, 40)]],
    ),
    named(Kind::DESCOPE_KEY, &["descope"], &[&[runs(Alphabet::URL_SAFE, 60, 120)]]),
    named(Kind::FRONTEGG_SECRET, &["frontegg"], &[UUID]),
    named(Kind::JUMPCLOUD_KEY, &["jumpcloud"], &[&[run(Alphabet::HEX, 40)]]),
    named(
        Kind::BITWARDEN_TOKEN,
        &["bitwarden", "bws_access"],
        &[&[
            text("0."),
            run(Alphabet::ANY_HEX, 8),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 12),
            text("."),
            run(Alphabet::BASE62, 30),
            text(":"),
            run(Alphabet::BASE64, 22),
            text("=="),
        ]],
    ),
    named(
        Kind::VAULT_TOKEN,
        &["vault"],
        &[
            &[text("s."), runs(Alphabet::URL_SAFE, 24, 160)],
            &[text("b."), runs(Alphabet::URL_SAFE, 24, 160)],
            &[text("r."), runs(Alphabet::URL_SAFE, 24, 160)],
        ],
    ),
    named(
        Kind::VAULT_UNSEAL_KEY,
        &["unseal"],
        &[
            &[run(Alphabet::BASE64, 43), text("=")],
            &[run(Alphabet::BASE64, 44)],
            &[run(Alphabet::HEX, 64)],
            &[run(Alphabet::HEX, 66)],
        ],
    ),
    named(Kind::CONSUL_TOKEN, &["consul", "nomad"], &[UUID]),
    named(
        Kind::WIREGUARD_KEY,
        &["presharedkey", "preshared_key", "wireguard", "privatekey", "wg_private"],
        &[&[run(Alphabet::BASE64, 43), text("=")]],
    )
    .key(&["private", "preshared"]),
    named(Kind::ZEROTIER_TOKEN, &["zerotier"], &[&[run(Alphabet::BASE62, 32)]]),
    named(
        Kind::NGROK_TOKEN,
        &["ngrok"],
        &[
            &[runs(Alphabet::BASE62, 22, 30), text("_"), runs(Alphabet::BASE62, 18, 24)],
            &[runs(Alphabet::BASE62, 43, 50)],
        ],
    ),
    named(Kind::NORDVPN_TOKEN, &["nordvpn"], &[&[run(Alphabet::HEX, 64)]]),
    named(Kind::VIRUSTOTAL_KEY, &["virustotal", "vt_api"], &[&[run(Alphabet::HEX, 64)]]),
    named(Kind::SHODAN_KEY, &["shodan"], &[&[run(Alphabet::BASE62, 32)]]),
    named(Kind::CENSYS_SECRET, &["censys"], &[&[run(Alphabet::BASE62, 32)]]),
    named(Kind::ABUSEIPDB_KEY, &["abuseipdb"], &[&[run(Alphabet::HEX, 80)]]),
    named(Kind::URLSCAN_KEY, &["urlscan"], &[UUID]),
    named(Kind::HIBP_KEY, &["hibp", "haveibeenpwned"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::MERAKI_KEY, &["meraki"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::GITGUARDIAN_TOKEN, &["gitguardian"], &[&[runs(Alphabet::BASE62, 70, 76)]]),
    named(Kind::TINES_TOKEN, &["tines"], &[&[runs(Alphabet::URL_SAFE, 20, 24)]]),
    named(Kind::KEYCLOAK_SECRET, &["keycloak", "kc_client"], &[&[run(Alphabet::BASE62, 32)], UUID])
        .key(&["secret"]),
    named(Kind::CHECKR_KEY, &["checkr"], &[&[run(Alphabet::HEX, 40)]]),
    named(
        Kind::TRUENAS_KEY,
        &["truenas", "api_key"],
        &[&[runs(Alphabet::DIGITS, 1, 3), text("-"), run(Alphabet::BASE62, 64)]],
    ),
    named(
        Kind::TRUENAS_KEY,
        &["api/v2.0"],
        &[&[runs(Alphabet::DIGITS, 1, 3), text("-"), run(Alphabet::BASE62, 64)]],
    ),
];
