//! What names, reaches or identifies a person.

super::kinds! {
    PERSONAL:
    EMAIL = "email", Personal, Sensitive,
        "An e-mail address.",
        "local part and a domain with a top-level domain of letters; not file names, not git remotes",
        "RFC 5321 section 4.1.2";
    PHONE = "phone", Personal, Sensitive,
        "A telephone number.",
        "with `+`, `00` or `011`: possible in the country's numbering plan; else a usual shape, cue words and the plans of the regions",
        "ITU-T E.164; numbering plans of libphonenumber";
    US_SSN = "us_ssn", Personal, Restricted,
        "A United States social security number.",
        "areas, groups and serials that are issued; shape or a cue word",
        "SSA POMS RM 10201.035";
    IP = "ip", Personal, Sensitive,
        "An IPv4 or IPv6 address of a host.",
        "parses; no loopback, mask, unspecified address or version number",
        "RFC 791; RFC 4291 section 2.2";
    URL = "url", Personal, Public,
        "A web address.",
        "`http://`, `https://`, `ftp://` or `www.` and a host with a top-level domain or an IP address",
        "RFC 3986; RFC 1035 section 2.3.1";
    MAC = "mac", Personal, Sensitive,
        "The hardware address of a network device.",
        "six pairs of hexadecimal digits with one separator; a digit among them or a cue word",
        "IEEE 802-2014 section 8";
    IMEI = "imei", Personal, Sensitive,
        "The number of a mobile device.",
        "15 digits, Luhn digit, a cue word",
        "3GPP TS 23.003 section 6.2";
    VIN = "vin", Personal, Sensitive,
        "The identification number of a vehicle.",
        "17 characters without I, O and Q; check character or a cue word",
        "ISO 3779; 49 CFR 565.15";
    LICENSE_PLATE = "license_plate", Personal, Sensitive,
        "The registration plate of a vehicle.",
        "a usual form right behind a cue word",
        "Vienna Convention on Road Traffic, annex 2";
    DATE_OF_BIRTH = "date_of_birth", Personal, Sensitive,
        "Somebody's date of birth.",
        "a date since 1900 behind a cue word",
        "ISO 8601; Unicode CLDR, date formats";
    STREET_ADDRESS = "street_address", Personal, Sensitive,
        "The address of a house.",
        "house number, name and a word for a kind of street",
        "USPS Publication 28, appendix C1; UPU S42";
    POSTAL_CODE = "postal_code", Personal, Internal,
        "A postal code.",
        "a form in use right behind a cue word",
        "UPU, postal addressing systems";
    COORDINATES = "coordinates", Personal, Sensitive,
        "A place on the earth.",
        "latitude and longitude with four decimals and more, behind a cue word",
        "ISO 6709";
    PASSPORT = "passport", Personal, Restricted,
        "The number of a passport.",
        "6 to 10 characters with digits right behind a cue word",
        "ICAO Doc 9303 part 4";
    PASSPORT_MRZ = "passport_mrz", Personal, Restricted,
        "A line of a passport's machine-readable zone.",
        "44 characters, check digits of the number, the dates and the whole",
        "ICAO Doc 9303 part 3 section 4.9";
    DRIVER_LICENSE = "driver_license", Personal, Restricted,
        "The number of a driving licence.",
        "6 to 18 characters with digits right behind a cue word",
        "ISO/IEC 18013-1";
}
