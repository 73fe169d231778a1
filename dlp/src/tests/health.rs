use super::{check, clean};
use crate::Kind;

#[test]
fn medicines_need_a_dose_or_a_word() {
    check("metformin 500 mg twice daily", &[(Kind::MEDICATION, "metformin")]);
    check("She takes Sertraline since May", &[(Kind::MEDICATION, "Sertraline")]);
    check("Patient was prescribed warfarin.", &[(Kind::MEDICATION, "warfarin")]);
    check("started on exemplizumab 40mg", &[(Kind::MEDICATION, "exemplizumab")]);
    check(
        "lisinopril 10 mg, atorvastatin 20mg",
        &[(Kind::MEDICATION, "lisinopril"), (Kind::MEDICATION, "atorvastatin")],
    );
    clean("the history of insulin is long");
    clean("a company named Lyrica sells shoes");
    clean("metformins insulinoma");
    clean("in April and in the capital, a combinatorial vastatine");
}

#[test]
fn diseases_need_a_word() {
    check("diagnosed with type 2 diabetes", &[(Kind::DIAGNOSIS, "diabetes")]);
    check("Patient has a history of COPD", &[(Kind::DIAGNOSIS, "COPD")]);
    check("dx: rheumatoid arthritis", &[(Kind::DIAGNOSIS, "rheumatoid arthritis")]);
    check("He suffers from depression", &[(Kind::DIAGNOSIS, "depression")]);
    check("diagnosed with “depression” in May", &[(Kind::DIAGNOSIS, "depression")]);
    check("he takes ‘sertraline’ since May", &[(Kind::MEDICATION, "sertraline")]);
    clean("diagnosed with édepression");
    clean("the great depression of 1929");
    clean("a brush stroke; developer aids");
}

#[test]
fn codes_of_diseases_and_medicines_need_a_word() {
    check("ICD-10: E11.9", &[(Kind::ICD10, "E11.9")]);
    check("Diagnosis J45.909 today", &[(Kind::ICD10, "J45.909")]);
    check("dx code F32", &[(Kind::ICD10, "F32")]);
    check("NDC 0002-8215-01", &[(Kind::NDC, "0002-8215-01")]);
    clean("E11.9 and J45 in the grid, T99 and E95");
    clean("ICD-10: E99.9");
    clean("part 0002-8215-01");
}

#[test]
fn patients_and_members_have_numbers() {
    check("MRN: 00481516", &[(Kind::MEDICAL_RECORD, "00481516")]);
    check("medical record number A-481516", &[(Kind::MEDICAL_RECORD, "A-481516")]);
    check("{\"patient_id\": \"P4815162\"}", &[(Kind::MEDICAL_RECORD, "P4815162")]);
    check("member ID XJ48151623", &[(Kind::HEALTH_PLAN, "XJ48151623")]);
    check("Medicare 1EG4-TE5-MK73", &[(Kind::US_MBI, "1EG4-TE5-MK73")]);
    check("1EG4TE5MK73", &[(Kind::US_MBI, "1EG4TE5MK73")]);
    check("blood type: O+", &[(Kind::BLOOD_TYPE, "O+")]);
    check("Blood group is AB negative.", &[(Kind::BLOOD_TYPE, "AB negative")]);
    clean("1SG4TE5MK73 0EG4TE5MK73 1EG4-TE5-MKA3");
    clean("blood type matters, member lists, patient 3");
}
