//! What opens social networks and media.

crate::kind::kinds! {
    SOCIAL:
    TWITCH_TOKEN = "twitch_token", Secret, Restricted,
        "An access token or stream key of Twitch.",
        "`live_` and 8 to 10 digits, `_`, 30 letters and digits (mixed); 30 small letters and digits, assigned beside `twitch`",
        "Twitch developer documentation, authentication";
    FACEBOOK_TOKEN = "facebook_token", Secret, Restricted,
        "An access token or secret of Meta.",
        "`EAACEdEose0cBA` and 40 to 300 letters and digits; `EAA` and 90 to 300 letters and digits (mixed); `IGQV` or `IGQW` and 100 to 250 characters of base64url; 32 hexadecimal digits or 15 to 16 digits, `|`, 27 characters of base64url, assigned beside `facebook` or `fb_app`",
        "Meta for Developers, access tokens";
    TWITTER_TOKEN = "twitter_token", Secret, Restricted,
        "A key, secret or token of X.",
        "`AAAAAAAAAAAAAAAAAAAAA` and 70 to 120 letters, digits and signs (mixed); letters and digits of the seven lengths that it issues, assigned beside `twitter`",
        "X developer documentation, authentication";
    LINKEDIN_SECRET = "linkedin_secret", Secret, Restricted,
        "A client id or secret of LinkedIn.",
        "`WPL_AP1.` and 16 letters and digits, `.`, 6 to 12 characters of base64; 14 small letters and digits or 16 letters and digits, assigned beside `linkedin`",
        "LinkedIn developer documentation, OAuth 2.0";
    REDDIT_SECRET = "reddit_secret", Secret, Restricted,
        "A client secret of Reddit.",
        "27 characters of base64url or 30 characters of base64url, assigned beside `reddit`",
        "Reddit documentation, OAuth 2";
    PINTEREST_TOKEN = "pinterest_token", Secret, Restricted,
        "An access token of Pinterest.",
        "`pina_` and 32 to 140 letters and digits",
        "Pinterest developer documentation, authentication";
    TIKTOK_SECRET = "tiktok_secret", Secret, Restricted,
        "A client secret of TikTok.",
        "32 letters and digits, assigned beside `tiktok`",
        "TikTok developer documentation, client access tokens";
    SPOTIFY_SECRET = "spotify_secret", Secret, Restricted,
        "A client secret of Spotify.",
        "32 hexadecimal digits, assigned beside `spotify`",
        "Spotify documentation, client credentials";
    NYLAS_KEY = "nylas_key", Secret, Restricted,
        "An API key of Nylas.",
        "`nyk_v0_` and 60 to 70 letters and digits",
        "Nylas documentation, API keys";
    MAILTRAP_TOKEN = "mailtrap_token", Secret, Restricted,
        "An API key of Mailtrap.",
        "32 hexadecimal digits or 14 hexadecimal digits, assigned beside `mailtrap`",
        "Mailtrap documentation, API tokens";
}
