//! What opens accounts and identity providers.

crate::kind::kinds! {
    IDENTITY:
    OKTA_TOKEN = "okta_token", Secret, Restricted,
        "An API token of Okta.",
        "`00`, 40 characters of base64url, assigned beside `okta` or `ssws`",
        "Okta developer documentation, create an API token";
    AUTH0_SECRET = "auth0_secret", Secret, Restricted,
        "A client secret or management token of Auth0.",
        "64 characters of base64url or 64 hexadecimal digits, assigned beside `auth0`",
        "Auth0 documentation, application settings";
    ONELOGIN_SECRET = "onelogin_secret", Secret, Restricted,
        "A client secret of OneLogin.",
        "64 hexadecimal digits, assigned beside `onelogin`",
        "OneLogin developer documentation, API credentials";
    DUO_SECRET = "duo_secret", Secret, Restricted,
        "A secret key of Duo.",
        "40 letters and digits, assigned beside `duo_secret` or `duo_skey`",
        "Duo documentation, first steps";
    STYTCH_SECRET = "stytch_secret", Secret, Restricted,
        "A secret of Stytch.",
        "`secret-live-` or `secret-test-` and 36 characters of base64url with padding",
        "Stytch documentation, API keys";
    WORKOS_KEY = "workos_key", Secret, Restricted,
        "An API key of WorkOS.",
        "`sk_live_a2V5X` or `sk_test_a2V5X` or `sk_a2V5X` and 50 to 120 characters of base64",
        "WorkOS documentation, API keys";
    DESCOPE_KEY = "descope_key", Secret, Restricted,
        "A management key of Descope.",
        "60 to 120 characters of base64url, assigned beside `descope`",
        "Descope documentation, management keys";
    FRONTEGG_SECRET = "frontegg_secret", Secret, Restricted,
        "A secret of Frontegg.",
        "a UUID, assigned beside `frontegg`",
        "Frontegg documentation, vendor authentication";
    AUTHRESS_KEY = "authress_key", Secret, Restricted,
        "An access key of an Authress service client.",
        "`sc_`, `ext_`, `scauth_` or another of its prefixes and 5 to 30 letters and digits, `.`, 4 to 6 letters and digits, `.acc_`, 10 to 32 letters, digits and `-`, `.`, 30 to 120 letters, digits and signs",
        "Authress documentation, service clients";
    JUMPCLOUD_KEY = "jumpcloud_key", Secret, Restricted,
        "An API key of JumpCloud.",
        "`jca_` and 36 letters and digits; 40 hexadecimal digits, assigned beside `jumpcloud`",
        "JumpCloud documentation, API";
    ONEPASSWORD_TOKEN = "onepassword_token", Secret, Restricted,
        "A service account token or secret key of 1Password.",
        "`ops_eyJ` and 250 to 2000 characters of base64; `A3-` and 6 capitals and digits, `-`, 11 capitals and digits, `-`, 5 capitals and digits, `-`, 5 capitals and digits, `-`, 5 capitals and digits (mixed); `A3-` and 6 capitals and digits, `-`, 6 capitals and digits, `-`, 5 capitals and digits, `-`, 5 capitals and digits, `-`, 5 capitals and digits, `-`, 5 capitals and digits (mixed)",
        "1Password developer documentation, service accounts; 1Password security design white paper";
    BITWARDEN_TOKEN = "bitwarden_token", Secret, Restricted,
        "An access token of Bitwarden Secrets Manager.",
        "`0.`, a UUID, `.`, 30 letters and digits, `:`, 22 characters of base64, `==`, assigned beside `bitwarden` or `bws_access`",
        "Bitwarden documentation, access tokens";
    DOPPLER_TOKEN = "doppler_token", Secret, Restricted,
        "A token of Doppler.",
        "`dp.pt.`, `dp.ct.`, `dp.sa.` or another of its prefixes and 40 to 44 letters and digits; `dp.st.` and 2 to 35 letters, digits and `-`, `.`, 40 to 44 letters and digits",
        "Doppler documentation, token formats";
    INFISICAL_TOKEN = "infisical_token", Secret, Restricted,
        "A service token of Infisical.",
        "`st.` and 24 hexadecimal digits, `.`, 32 hexadecimal digits, `.`, 32 hexadecimal digits",
        "Infisical documentation, service tokens";
    VAULT_TOKEN = "vault_token", Secret, Restricted,
        "A token of HashiCorp Vault.",
        "`hvs.` and 24 to 300 characters of base64url (of three classes); `hvb.` and 24 to 500 characters of base64url; `hvr.` and 24 to 300 characters of base64url (of three classes); `s.`, 24 to 160 characters of base64url or `b.`, 24 to 160 characters of base64url or `r.`, 24 to 160 characters of base64url, assigned beside `vault`",
        "Vault documentation, token prefixes";
    VAULT_UNSEAL_KEY = "vault_unseal_key", Secret, Restricted,
        "A key that unseals HashiCorp Vault.",
        "43 characters of base64, `=` or 44 characters of base64 or 64 hexadecimal digits or 66 hexadecimal digits, assigned beside `unseal`; behind the word itself in the answers and commands of Vault",
        "Vault documentation, seal and unseal";
    CONSUL_TOKEN = "consul_token", Secret, Restricted,
        "A token of Consul or Nomad.",
        "a UUID, assigned beside `consul` or `nomad`",
        "Consul documentation, ACL tokens";
    AGE_KEY = "age_key", Secret, Restricted,
        "A private key of age.",
        "`AGE-SECRET-KEY-1` and 58 capitals and digits",
        "age file encryption, file format v1";
    WIREGUARD_KEY = "wireguard_key", Secret, Restricted,
        "A private or shared key of WireGuard.",
        "43 characters of base64, `=`, assigned beside `presharedkey` or `preshared_key`",
        "WireGuard documentation, wg(8)";
    TAILSCALE_KEY = "tailscale_key", Secret, Restricted,
        "A key of Tailscale.",
        "`tskey-auth-`, `tskey-api-`, `tskey-client-` or another of its prefixes and 8 to 24 letters and digits, `-`, 16 to 40 letters and digits",
        "Tailscale documentation, key prefixes";
    ZEROTIER_TOKEN = "zerotier_token", Secret, Restricted,
        "An API token of ZeroTier.",
        "32 letters and digits, assigned beside `zerotier`",
        "ZeroTier documentation, API";
    NGROK_TOKEN = "ngrok_token", Secret, Restricted,
        "An authtoken or API key of ngrok.",
        "`ak_` or `cr_` and 27 letters and digits, near `ngrok`; 22 to 30 letters and digits, `_`, 18 to 24 letters and digits or 43 to 50 letters and digits, assigned beside `ngrok`",
        "ngrok documentation, authtokens";
    DEFINEDNETWORKING_TOKEN = "definednetworking_token", Secret, Restricted,
        "An API key of Defined Networking.",
        "`dnkey-` and 26 characters of base64url with padding, `-`, 52 characters of base64url with padding",
        "Defined Networking documentation, API keys";
    NORDVPN_TOKEN = "nordvpn_token", Secret, Restricted,
        "An access token of NordVPN.",
        "64 hexadecimal digits, assigned beside `nordvpn`",
        "NordVPN support, access tokens";
    VIRUSTOTAL_KEY = "virustotal_key", Secret, Restricted,
        "An API key of VirusTotal.",
        "64 hexadecimal digits, assigned beside `virustotal` or `vt_api`",
        "VirusTotal documentation, API overview";
    SHODAN_KEY = "shodan_key", Secret, Restricted,
        "An API key of Shodan.",
        "32 letters and digits, assigned beside `shodan`",
        "Shodan documentation, API";
    CENSYS_SECRET = "censys_secret", Secret, Restricted,
        "A secret of Censys.",
        "32 letters and digits, assigned beside `censys`",
        "Censys documentation, API";
    ABUSEIPDB_KEY = "abuseipdb_key", Secret, Restricted,
        "An API key of AbuseIPDB.",
        "80 hexadecimal digits, assigned beside `abuseipdb`",
        "AbuseIPDB documentation, API";
    URLSCAN_KEY = "urlscan_key", Secret, Restricted,
        "An API key of urlscan.io.",
        "a UUID, assigned beside `urlscan`",
        "urlscan.io documentation, API";
    HIBP_KEY = "hibp_key", Secret, Restricted,
        "An API key of Have I Been Pwned.",
        "32 hexadecimal digits, assigned beside `hibp` or `haveibeenpwned`",
        "Have I Been Pwned documentation, API version 3";
    MERAKI_KEY = "meraki_key", Secret, Restricted,
        "An API key of Cisco Meraki.",
        "40 hexadecimal digits, assigned beside `meraki`",
        "Cisco Meraki documentation, dashboard API";
    GITGUARDIAN_TOKEN = "gitguardian_token", Secret, Restricted,
        "A token of GitGuardian.",
        "70 to 76 letters and digits, assigned beside `gitguardian`",
        "GitGuardian documentation, authentication";
    TINES_TOKEN = "tines_token", Secret, Restricted,
        "An API token of Tines.",
        "20 to 24 characters of base64url, assigned beside `tines`",
        "Tines documentation, API tokens";
    KEYCLOAK_SECRET = "keycloak_secret", Secret, Restricted,
        "A client secret of Keycloak.",
        "32 letters and digits or a UUID, assigned beside `keycloak` or `kc_client`",
        "Keycloak documentation, client credentials";
    FIREBASE_KEY = "firebase_key", Secret, Restricted,
        "A server key of Firebase Cloud Messaging.",
        "`AAAA` and 7 letters and digits, `:`, 140 characters of base64url",
        "Firebase documentation, legacy server keys";
    ONFIDO_TOKEN = "onfido_token", Secret, Restricted,
        "An API token of Onfido.",
        "`api_live.`, `api_sandbox.`, `api_live_us.` or another of its prefixes and 11 characters of base64url, `.`, 32 characters of base64url",
        "Onfido documentation, API tokens";
    PERSONA_KEY = "persona_key", Secret, Restricted,
        "An API key of Persona.",
        "`persona_production_` or `persona_sandbox_` and a UUID",
        "Persona documentation, API keys";
    CHECKR_KEY = "checkr_key", Secret, Restricted,
        "An API key of Checkr.",
        "40 hexadecimal digits, assigned beside `checkr`",
        "Checkr documentation, authentication";
    UNKEY_KEY = "unkey_key", Secret, Restricted,
        "A root key of Unkey.",
        "`unkey_` and 20 to 32 letters and digits",
        "Unkey documentation, root keys";
    TRUENAS_KEY = "truenas_key", Secret, Restricted,
        "An API key of TrueNAS.",
        "1 to 3 digits, `-`, 64 letters and digits, assigned beside `truenas` or `api_key`; 1 to 3 digits, `-`, 64 letters and digits, assigned beside `api/v2.0`",
        "TrueNAS documentation, API keys";
}
