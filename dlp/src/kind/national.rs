//! Numbers that states give to people and companies.

super::kinds! {
    NATIONAL:
    US_ITIN = "us_itin", Personal, Restricted,
        "A United States individual taxpayer identification number.",
        "first digit 9 and groups that are given out; printed or a cue word",
        "IRS, general ITIN information, Publication 1915";
    US_EIN = "us_ein", Personal, Internal,
        "A United States employer identification number.",
        "prefix of a campus that gives them out, a cue word",
        "IRS, how EINs are assigned and valid EIN prefixes";
    CA_SIN = "ca_sin", Personal, Restricted,
        "A Canadian social insurance number.",
        "9 digits, Luhn digit, a cue word",
        "Service Canada, social insurance number code of practice";
    MX_CURP = "mx_curp", Personal, Restricted,
        "A Mexican population registry code.",
        "18 characters: date, state, check digit",
        "RENAPO, instructivo normativo CURP";
    MX_RFC = "mx_rfc", Personal, Restricted,
        "A Mexican taxpayer registry code.",
        "12 or 13 characters with a date; hyphens or a cue word",
        "SAT, clave del RFC";
    BR_CPF = "br_cpf", Personal, Restricted,
        "A Brazilian taxpayer number of a person.",
        "11 digits, two check digits; punctuation or a cue word",
        "Receita Federal, CPF";
    BR_CNPJ = "br_cnpj", Personal, Internal,
        "A Brazilian taxpayer number of a company.",
        "14 digits, two check digits; punctuation or a cue word",
        "Receita Federal, CNPJ";
    AR_CUIT = "ar_cuit", Personal, Restricted,
        "An Argentine tax or labour identification number.",
        "prefix, check digit modulo 11; hyphens or a cue word",
        "ARCA, CUIT and CUIL";
    CL_RUT = "cl_rut", Personal, Restricted,
        "A Chilean national or tax number.",
        "check character modulo 11; points or a cue word",
        "Servicio de Registro Civil, RUN";
    CO_CEDULA = "co_cedula", Personal, Restricted,
        "A Colombian citizenship card number.",
        "8 or 10 digits, a cue word",
        "Registraduría Nacional, NUIP";
    EC_CEDULA = "ec_cedula", Personal, Restricted,
        "An Ecuadorian identity card number.",
        "province, Luhn digit, a cue word",
        "Registro Civil del Ecuador";
    IN_AADHAAR = "in_aadhaar", Personal, Restricted,
        "An Indian Aadhaar number.",
        "12 digits, Verhoeff digit, a cue word",
        "UIDAI, Aadhaar numbering scheme";
    IN_PAN = "in_pan", Personal, Restricted,
        "An Indian permanent account number.",
        "five letters, one of them the holder's class, four digits, a letter; a cue word",
        "Income Tax Department, PAN structure";
    IN_GSTIN = "in_gstin", Personal, Internal,
        "An Indian goods and services tax number.",
        "state, PAN, check character",
        "GST Network, GSTIN structure";
    IN_VOTER = "in_voter", Personal, Restricted,
        "An Indian voter's card number.",
        "three letters and seven digits, a cue word",
        "Election Commission of India, EPIC";
    PK_CNIC = "pk_cnic", Personal, Restricted,
        "A Pakistani national identity card number.",
        "13 digits, province, a cue word",
        "NADRA, CNIC";
    CN_RESIDENT = "cn_resident", Personal, Restricted,
        "A Chinese resident identity number.",
        "region, date of birth, check character of ISO 7064",
        "GB 11643-1999";
    TW_ID = "tw_id", Personal, Restricted,
        "A Taiwanese national or resident number.",
        "letter and nine digits, check digit, a cue word",
        "Ministry of the Interior, identity card numbering";
    HK_ID = "hk_id", Personal, Restricted,
        "A Hong Kong identity card number.",
        "check digit modulo 11; in brackets or a cue word",
        "Immigration Department, HKID check digit";
    KR_RRN = "kr_rrn", Personal, Restricted,
        "A Korean resident registration number.",
        "date of birth, century; check digit or a cue word",
        "Resident Registration Act, enforcement rule, article 2";
    JP_MY_NUMBER = "jp_my_number", Personal, Restricted,
        "A Japanese individual number.",
        "12 digits, check digit modulo 11, a cue word",
        "Ministry order 85 of 2014, article 5";
    TH_ID = "th_id", Personal, Restricted,
        "A Thai citizen number.",
        "13 digits, check digit modulo 11; hyphens or a cue word",
        "Department of Provincial Administration";
    ID_NIK = "id_nik", Personal, Restricted,
        "An Indonesian family registry number.",
        "16 digits, province, date of birth, a cue word",
        "Law 24 of 2013, article 13";
    MY_MYKAD = "my_mykad", Personal, Restricted,
        "A Malaysian identity card number.",
        "date of birth, place of birth, a cue word",
        "National Registration Regulations 1990";
    SG_NRIC = "sg_nric", Personal, Restricted,
        "A Singaporean identity card or foreign identification number.",
        "letter, seven digits, check letter",
        "Immigration and Checkpoints Authority";
    TR_TCKN = "tr_tckn", Personal, Restricted,
        "A Turkish identification number.",
        "11 digits, two check digits, a cue word",
        "Law 5490 on population services";
    IL_ID = "il_id", Personal, Restricted,
        "An Israeli identity number.",
        "9 digits, Luhn digit, a cue word",
        "Population and Immigration Authority";
    AE_ID = "ae_id", Personal, Restricted,
        "An Emirates identity number.",
        "784, 15 digits, Luhn digit; hyphens or a cue word",
        "Federal Authority for Identity and Citizenship";
    SA_ID = "sa_id", Personal, Restricted,
        "A Saudi national or residence number.",
        "10 digits, Luhn digit, a cue word",
        "Ministry of Interior of Saudi Arabia";
    KZ_IIN = "kz_iin", Personal, Restricted,
        "A Kazakh individual identification number.",
        "date of birth, check digit modulo 11, a cue word",
        "Law 223-III of 2007 on national registers";
    ZA_ID = "za_id", Personal, Restricted,
        "A South African identity number.",
        "date of birth, citizenship, Luhn digit, spaces or a cue word",
        "Identification Act 68 of 1997, section 7";
    UK_NINO = "uk_nino", Personal, Restricted,
        "A United Kingdom national insurance number.",
        "prefixes that are given out, suffix A to D; spaces or a cue word",
        "HMRC, NIM39110";
    UK_UTR = "uk_utr", Personal, Restricted,
        "A United Kingdom unique taxpayer reference.",
        "10 digits, check digit modulo 11, a cue word",
        "HMRC, specification for UTR";
    IE_PPS = "ie_pps", Personal, Restricted,
        "An Irish personal public service number.",
        "seven digits, check letter modulo 23, a cue word",
        "Social Welfare Consolidation Act 2005, section 262";
    FR_NIR = "fr_nir", Personal, Restricted,
        "A French social security number.",
        "sex, month, key modulo 97; spaces or a cue word",
        "INSEE, NIR";
    FR_SIREN = "fr_siren", Personal, Internal,
        "A French company number.",
        "9 digits, Luhn digit, a cue word",
        "INSEE, Sirene";
    FR_SIRET = "fr_siret", Personal, Internal,
        "A French establishment number.",
        "14 digits, Luhn digit, a cue word",
        "INSEE, Sirene";
    DE_TAX_ID = "de_tax_id", Personal, Restricted,
        "A German tax identification number.",
        "digits of which one repeats, check digit of ISO 7064; spaces or a cue word",
        "Section 139b AO; BZSt";
    DE_PENSION = "de_pension", Personal, Restricted,
        "A German pension insurance number.",
        "date of birth, letter, check digit",
        "Section 147 SGB VI; VKVV";
    DE_ID_CARD = "de_id_card", Personal, Restricted,
        "The number of a German identity card.",
        "9 or 10 characters right behind a cue word",
        "PAuswV, appendix 3";
    NL_BSN = "nl_bsn", Personal, Restricted,
        "A Dutch citizen service number.",
        "9 digits, eleven-test, a cue word",
        "Wet algemene bepalingen burgerservicenummer";
    BE_NATIONAL = "be_national", Personal, Restricted,
        "A Belgian national register number.",
        "date of birth, check digits modulo 97; points or a cue word",
        "Royal decree of 3 April 1984";
    ES_DNI = "es_dni", Personal, Restricted,
        "A Spanish identity card number.",
        "8 digits, check letter modulo 23; a hyphen or a cue word",
        "Real Decreto 1553/2005";
    ES_NIE = "es_nie", Personal, Restricted,
        "A Spanish foreigner's number.",
        "X, Y or Z, 7 digits, check letter modulo 23",
        "Real Decreto 557/2011, article 206";
    PT_NIF = "pt_nif", Personal, Restricted,
        "A Portuguese taxpayer number.",
        "9 digits, check digit modulo 11, a cue word",
        "Decreto-Lei 14/2013";
    IT_CODICE_FISCALE = "it_codice_fiscale", Personal, Restricted,
        "An Italian tax code.",
        "16 characters: month, day, check letter",
        "Decreto ministeriale of 23 December 1976";
    IT_PARTITA_IVA = "it_partita_iva", Personal, Internal,
        "An Italian VAT number.",
        "11 digits, Luhn digit, a cue word",
        "DPR 633/1972, article 35";
    CH_AHV = "ch_ahv", Personal, Restricted,
        "A Swiss social insurance number.",
        "756 and ten digits, check digit of EAN-13",
        "AHVV, article 133";
    AT_SVNR = "at_svnr", Personal, Restricted,
        "An Austrian social insurance number.",
        "date of birth, check digit modulo 11; a space or a cue word",
        "Section 30c ASVG";
    PL_PESEL = "pl_pesel", Personal, Restricted,
        "A Polish population registry number.",
        "date of birth, check digit, a cue word",
        "Act on population registry of 2010, article 15";
    PL_NIP = "pl_nip", Personal, Internal,
        "A Polish tax identification number.",
        "10 digits, check digit modulo 11, a cue word",
        "Ministry of Finance, NIP";
    PL_REGON = "pl_regon", Personal, Internal,
        "A Polish business registry number.",
        "9 or 14 digits, check digit modulo 11, a cue word",
        "Statistics Poland, REGON";
    CZ_RODNE_CISLO = "cz_rodne_cislo", Personal, Restricted,
        "A Czech or Slovak birth number.",
        "date of birth, divisible by 11; a slash or a cue word",
        "Act 133/2000, section 13";
    HU_TAX_ID = "hu_tax_id", Personal, Restricted,
        "A Hungarian tax identification number.",
        "10 digits, check digit modulo 11, a cue word",
        "Act CL of 2017, annex 1";
    HU_TAJ = "hu_taj", Personal, Restricted,
        "A Hungarian social insurance number.",
        "9 digits, check digit, a cue word",
        "Act XX of 1996, annex";
    RO_CNP = "ro_cnp", Personal, Restricted,
        "A Romanian personal number.",
        "date of birth, county, check digit modulo 11, a cue word",
        "OUG 97/2005";
    BG_EGN = "bg_egn", Personal, Restricted,
        "A Bulgarian citizen number.",
        "date of birth, check digit modulo 11, a cue word",
        "GRAO, EGN";
    GR_AFM = "gr_afm", Personal, Restricted,
        "A Greek tax number.",
        "9 digits, check digit modulo 11, a cue word",
        "AADE, AFM";
    GR_AMKA = "gr_amka", Personal, Restricted,
        "A Greek social security number.",
        "date of birth, Luhn digit, a cue word",
        "Law 3655/2008, article 153";
    HR_OIB = "hr_oib", Personal, Restricted,
        "A Croatian personal number.",
        "11 digits, check digit of ISO 7064, a cue word",
        "Zakon o osobnom identifikacijskom broju";
    YU_JMBG = "yu_jmbg", Personal, Restricted,
        "A citizen number of the countries of former Yugoslavia.",
        "date of birth, check digit modulo 11, a cue word",
        "Law on the single citizen number of 1976";
    RU_INN = "ru_inn", Personal, Restricted,
        "A Russian taxpayer number.",
        "10 or 12 digits, check digits modulo 11, a cue word",
        "Federal Tax Service, order of 29 June 2012";
    RU_SNILS = "ru_snils", Personal, Restricted,
        "A Russian pension insurance number.",
        "11 digits, check digits modulo 101; hyphens or a cue word",
        "Pension Fund, resolution 192p of 2006";
    UA_RNOKPP = "ua_rnokpp", Personal, Restricted,
        "A Ukrainian taxpayer number.",
        "10 digits, check digit modulo 11, a cue word",
        "Ministry of Finance of Ukraine, order 822 of 2017";
    SE_PERSONNUMMER = "se_personnummer", Personal, Restricted,
        "A Swedish personal identity number.",
        "date of birth, Luhn digit; a hyphen or a cue word",
        "Skatteverket, SKV 704";
    NO_FODSELSNUMMER = "no_fodselsnummer", Personal, Restricted,
        "A Norwegian birth number.",
        "date of birth, two check digits modulo 11",
        "Skatteetaten, folkeregisterforskriften";
    DK_CPR = "dk_cpr", Personal, Restricted,
        "A Danish civil registration number.",
        "date of birth, a cue word",
        "CPR-kontoret, personnummeret i CPR";
    FI_HETU = "fi_hetu", Personal, Restricted,
        "A Finnish personal identity code.",
        "date of birth, check character modulo 31",
        "Digital and Population Data Services Agency";
    IS_KENNITALA = "is_kennitala", Personal, Restricted,
        "An Icelandic identification number.",
        "date of birth, check digit modulo 11; a hyphen or a cue word",
        "Registers Iceland";
    BALTIC_CODE = "baltic_code", Personal, Restricted,
        "An Estonian or Lithuanian personal code.",
        "date of birth, check digit modulo 11, a cue word",
        "EVS 585:2007";
    LV_CODE = "lv_code", Personal, Restricted,
        "A Latvian personal code.",
        "date of birth or 32, a cue word",
        "Law on the population register of Latvia";
    AU_TFN = "au_tfn", Personal, Restricted,
        "An Australian tax file number.",
        "9 digits, check digit modulo 11, a cue word",
        "Australian Taxation Office, TFN";
    AU_ABN = "au_abn", Personal, Internal,
        "An Australian business number.",
        "11 digits modulo 89; spaces or a cue word",
        "Australian Business Register, format of the ABN";
    AU_ACN = "au_acn", Personal, Internal,
        "An Australian company number.",
        "9 digits, check digit, a cue word",
        "ASIC, ACN check digit";
    NZ_IRD = "nz_ird", Personal, Restricted,
        "A New Zealand inland revenue number.",
        "check digit modulo 11, a cue word",
        "Inland Revenue, resident withholding tax specification";
    VAT = "vat", Personal, Internal,
        "A value added tax number of a European country.",
        "country and its length, a cue word",
        "European Commission, VIES";
}
