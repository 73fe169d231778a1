//! What moves money.

crate::kind::kinds! {
    PAYMENT:
    STRIPE_KEY = "stripe_key", Secret, Restricted,
        "A secret or restricted key of Stripe, or the secret of a webhook.",
        "`sk_live_`, `rk_live_`, `sk_test_` or another of its prefixes and 16 to 260 letters, digits and `_`; `whsec_` and 32 to 64 characters of base64",
        "Stripe documentation, API keys";
    SQUARE_TOKEN = "square_token", Secret, Restricted,
        "An access token or secret of Square.",
        "`sq0atp-` or `sq0atb-` and 22 to 43 characters of base64url; `sq0csp-` and 43 characters of base64url; `EAAA` and 60 characters of base64url (of three classes)",
        "Square documentation, access tokens";
    PAYPAL_SECRET = "paypal_secret", Secret, Restricted,
        "A client secret or Braintree token of PayPal.",
        "`access_token$production$` or `access_token$sandbox$` and 16 small letters and digits, `$`, 32 hexadecimal digits; `E`, 78 characters of base64url, assigned beside `paypal`; 32 hexadecimal digits, assigned beside `braintree`",
        "PayPal developer documentation, REST API credentials; Braintree documentation";
    SHOPIFY_TOKEN = "shopify_token", Secret, Restricted,
        "An access token or shared secret of Shopify.",
        "`shpat_`, `shpca_`, `shppa_` or another of its prefixes and 32 hexadecimal digits",
        "Shopify documentation, access tokens";
    RAZORPAY_KEY = "razorpay_key", Secret, Restricted,
        "A key of Razorpay.",
        "`rzp_live_` or `rzp_test_` and 14 letters and digits; 24 letters and digits, assigned beside `razorpay`",
        "Razorpay documentation, API keys";
    FLUTTERWAVE_KEY = "flutterwave_key", Secret, Restricted,
        "A secret or public key of Flutterwave.",
        "`FLWSECK_TEST-`, `FLWSECK-`, `FLWPUBK_TEST-` or another of its prefixes and 32 hexadecimal digits, `-X`; `FLWSECK_TEST` and 12 hexadecimal digits; `FLWSECK_TEST-` and 12 hexadecimal digits",
        "Flutterwave documentation, authentication";
    MOLLIE_KEY = "mollie_key", Secret, Restricted,
        "An API key of Mollie.",
        "`live_` or `test_` and 30 letters and digits, near `mollie`; `access_` and 40 letters and digits, near `mollie`",
        "Mollie documentation, authentication";
    ADYEN_KEY = "adyen_key", Secret, Restricted,
        "An API key of Adyen.",
        "`AQE` and 60 to 300 characters of base64 (of three classes), near `adyen`",
        "Adyen documentation, API credentials";
    GOCARDLESS_TOKEN = "gocardless_token", Secret, Restricted,
        "An access token of GoCardless.",
        "`live_` or `sandbox_` and 40 characters of base64url with padding, near `gocardless` or `go_cardless`",
        "GoCardless documentation, access tokens";
    PLAID_TOKEN = "plaid_token", Secret, Restricted,
        "A client id, secret or access token of Plaid.",
        "`access-production-` or `access-sandbox-` or `access-development-` and a UUID; 30 small letters and digits or 24 letters and digits, assigned beside `plaid`",
        "Plaid documentation, tokens";
    COINBASE_TOKEN = "coinbase_token", Secret, Restricted,
        "An API key of Coinbase.",
        "64 characters of base64url or 32 letters and digits or 86 to 88 characters of base64, assigned beside `coinbase`",
        "Coinbase developer documentation, authentication";
    LOB_KEY = "lob_key", Secret, Restricted,
        "An API key of Lob.",
        "`live_` or `test_` and 35 hexadecimal digits (mixed); `live_pub_` or `test_pub_` and 31 hexadecimal digits (mixed)",
        "Lob documentation, API keys";
    EASYPOST_KEY = "easypost_key", Secret, Restricted,
        "An API key of EasyPost.",
        "`EZAK` or `EZTK` and 54 letters and digits (of three classes)",
        "EasyPost documentation, authentication";
    DUFFEL_TOKEN = "duffel_token", Secret, Restricted,
        "An access token of Duffel.",
        "`duffel_live_` or `duffel_test_` and 43 characters of base64url with padding",
        "Duffel documentation, access tokens";
    SHIPPO_TOKEN = "shippo_token", Secret, Restricted,
        "An API token of Shippo.",
        "`shippo_live_` or `shippo_test_` and 40 hexadecimal digits",
        "Shippo documentation, authentication";
    MERCADOPAGO_TOKEN = "mercadopago_token", Secret, Restricted,
        "An access token of Mercado Pago.",
        "`APP_USR-` or `TEST-` and 13 to 16 digits, `-`, 6 digits, `-`, 32 hexadecimal digits, `-`, 6 to 10 digits",
        "Mercado Pago documentation, credentials";
    PADDLE_KEY = "paddle_key", Secret, Restricted,
        "An API key of Paddle.",
        "`pdl_live_apikey_` or `pdl_sdbx_apikey_` and 26 small letters and digits, `_`, 22 letters and digits, `_`, 3 letters and digits",
        "Paddle documentation, API keys";
    POLAR_TOKEN = "polar_token", Secret, Restricted,
        "An access token of Polar.",
        "`polar_oat_`, `polar_pat_`, `polar_at_u_` or another of its prefixes and 30 to 50 letters and digits",
        "Polar documentation, access tokens";
    CHARGEBEE_KEY = "chargebee_key", Secret, Restricted,
        "An API key of Chargebee.",
        "`live_` or `test_` and 32 to 36 characters of base64url, near `chargebee`; `live_`, 32 to 36 characters of base64url or `test_`, 32 to 36 characters of base64url, assigned beside `chargebee`",
        "Chargebee documentation, API keys";
    RECURLY_KEY = "recurly_key", Secret, Restricted,
        "A private key of Recurly.",
        "32 hexadecimal digits, assigned beside `recurly`",
        "Recurly documentation, API keys";
    FINICITY_KEY = "finicity_key", Secret, Restricted,
        "An application key or secret of Finicity.",
        "32 hexadecimal digits or 20 small letters and digits, assigned beside `finicity`",
        "Finicity documentation, authentication";
    DWOLLA_KEY = "dwolla_key", Secret, Restricted,
        "A key or secret of Dwolla.",
        "50 letters and digits, assigned beside `dwolla`",
        "Dwolla documentation, application access tokens";
    FRESHBOOKS_TOKEN = "freshbooks_token", Secret, Restricted,
        "An access token of FreshBooks.",
        "64 letters and digits, assigned beside `freshbooks`",
        "FreshBooks documentation, authentication";
    QUICKBOOKS_SECRET = "quickbooks_secret", Secret, Restricted,
        "A client secret of QuickBooks.",
        "40 letters and digits, assigned beside `quickbooks` or `intuit`",
        "Intuit developer documentation, OAuth 2.0";
    XERO_SECRET = "xero_secret", Secret, Restricted,
        "A client secret of Xero.",
        "48 characters of base64url, assigned beside `xero`",
        "Xero developer documentation, OAuth 2.0";
    ASAAS_TOKEN = "asaas_token", Secret, Restricted,
        "An API key of Asaas.",
        "`$aact_` and 60 to 300 characters of base64",
        "Asaas documentation, API keys";
    KRAKEN_KEY = "kraken_key", Secret, Restricted,
        "An API key or private key of Kraken.",
        "80 to 90 characters of base64 or 56 characters of base64, assigned beside `kraken`",
        "Kraken API documentation, authentication";
    KUCOIN_KEY = "kucoin_key", Secret, Restricted,
        "An API key or secret of KuCoin.",
        "24 hexadecimal digits or a UUID, assigned beside `kucoin`",
        "KuCoin API documentation, authentication";
    BITTREX_KEY = "bittrex_key", Secret, Restricted,
        "An API key or secret of Bittrex.",
        "32 letters and digits, assigned beside `bittrex`",
        "Bittrex API documentation, authentication";
    BINANCE_KEY = "binance_key", Secret, Restricted,
        "An API key or secret of Binance.",
        "64 letters and digits, assigned beside `binance`",
        "Binance API documentation, API key types";
    OKX_KEY = "okx_key", Secret, Restricted,
        "A key or secret of OKX.",
        "32 hexadecimal digits or a UUID, assigned beside `okx` or `okex`",
        "OKX API documentation, authentication";
    BYBIT_KEY = "bybit_key", Secret, Restricted,
        "A key or secret of Bybit.",
        "18 letters and digits or 36 letters and digits, assigned beside `bybit`",
        "Bybit API documentation, authentication";
    ALPACA_KEY = "alpaca_key", Secret, Restricted,
        "A key or secret of Alpaca.",
        "40 letters and digits or 20 capitals and digits, assigned beside `alpaca` or `apca`",
        "Alpaca documentation, authentication";
    SQUARESPACE_TOKEN = "squarespace_token", Secret, Restricted,
        "An access token of Squarespace.",
        "a UUID, assigned beside `squarespace`",
        "Squarespace developer documentation, API keys";
    BIGCOMMERCE_TOKEN = "bigcommerce_token", Secret, Restricted,
        "An access token of BigCommerce.",
        "31 small letters and digits, assigned beside `bigcommerce`",
        "BigCommerce documentation, API accounts";
    WOOCOMMERCE_SECRET = "woocommerce_secret", Secret, Restricted,
        "A consumer key or secret of WooCommerce.",
        "`ck_` or `cs_` and 40 hexadecimal digits",
        "WooCommerce REST API documentation, authentication";
    TELNYX_KEY = "telnyx_key", Secret, Restricted,
        "An API key of Telnyx.",
        "`KEY0` and 31 to 34 hexadecimal digits, `_`, 22 letters and digits",
        "Telnyx developer documentation, API keys";
    WISE_TOKEN = "wise_token", Secret, Restricted,
        "An API token of Wise.",
        "a UUID, assigned beside `wise_api` or `transferwise`",
        "Wise platform documentation, API tokens";
    OMISE_KEY = "omise_key", Secret, Restricted,
        "A secret key of Omise.",
        "`skey_` or `skey_test_` and 19 to 24 letters and digits (mixed)",
        "Omise documentation, authentication";
    GUMROAD_TOKEN = "gumroad_token", Secret, Restricted,
        "An access token of Gumroad.",
        "43 to 44 letters and digits or 43 characters of base64url, assigned beside `gumroad`",
        "Gumroad documentation, API";
}
