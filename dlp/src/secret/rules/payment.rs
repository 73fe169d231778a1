//! What moves money.

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
    rule(
        Kind::STRIPE_KEY,
        &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_prod_", "rk_prod_"],
        &[runs(Alphabet::WORD, 16, 260)],
    ),
    rule(Kind::STRIPE_KEY, &["whsec_"], &[runs(Alphabet::ANY_BASE64, 32, 64)]),
    rule(Kind::SQUARE_TOKEN, &["sq0atp-", "sq0atb-"], &[runs(Alphabet::URL_SAFE, 22, 43)]),
    rule(Kind::SQUARE_TOKEN, &["sq0csp-"], &[run(Alphabet::URL_SAFE, 43)]),
    rule(Kind::SQUARE_TOKEN, &["EAAA"], &[run(Alphabet::URL_SAFE, 60)]).check(check::three_classes),
    rule(
        Kind::PAYPAL_SECRET,
        &["access_token$production$", "access_token$sandbox$"],
        &[run(Alphabet::BASE36, 16), text("$"), run(Alphabet::HEX, 32)],
    ),
    rule(
        Kind::SHOPIFY_TOKEN,
        &["shpat_", "shpca_", "shppa_", "shpss_"],
        &[run(Alphabet::ANY_HEX, 32)],
    ),
    rule(Kind::RAZORPAY_KEY, &["rzp_live_", "rzp_test_"], &[run(Alphabet::BASE62, 14)]),
    rule(
        Kind::FLUTTERWAVE_KEY,
        &["FLWSECK_TEST-", "FLWSECK-", "FLWPUBK_TEST-", "FLWPUBK-"],
        &[run(Alphabet::ANY_HEX, 32), text("-X")],
    ),
    rule(Kind::FLUTTERWAVE_KEY, &["FLWSECK_TEST"], &[run(Alphabet::ANY_HEX, 12)]),
    rule(Kind::FLUTTERWAVE_KEY, &["FLWSECK_TEST-"], &[run(Alphabet::ANY_HEX, 12)]),
    rule(Kind::MOLLIE_KEY, &["live_", "test_"], &[run(Alphabet::BASE62, 30)]).near(&["mollie"]),
    rule(Kind::MOLLIE_KEY, &["access_"], &[run(Alphabet::BASE62, 40)]).near(&["mollie"]),
    rule(Kind::ADYEN_KEY, &["AQE"], &[runs(Alphabet::ANY_BASE64, 60, 300)])
        .check(check::three_classes)
        .near(&["adyen"]),
    rule(Kind::GOCARDLESS_TOKEN, &["live_", "sandbox_"], &[run(Alphabet::URL_PADDED, 40)])
        .near(&["gocardless", "go_cardless"]),
    rule(
        Kind::PLAID_TOKEN,
        &["access-production-", "access-sandbox-", "access-development-"],
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
    rule(Kind::LOB_KEY, &["live_", "test_"], &[run(Alphabet::HEX, 35)]).check(check::mixed),
    rule(Kind::LOB_KEY, &["live_pub_", "test_pub_"], &[run(Alphabet::HEX, 31)]).check(check::mixed),
    rule(Kind::EASYPOST_KEY, &["EZAK", "EZTK"], &[run(Alphabet::BASE62, 54)])
        .check(check::three_classes),
    rule(Kind::DUFFEL_TOKEN, &["duffel_live_", "duffel_test_"], &[run(Alphabet::URL_PADDED, 43)]),
    rule(Kind::SHIPPO_TOKEN, &["shippo_live_", "shippo_test_"], &[run(Alphabet::HEX, 40)]),
    rule(
        Kind::MERCADOPAGO_TOKEN,
        &["APP_USR-", "TEST-"],
        &[
            runs(Alphabet::DIGITS, 13, 16),
            text("-"),
            run(Alphabet::DIGITS, 6),
            text("-"),
            run(Alphabet::HEX, 32),
            text("-"),
            runs(Alphabet::DIGITS, 6, 10),
        ],
    ),
    rule(
        Kind::PADDLE_KEY,
        &["pdl_live_apikey_", "pdl_sdbx_apikey_"],
        &[
            run(Alphabet::BASE36, 26),
            text("_"),
            run(Alphabet::BASE62, 22),
            text("_"),
            run(Alphabet::BASE62, 3),
        ],
    ),
    rule(
        Kind::POLAR_TOKEN,
        &["polar_oat_", "polar_pat_", "polar_at_u_", "polar_at_o_"],
        &[runs(Alphabet::BASE62, 30, 50)],
    ),
    rule(Kind::CHARGEBEE_KEY, &["live_", "test_"], &[runs(Alphabet::URL_SAFE, 32, 36)])
        .near(&["chargebee"]),
    rule(Kind::ASAAS_TOKEN, &["$aact_"], &[runs(Alphabet::ANY_BASE64, 60, 300)]),
    rule(Kind::WOOCOMMERCE_SECRET, &["ck_", "cs_"], &[run(Alphabet::HEX, 40)]),
    rule(
        Kind::TELNYX_KEY,
        &["KEY0"],
        &[runs(Alphabet::ANY_HEX, 31, 34), text("_"), run(Alphabet::BASE62, 22)],
    ),
    rule(Kind::OMISE_KEY, &["skey_", "skey_test_"], &[runs(Alphabet::BASE62, 19, 24)])
        .check(check::mixed),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::PAYPAL_SECRET, &["paypal"], &[&[text("E"), run(Alphabet::URL_SAFE, 78)]])
        .key(&["secret"]),
    named(Kind::PAYPAL_SECRET, &["braintree"], &[&[run(Alphabet::HEX, 32)]])
        .key(&["private", "secret", "key"]),
    named(Kind::RAZORPAY_KEY, &["razorpay"], &[&[run(Alphabet::BASE62, 24)]]).key(&["secret"]),
    named(
        Kind::PLAID_TOKEN,
        &["plaid"],
        &[&[run(Alphabet::BASE36, 30)], &[run(Alphabet::BASE62, 24)]],
    ),
    named(
        Kind::COINBASE_TOKEN,
        &["coinbase"],
        &[
            &[run(Alphabet::URL_SAFE, 64)],
            &[run(Alphabet::BASE62, 32)],
            &[runs(Alphabet::ANY_BASE64, 86, 88)],
        ],
    ),
    named(
        Kind::CHARGEBEE_KEY,
        &["chargebee"],
        &[
            &[text("live_"), runs(Alphabet::URL_SAFE, 32, 36)],
            &[text("test_"), runs(Alphabet::URL_SAFE, 32, 36)],
        ],
    ),
    named(Kind::RECURLY_KEY, &["recurly"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::FINICITY_KEY,
        &["finicity"],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::BASE36, 20)]],
    ),
    named(Kind::DWOLLA_KEY, &["dwolla"], &[&[run(Alphabet::BASE62, 50)]]),
    named(Kind::FRESHBOOKS_TOKEN, &["freshbooks"], &[&[run(Alphabet::BASE62, 64)]]),
    named(Kind::QUICKBOOKS_SECRET, &["quickbooks", "intuit"], &[&[run(Alphabet::BASE62, 40)]])
        .key(&["secret"]),
    named(Kind::XERO_SECRET, &["xero"], &[&[run(Alphabet::URL_SAFE, 48)]]).key(&["secret"]),
    named(
        Kind::KRAKEN_KEY,
        &["kraken"],
        &[&[runs(Alphabet::ANY_BASE64, 80, 90)], &[run(Alphabet::ANY_BASE64, 56)]],
    ),
    named(Kind::KUCOIN_KEY, &["kucoin"], &[&[run(Alphabet::HEX, 24)], UUID]),
    named(Kind::BITTREX_KEY, &["bittrex"], &[&[run(Alphabet::BASE62, 32)]]),
    named(Kind::BINANCE_KEY, &["binance"], &[&[run(Alphabet::BASE62, 64)]]),
    named(Kind::OKX_KEY, &["okx", "okex"], &[&[run(Alphabet::ANY_HEX, 32)], UUID]),
    named(
        Kind::BYBIT_KEY,
        &["bybit"],
        &[&[run(Alphabet::BASE62, 18)], &[run(Alphabet::BASE62, 36)]],
    ),
    named(
        Kind::ALPACA_KEY,
        &["alpaca", "apca"],
        &[&[run(Alphabet::BASE62, 40)], &[run(Alphabet::UPPER36, 20)]],
    ),
    named(Kind::SQUARESPACE_TOKEN, &["squarespace"], &[UUID]),
    named(Kind::BIGCOMMERCE_TOKEN, &["bigcommerce"], &[&[run(Alphabet::BASE36, 31)]]),
    named(Kind::WISE_TOKEN, &["wise_api", "transferwise"], &[UUID]),
    named(
        Kind::GUMROAD_TOKEN,
        &["gumroad"],
        &[&[runs(Alphabet::BASE62, 43, 44)], &[run(Alphabet::URL_SAFE, 43)]],
    ),
];
