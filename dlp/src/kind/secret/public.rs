//! What opens public data, maps, chains of blocks and devices.

crate::kind::kinds! {
    PUBLIC:
    MAPBOX_TOKEN = "mapbox_token", Secret, Restricted,
        "A token of Mapbox.",
        "`pk.` or `sk.` or `tk.` and 30 to 120 characters of base64url, `.`, 20 to 24 characters of base64url (the first part is JSON)",
        "Mapbox documentation, access tokens";
    MAXMIND_KEY = "maxmind_key", Secret, Restricted,
        "A licence key of MaxMind.",
        "36 letters, digits and `_` before `_mmk`; 16 letters and digits, assigned beside `maxmind` or `geolite`",
        "MaxMind documentation, license keys";
    RAPIDAPI_KEY = "rapidapi_key", Secret, Restricted,
        "A key of RapidAPI.",
        "50 characters of base64url, assigned beside `rapidapi` or `x-rapidapi`",
        "RapidAPI documentation, API keys";
    OPENWEATHER_KEY = "openweather_key", Secret, Restricted,
        "A key of OpenWeather.",
        "32 hexadecimal digits, assigned beside `openweather` or `owm`",
        "OpenWeather documentation, API keys";
    NASA_KEY = "nasa_key", Secret, Restricted,
        "An API key of NASA or of data.gov.",
        "40 letters and digits, assigned beside `nasa.gov` or `nasa`",
        "api.nasa.gov, API keys";
    FINNHUB_KEY = "finnhub_key", Secret, Restricted,
        "An API key of Finnhub.",
        "20 letters and digits, assigned beside `finnhub`",
        "Finnhub documentation, authentication";
    POLYGON_KEY = "polygon_key", Secret, Restricted,
        "An API key of Polygon.",
        "32 letters and digits, assigned beside `polygon`",
        "Polygon documentation, API keys";
    ALPHAVANTAGE_KEY = "alphavantage_key", Secret, Restricted,
        "An API key of Alpha Vantage.",
        "16 capitals and digits, assigned beside `alphavantage` or `alpha_vantage`",
        "Alpha Vantage documentation, API key";
    IPINFO_TOKEN = "ipinfo_token", Secret, Restricted,
        "A token of IPinfo.",
        "14 hexadecimal digits, assigned beside `ipinfo`",
        "IPinfo documentation, authentication";
    IPSTACK_KEY = "ipstack_key", Secret, Restricted,
        "An access key of ipstack.",
        "32 hexadecimal digits, assigned beside `ipstack`",
        "ipstack documentation, access key";
    IPGEOLOCATION_KEY = "ipgeolocation_key", Secret, Restricted,
        "An API key of ipgeolocation.",
        "32 hexadecimal digits, assigned beside `ipgeolocation`",
        "ipgeolocation documentation, authentication";
    INFURA_KEY = "infura_key", Secret, Restricted,
        "A key or secret of Infura.",
        "32 hexadecimal digits, assigned beside `infura`",
        "Infura documentation, authentication";
    ALCHEMY_KEY = "alchemy_key", Secret, Restricted,
        "An API key of Alchemy.",
        "32 characters of base64url, assigned beside `alchemy`",
        "Alchemy documentation, API keys";
    ETHERSCAN_KEY = "etherscan_key", Secret, Restricted,
        "An API key of Etherscan.",
        "34 capitals and digits, assigned beside `etherscan` or `bscscan`",
        "Etherscan documentation, API keys";
    ETHEREUM_PRIVATE_KEY = "ethereum_private_key", Secret, Restricted,
        "A private key of a wallet: 32 bytes in hexadecimal digits.",
        "`0x`, 64 hexadecimal digits or 64 hexadecimal digits, assigned beside `private_key` or `privatekey`",
        "Ethereum yellow paper, appendix F";
    COINMARKETCAP_KEY = "coinmarketcap_key", Secret, Restricted,
        "An API key of CoinMarketCap.",
        "a UUID, assigned beside `coinmarketcap` or `cmc_pro`",
        "CoinMarketCap documentation, authentication";
    COINAPI_KEY = "coinapi_key", Secret, Restricted,
        "An API key of CoinAPI.",
        "a UUID, assigned beside `coinapi`",
        "CoinAPI documentation, authentication";
    ADAFRUIT_KEY = "adafruit_key", Secret, Restricted,
        "A key of Adafruit IO.",
        "`aio_` and 28 letters and digits; 32 characters of base64url, assigned beside `adafruit`",
        "Adafruit IO documentation, API keys";
    PARTICLE_TOKEN = "particle_token", Secret, Restricted,
        "An access token of Particle.",
        "40 hexadecimal digits, assigned beside `particle`",
        "Particle documentation, authentication";
    THINGSBOARD_TOKEN = "thingsboard_token", Secret, Restricted,
        "A device token or provisioning secret of ThingsBoard.",
        "`thingsboard.cloud/api/v1/` or `thingsboard.io/api/v1/` and 20 small letters and digits; 20 small letters and digits, assigned beside `provisiondevicekey` or `provisiondevicesecret`",
        "ThingsBoard documentation, device API";
    BALENA_KEY = "balena_key", Secret, Restricted,
        "A token of Balena.",
        "32 letters and digits, assigned beside `balena`",
        "balena documentation, API keys";
    TUYA_SECRET = "tuya_secret", Secret, Restricted,
        "A secret of Tuya.",
        "32 hexadecimal digits, assigned beside `tuya`",
        "Tuya developer documentation, authorization key management";
    RAILS_MASTER_KEY = "rails_master_key", Secret, Restricted,
        "The master key or secret of a Rails application.",
        "32 hexadecimal digits or 128 hexadecimal digits, assigned beside `rails_master` or `rails_secret`",
        "Ruby on Rails guides, custom credentials";
    LARAVEL_KEY = "laravel_key", Secret, Restricted,
        "The application key of Laravel.",
        "`base64:` and 43 characters of base64, `=`, near `app_key`",
        "Laravel documentation, encryption";
    DJANGO_SECRET_KEY = "django_secret_key", Secret, Restricted,
        "The secret key of a Django application.",
        "`django-insecure-` and fifty characters",
        "Django documentation, SECRET_KEY";
    AIVEN_PASSWORD = "aiven_password", Secret, Restricted,
        "A password of an Aiven service.",
        "`AVNS_` and 16 to 24 characters of base64url",
        "Aiven documentation, service users";
    AIVEN_TOKEN = "aiven_token", Secret, Restricted,
        "A token of Aiven.",
        "`aivenv1` and 100 to 400 characters of base64",
        "Aiven documentation, authentication tokens";
    SNOWFLAKE_TOKEN = "snowflake_token", Secret, Restricted,
        "A programmatic access token of Snowflake.",
        "60 to 300 characters of base64, assigned beside `snowflake`",
        "Snowflake documentation, programmatic access tokens";
    TABLEAU_TOKEN = "tableau_token", Secret, Restricted,
        "A personal access token of Tableau.",
        "22 characters of base64, `==:`, 32 letters and digits or 22 characters of base64, `==:`, 32 letters and digits, assigned beside `tableau`",
        "Tableau documentation, personal access tokens";
    PORTAINER_TOKEN = "portainer_token", Secret, Restricted,
        "An access token of Portainer.",
        "`ptr_` and 40 to 60 characters of base64",
        "Portainer documentation, API access";
    RANCHER_TOKEN = "rancher_token", Secret, Restricted,
        "A token of Rancher.",
        "`token-` and 5 small letters and digits, `:`, 54 small letters and digits",
        "Rancher documentation, API keys";
    OPENSHIFT_TOKEN = "openshift_token", Secret, Restricted,
        "A user token of OpenShift.",
        "`sha256~` and 43 characters of base64url (mixed)",
        "OpenShift documentation, OAuth access tokens";
    KUBERNETES_BOOTSTRAP_TOKEN = "kubernetes_bootstrap_token", Secret, Restricted,
        "A bootstrap token of Kubernetes.",
        "6 small letters and digits, `.`, 16 small letters and digits, assigned beside `bootstrap` or `kubeadm`; 16 hexadecimal digits, assigned beside `token-secret` or `token_secret`",
        "Kubernetes documentation, bootstrap tokens";
    KUBERNETES_SECRET = "kubernetes_secret", Secret, Restricted,
        "A value of a Kubernetes secret.",
        "base64 of text under `data:` near `kind: Secret`",
        "Kubernetes documentation, secrets";
    PTERODACTYL_KEY = "pterodactyl_key", Secret, Restricted,
        "An API key of Pterodactyl.",
        "`ptla_` or `ptlc_` and 43 letters and digits",
        "Pterodactyl documentation, API keys";
    PROXMOX_TOKEN = "proxmox_token", Secret, Restricted,
        "An API token of Proxmox VE.",
        "`PVEAPIToken=` and 2 to 30 letters, digits and `-`, `@`, 2 to 10 small letters and digits, `!`, 1 to 40 letters, digits and `-`, `=`, a UUID",
        "Proxmox VE documentation, API tokens";
    PDFSHIFT_KEY = "pdfshift_key", Secret, Restricted,
        "An API key of PDFShift.",
        "`sk_` and 40 hexadecimal digits, near `pdfshift`",
        "PDFShift documentation, authentication";
    CONVERTAPI_SECRET = "convertapi_secret", Secret, Restricted,
        "A secret of ConvertAPI.",
        "16 letters and digits or 32 letters and digits, assigned beside `convertapi`",
        "ConvertAPI documentation, authentication";
    AWX_TOKEN = "awx_token", Secret, Restricted,
        "A token of Ansible's controller, AWX.",
        "30 letters and digits, assigned beside `tower_oauth` or `awx_token`",
        "AWX documentation, applications and tokens";
    UPBOUND_TOKEN = "upbound_token", Secret, Restricted,
        "A token of Upbound.",
        "40 to 300 letters and digits, assigned beside `upbound`",
        "Upbound documentation, API tokens";
    GOTIFY_TOKEN = "gotify_token", Secret, Restricted,
        "A token of Gotify.",
        "15 characters of base64url and dots, assigned beside `gotify`",
        "Gotify documentation, push messages";
    PLEX_TOKEN = "plex_token", Secret, Restricted,
        "A token of Plex.",
        "20 characters of base64url, assigned beside `plex`",
        "Plex support, authentication tokens";
    UNSPLASH_KEY = "unsplash_key", Secret, Restricted,
        "A key of Unsplash.",
        "43 characters of base64url, assigned beside `unsplash`",
        "Unsplash developer documentation, authorization";
    PEXELS_KEY = "pexels_key", Secret, Restricted,
        "An API key of Pexels.",
        "56 letters and digits, assigned beside `pexels`",
        "Pexels documentation, authorization";
    GIPHY_KEY = "giphy_key", Secret, Restricted,
        "An API key of GIPHY.",
        "32 letters and digits, assigned beside `giphy`",
        "GIPHY developer documentation, API keys";
    TMDB_KEY = "tmdb_key", Secret, Restricted,
        "An API key of The Movie Database.",
        "32 hexadecimal digits, assigned beside `tmdb`",
        "TMDB developer documentation, authentication";
    NEWSAPI_KEY = "newsapi_key", Secret, Restricted,
        "An API key of News API.",
        "32 hexadecimal digits, assigned beside `newsapi` or `news_api`",
        "News API documentation, authentication";
    HERE_KEY = "here_key", Secret, Restricted,
        "An API key of HERE.",
        "43 characters of base64url, assigned beside `here_api` or `heremaps`",
        "HERE documentation, API keys";
    TOMTOM_KEY = "tomtom_key", Secret, Restricted,
        "An API key of TomTom.",
        "32 letters and digits, assigned beside `tomtom`",
        "TomTom developer documentation, API keys";
    LOCATIONIQ_KEY = "locationiq_key", Secret, Restricted,
        "A token of LocationIQ.",
        "`pk.` and 32 hexadecimal digits (mixed)",
        "LocationIQ documentation, access tokens";
    CURRENCYLAYER_KEY = "currencylayer_key", Secret, Restricted,
        "An access key of currencylayer.",
        "32 hexadecimal digits, assigned beside `currencylayer`",
        "currencylayer documentation, API access key";
    FIXER_KEY = "fixer_key", Secret, Restricted,
        "An access key of Fixer.",
        "32 letters and digits, assigned beside `fixer`",
        "Fixer documentation, API access keys";
    OPENEXCHANGERATES_KEY = "openexchangerates_key", Secret, Restricted,
        "An application id of Open Exchange Rates.",
        "32 hexadecimal digits, assigned beside `openexchange`",
        "Open Exchange Rates documentation, authentication";
    SCRAPERAPI_KEY = "scraperapi_key", Secret, Restricted,
        "An API key of ScraperAPI.",
        "32 hexadecimal digits, assigned beside `scraperapi`",
        "ScraperAPI documentation, API key";
    SCRAPINGBEE_KEY = "scrapingbee_key", Secret, Restricted,
        "An API key of ScrapingBee.",
        "80 capitals and digits, assigned beside `scrapingbee`",
        "ScrapingBee documentation, API key";
    ZENROWS_KEY = "zenrows_key", Secret, Restricted,
        "An API key of ZenRows.",
        "40 hexadecimal digits, assigned beside `zenrows`",
        "ZenRows documentation, API key";
    TWOCAPTCHA_KEY = "twocaptcha_key", Secret, Restricted,
        "An API key of 2Captcha.",
        "32 hexadecimal digits, assigned beside `2captcha` or `twocaptcha`",
        "2Captcha documentation, API";
    CAPSOLVER_KEY = "capsolver_key", Secret, Restricted,
        "An API key of CapSolver.",
        "`CAP-`, 32 capitals and digits, assigned beside `capsolver`",
        "CapSolver documentation, API";
    RECAPTCHA_SECRET = "recaptcha_secret", Secret, Restricted,
        "A secret key of reCAPTCHA.",
        "`6Lc`, `6Ld`, `6Le` or another of its prefixes and 37 characters of base64url (of three classes), near `secret` or `private`",
        "reCAPTCHA documentation, verifying the user's response";
    TURNSTILE_SECRET = "turnstile_secret", Secret, Restricted,
        "A secret key of Cloudflare Turnstile.",
        "`0x4AAAAAAA` and 27 characters of base64url",
        "Cloudflare Turnstile documentation, server-side validation";
    HCAPTCHA_SECRET = "hcaptcha_secret", Secret, Restricted,
        "A secret key of hCaptcha.",
        "`ES_` and 32 hexadecimal digits, near `captcha`; `0x`, 40 hexadecimal digits, assigned beside `hcaptcha`",
        "hCaptcha documentation, verify the user's response";
}
