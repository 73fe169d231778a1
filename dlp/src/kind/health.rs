//! What is about somebody's health.

super::kinds! {
    HEALTH:
    US_MBI = "us_mbi", Health, Restricted,
        "A Medicare beneficiary identifier.",
        "11 characters in their fixed order of letters and digits",
        "CMS, Medicare Beneficiary Identifier format (2018)";
    NPI = "npi", Health, Internal,
        "A national provider identifier of the United States.",
        "10 digits, Luhn digit with the prefix 80840, a cue word",
        "45 CFR 162.406; CMS, NPI check digit";
    DEA = "dea", Health, Sensitive,
        "A registration number of the Drug Enforcement Administration.",
        "registrant's letter, 7 digits with a check digit; a cue word",
        "DEA Diversion Control Division, registration number";
    ICD10 = "icd10", Health, Restricted,
        "A code of the International Classification of Diseases.",
        "letter, digits and point in a chapter's range, behind a cue word",
        "WHO ICD-10; CMS ICD-10-CM official guidelines";
    NDC = "ndc", Health, Sensitive,
        "A national drug code of the United States.",
        "segments of 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits, a cue word",
        "21 CFR 207.33";
    MEDICAL_RECORD = "medical_record", Health, Restricted,
        "The number of a medical record or of a patient.",
        "5 to 14 characters with digits right behind a cue word",
        "45 CFR 164.514(b)(2)(i)(H)";
    HEALTH_PLAN = "health_plan", Health, Restricted,
        "A member's number of a health plan.",
        "6 to 16 characters with digits right behind a cue word",
        "45 CFR 164.514(b)(2)(i)(I)";
    MEDICATION = "medication", Health, Sensitive,
        "A medicine that somebody takes.",
        "an international nonproprietary name or its stem, with a dose or a cue word",
        "WHO INN stem book (2024)";
    DIAGNOSIS = "diagnosis", Health, Sensitive,
        "A disease that somebody has.",
        "the name of a disease, with a cue word",
        "WHO ICD-10, chapters I to XIX";
    BLOOD_TYPE = "blood_type", Health, Sensitive,
        "A blood group.",
        "ABO and Rhesus group right behind a cue word",
        "ISBT 128, blood groups";
    UK_NHS = "uk_nhs", Health, Restricted,
        "A number of the National Health Service.",
        "10 digits, check digit modulo 11, a cue word",
        "NHS Data Dictionary, NHS number";
    CA_HEALTH_CARD = "ca_health_card", Health, Restricted,
        "A number of a Canadian provincial health card.",
        "Ontario's Luhn digit or Québec's letters and date, a cue word",
        "Ontario Ministry of Health, health number; RAMQ";
    AU_MEDICARE = "au_medicare", Health, Restricted,
        "A number of an Australian Medicare card.",
        "first digit 2 to 6, weighted check digit, a cue word",
        "Services Australia, Medicare card number";
    NZ_NHI = "nz_nhi", Health, Restricted,
        "A number of New Zealand's National Health Index.",
        "three letters and four characters, check digit modulo 11, a cue word",
        "HISO 10046:2023";
    DE_KVNR = "de_kvnr", Health, Restricted,
        "A German health insurance number.",
        "letter and 9 digits, check digit, a cue word",
        "GKV-Spitzenverband, Krankenversichertennummer, section 290 SGB V";
}
