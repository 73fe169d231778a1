//! What opens clouds and hosting.

crate::kind::kinds! {
    CLOUD:
    AWS_KEY = "aws_key", Secret, Restricted,
        "An access key id of Amazon Web Services.",
        "`AKIA`, `ASIA`, `ABIA` or another of its prefixes and 16 capitals and digits; `A3T` and 17 capitals and digits, near `aws` or `amazon`",
        "AWS IAM User Guide, unique identifiers";
    AWS_SECRET = "aws_secret", Secret, Restricted,
        "A secret access key of Amazon Web Services.",
        "40 characters of base64, assigned beside `aws_secret` or `awssecret`; 40 characters of base64, assigned beside `aws` or `amazon`",
        "AWS IAM User Guide, access keys";
    AWS_SESSION_TOKEN = "aws_session_token", Secret, Restricted,
        "A session token of Amazon Web Services.",
        "100 to 3000 characters of base64, assigned beside `aws_session` or `awssession`",
        "AWS IAM User Guide, temporary security credentials";
    AWS_BEDROCK_KEY = "aws_bedrock_key", Secret, Restricted,
        "An API key of Amazon Bedrock.",
        "`ABSKQmVkcm9ja0FQSUtleS` and 100 to 300 characters of base64; `bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t` and 0 to 2000 characters of base64",
        "Amazon Bedrock User Guide, API keys";
    AWS_MWS_TOKEN = "aws_mws_token", Secret, Restricted,
        "An authorisation token of Amazon Marketplace Web Service.",
        "`amzn.mws.` and a UUID",
        "Amazon MWS developer guide, authorization tokens";
    AWS_APPSYNC_KEY = "aws_appsync_key", Secret, Restricted,
        "An API key of AWS AppSync.",
        "`da2-` and 26 small letters and digits",
        "AWS AppSync developer guide, API_KEY authorization";
    GOOGLE_KEY = "google_key", Secret, Restricted,
        "An API key or OAuth client secret of Google.",
        "`AIza` and 35 characters of base64url (mixed); `GOCSPX-` and 28 characters of base64url; 24 characters of base64url, assigned beside `googleusercontent` or `google_client`",
        "Google Cloud documentation, API keys";
    GOOGLE_OAUTH_TOKEN = "google_oauth_token", Secret, Restricted,
        "An access or refresh token of Google's OAuth.",
        "`ya29.` and 40 to 1000 characters of base64url; `1//` and 60 to 120 characters of base64url, near `google` or `refresh`",
        "Google Identity documentation, OAuth 2.0";
    GCP_SERVICE_ACCOUNT = "gcp_service_account", Secret, Restricted,
        "A key of a service account of Google Cloud.",
        "40 hexadecimal digits, assigned beside `private_key_id`",
        "Google Cloud documentation, service account keys";
    AZURE_CLIENT_SECRET = "azure_client_secret", Secret, Restricted,
        "A client secret of Microsoft Entra ID.",
        "3 letters, digits and `-._~` before `0Q~`, `1Q~`, `2Q~` or another of its prefixes and 31 to 34 letters, digits and `-._~` (of three classes)",
        "Microsoft Entra documentation, application credentials";
    AZURE_STORAGE_KEY = "azure_storage_key", Secret, Restricted,
        "A key of an Azure storage account, of Cosmos DB or of Batch.",
        "86 characters of base64, `==`, assigned beside `accountkey` or `account_key`",
        "Azure Storage documentation, account access keys";
    AZURE_SHARED_ACCESS_KEY = "azure_shared_access_key", Secret, Restricted,
        "A key of a shared access policy of Azure: Service Bus, Event Hubs, IoT Hub.",
        "43 characters of base64, `=`, assigned beside `sharedaccesskey` or `shared_access_key`",
        "Azure Service Bus documentation, shared access signatures";
    AZURE_SAS_SIGNATURE = "azure_sas_signature", Secret, Restricted,
        "The signature of a shared access signature of Azure.",
        "`sig=` and 0 to 60 letters, digits and `_`, `%`, 0 to 60 letters, digits and `_`, `%`, 0 to 12 letters, digits and `_`, near `sv=` or `se=`",
        "Azure Storage documentation, service SAS";
    AZURE_APP_CONFIG_SECRET = "azure_app_config_secret", Secret, Restricted,
        "The secret of a connection string of Azure App Configuration.",
        "43 characters of base64, `=`, assigned beside `azconfig`",
        "Azure App Configuration documentation, connection strings";
    AZURE_DEVOPS_TOKEN = "azure_devops_token", Secret, Restricted,
        "A personal access token of Azure DevOps.",
        "76 letters and digits before `AZDO` and 4 letters and digits (the marks of its fixed parts); 52 small letters and digits, assigned beside `azure_devops` or `ado_pat`",
        "Azure DevOps documentation, personal access tokens";
    AZURE_KEY = "azure_key", Secret, Restricted,
        "A key of an Azure service in the form that its services share.",
        "52 letters and digits before `JQQJ9` and 27 letters and digits; 52 letters and digits before `JQQJ9` and 29 letters and digits, `==`",
        "Microsoft Security Utilities, common annotated security keys";
    AZURE_FUNCTION_KEY = "azure_function_key", Secret, Restricted,
        "A host or function key of Azure Functions.",
        "40 to 48 characters of base64 before `AzFu` and 4 to 12 characters of base64",
        "Azure Functions documentation, access keys";
    AZURE_SEARCH_KEY = "azure_search_key", Secret, Restricted,
        "An administration or query key of Azure AI Search.",
        "42 letters and digits before `AzSe` and 6 letters and digits",
        "Azure AI Search documentation, API keys";
    AZURE_CONTAINER_REGISTRY_KEY = "azure_container_registry_key", Secret, Restricted,
        "A password of Azure Container Registry.",
        "42 characters of base64 before `+ACR` and 6 letters and digits",
        "Azure Container Registry documentation, repository-scoped tokens";
    AZURE_OPENAI_KEY = "azure_openai_key", Secret, Restricted,
        "A key of Azure AI services.",
        "32 hexadecimal digits or 84 letters and digits, assigned beside `azure_openai` or `azureopenai`",
        "Azure AI services documentation, authentication";
    ALIBABA_KEY = "alibaba_key", Secret, Restricted,
        "An access key id of Alibaba Cloud.",
        "`LTAI` and 12 to 20 letters and digits (mixed)",
        "Alibaba Cloud RAM documentation, AccessKey pairs";
    ALIBABA_SECRET = "alibaba_secret", Secret, Restricted,
        "An access key secret of Alibaba Cloud.",
        "30 letters and digits, assigned beside `alibaba` or `aliyun`",
        "Alibaba Cloud RAM documentation, AccessKey pairs";
    TENCENT_KEY = "tencent_key", Secret, Restricted,
        "A secret id or secret key of Tencent Cloud.",
        "`AKID` and 32 letters and digits (of three classes); 32 letters and digits, assigned beside `tencent` or `tencentcloud`",
        "Tencent Cloud CAM documentation, access keys";
    HUAWEI_SECRET = "huawei_secret", Secret, Restricted,
        "An access key of Huawei Cloud.",
        "40 letters and digits, assigned beside `huawei` or `huaweicloud`",
        "Huawei Cloud IAM documentation, access keys";
    VOLCENGINE_SECRET = "volcengine_secret", Secret, Restricted,
        "A secret key of Volcengine.",
        "40 to 60 letters and digits, `==`, assigned beside `volcengine` or `volc_secret`",
        "Volcengine documentation, access keys";
    YANDEX_KEY = "yandex_key", Secret, Restricted,
        "An API key or static access key of Yandex Cloud.",
        "`AQVN` and 35 to 38 characters of base64url; `YCAJE` and 20 characters of base64url; `YCM`, `YCP`, `YCN` or another of its prefixes and 37 characters of base64url (of three classes), near `yandex` or `yc_`; `YC`, 38 characters of base64url, assigned beside `yandex`",
        "Yandex Cloud IAM documentation, API keys and static keys";
    YANDEX_TOKEN = "yandex_token", Secret, Restricted,
        "An IAM token of Yandex Cloud.",
        "`t1.` and 1 to 300 characters of base64url with padding, `.`, 86 to 90 characters of base64url with padding (letters that make no words)",
        "Yandex Cloud IAM documentation, IAM tokens";
    IBM_CLOUD_KEY = "ibm_cloud_key", Secret, Restricted,
        "An API key of IBM Cloud.",
        "44 characters of base64url, assigned beside `ibm_cloud` or `ibmcloud`",
        "IBM Cloud documentation, API keys";
    DIGITALOCEAN_TOKEN = "digitalocean_token", Secret, Restricted,
        "A personal access, OAuth or refresh token of DigitalOcean.",
        "`dop_v1_` or `doo_v1_` or `dor_v1_` and 64 hexadecimal digits; 64 hexadecimal digits, assigned beside `digitalocean` or `digital_ocean`",
        "DigitalOcean documentation, personal access tokens";
    LINODE_TOKEN = "linode_token", Secret, Restricted,
        "A personal access token of Linode.",
        "64 hexadecimal digits, assigned beside `linode`",
        "Linode API documentation, personal access tokens";
    VULTR_KEY = "vultr_key", Secret, Restricted,
        "An API key of Vultr.",
        "36 capitals and digits, assigned beside `vultr`",
        "Vultr API documentation, authentication";
    HETZNER_TOKEN = "hetzner_token", Secret, Restricted,
        "An API token of Hetzner Cloud.",
        "64 letters and digits, assigned beside `hetzner` or `hcloud`",
        "Hetzner Cloud documentation, API tokens";
    SCALEWAY_KEY = "scaleway_key", Secret, Restricted,
        "An access key or secret key of Scaleway.",
        "`SCW` and 17 capitals and digits (mixed); a UUID, assigned beside `scaleway` or `scw_secret`",
        "Scaleway documentation, API keys";
    OVH_SECRET = "ovh_secret", Secret, Restricted,
        "An application secret or consumer key of OVHcloud.",
        "32 small letters and digits or 32 letters and digits, assigned beside `ovh`",
        "OVHcloud API documentation, first steps";
    ORACLE_AUTH_TOKEN = "oracle_auth_token", Secret, Restricted,
        "An auth token of Oracle Cloud.",
        "20 to 24 letters, digits and `-._~`, assigned beside `oracle_auth` or `oci_auth`",
        "Oracle Cloud Infrastructure documentation, auth tokens";
    CLOUDFLARE_TOKEN = "cloudflare_token", Secret, Restricted,
        "An API token of Cloudflare.",
        "40 characters of base64url, assigned beside `cloudflare`",
        "Cloudflare API documentation, create an API token";
    CLOUDFLARE_GLOBAL_KEY = "cloudflare_global_key", Secret, Restricted,
        "A global API key of Cloudflare.",
        "37 hexadecimal digits, assigned beside `cloudflare`",
        "Cloudflare API documentation, global API key";
    CLOUDFLARE_ORIGIN_CA_KEY = "cloudflare_origin_ca_key", Secret, Restricted,
        "An origin CA key of Cloudflare.",
        "`v1.0-` and 24 hexadecimal digits, `-`, 146 hexadecimal digits",
        "Cloudflare API documentation, origin CA keys";
    FASTLY_TOKEN = "fastly_token", Secret, Restricted,
        "An API token of Fastly.",
        "32 characters of base64url, assigned beside `fastly`",
        "Fastly API reference, authentication";
    AKAMAI_SECRET = "akamai_secret", Secret, Restricted,
        "A client token or client secret of Akamai EdgeGrid.",
        "`akab-` and 16 small letters and digits, `-`, 16 small letters and digits; 43 characters of base64, `=`, assigned beside `akamai` or `edgegrid`",
        "Akamai documentation, EdgeGrid authentication";
    HEROKU_KEY = "heroku_key", Secret, Restricted,
        "An API key of Heroku.",
        "`HRKU-AA` and 58 characters of base64url; `HRKU-` and a UUID; a UUID, assigned beside `heroku`",
        "Heroku Platform API reference, authentication";
    NETLIFY_TOKEN = "netlify_token", Secret, Restricted,
        "A personal access token of Netlify.",
        "`nfp_`, `nfo_`, `nfc_` or another of its prefixes and 36 letters and digits; 43 to 46 characters of base64url with padding, assigned beside `netlify`",
        "Netlify documentation, authentication";
    VERCEL_TOKEN = "vercel_token", Secret, Restricted,
        "An access token of Vercel.",
        "`vcp_`, `vci_`, `vca_` or another of its prefixes and 24 to 60 letters and digits (of three classes); 24 letters and digits, assigned beside `vercel` or `now_token`",
        "Vercel documentation, access tokens";
    FLYIO_TOKEN = "flyio_token", Secret, Restricted,
        "A token of Fly.io.",
        "`fo1_` and 43 characters of base64url; `fm1r_` or `fm1a_` or `fm2_` and 100 to 2000 characters of base64",
        "Fly.io documentation, access tokens";
    RENDER_KEY = "render_key", Secret, Restricted,
        "An API key of Render.",
        "`rnd_` and 28 to 36 letters and digits",
        "Render documentation, API";
    RAILWAY_TOKEN = "railway_token", Secret, Restricted,
        "A token of Railway.",
        "a UUID, assigned beside `railway`",
        "Railway documentation, public API";
    SCALINGO_TOKEN = "scalingo_token", Secret, Restricted,
        "An API token of Scalingo.",
        "`tk-us-` or `tk-eu-` and 48 characters of base64url",
        "Scalingo documentation, API tokens";
    DENO_TOKEN = "deno_token", Secret, Restricted,
        "An access token of Deno Deploy.",
        "`ddp_` or `ddo_` and 36 letters and digits",
        "Deno Deploy documentation, access tokens";
    SUPABASE_TOKEN = "supabase_token", Secret, Restricted,
        "A personal access token or secret key of Supabase.",
        "`sbp_` and 40 hexadecimal digits; `sb_secret_` and 22 characters of base64url, `_`, 8 characters of base64url",
        "Supabase documentation, API keys";
    SETTLEMINT_TOKEN = "settlemint_token", Secret, Restricted,
        "A personal, application or service token of SettleMint.",
        "`sm_pat_` or `sm_aat_` or `sm_sat_` and 16 letters and digits",
        "SettleMint documentation, access tokens";
    BACKBLAZE_KEY = "backblaze_key", Secret, Restricted,
        "An application key of Backblaze B2.",
        "`K00`, 28 characters of base64 or 31 characters of base64, assigned beside `backblaze` or `b2_application`",
        "Backblaze B2 documentation, application keys";
    WASABI_SECRET = "wasabi_secret", Secret, Restricted,
        "A secret key of Wasabi or of another store with the interface of S3.",
        "40 characters of base64 or 64 hexadecimal digits, assigned beside `wasabi` or `minio`",
        "Wasabi documentation, access keys";
    DNSIMPLE_TOKEN = "dnsimple_token", Secret, Restricted,
        "An API token of DNSimple.",
        "`dnsimple_a_` or `dnsimple_u_` and 32 to 34 letters and digits",
        "DNSimple developer documentation, API authentication";
    GODADDY_KEY = "godaddy_key", Secret, Restricted,
        "An API key of GoDaddy.",
        "35 to 38 letters and digits, `_`, 20 to 24 letters and digits or 22 letters and digits, assigned beside `godaddy`",
        "GoDaddy developer documentation, get started";
    GANDI_KEY = "gandi_key", Secret, Restricted,
        "An API key of Gandi.",
        "24 letters and digits or 40 hexadecimal digits, assigned beside `gandi`",
        "Gandi documentation, API keys";
    NAMECHEAP_KEY = "namecheap_key", Secret, Restricted,
        "An API key of Namecheap.",
        "32 hexadecimal digits, assigned beside `namecheap`",
        "Namecheap API documentation, introduction";
    BUNNY_KEY = "bunny_key", Secret, Restricted,
        "An API token of Bunny.",
        "8 hexadecimal digits, `-`, 4 hexadecimal digits, `-`, 4 hexadecimal digits, `-`, 12 hexadecimal digits, `-`, 4 hexadecimal digits, `-`, 4 hexadecimal digits or a UUID, assigned beside `bunny` or `bunnycdn`",
        "bunny.net documentation, API keys";
    PANTHEON_TOKEN = "pantheon_token", Secret, Restricted,
        "A machine token of Pantheon.",
        "51 characters of base64url, assigned beside `pantheon` or `terminus`",
        "Pantheon documentation, machine tokens";
    PLATFORMSH_TOKEN = "platformsh_token", Secret, Restricted,
        "An API token of Platform.sh.",
        "43 characters of base64url, assigned beside `platformsh` or `platform.sh`",
        "Platform.sh documentation, API tokens";
    KINSTA_KEY = "kinsta_key", Secret, Restricted,
        "An API token of Kinsta.",
        "64 hexadecimal digits, assigned beside `kinsta`",
        "Kinsta documentation, API";
    UBIDOTS_TOKEN = "ubidots_token", Secret, Restricted,
        "A token of Ubidots.",
        "`BBFF-` or `BBUS-` and 30 to 32 letters and digits",
        "Ubidots documentation, API tokens";
}
