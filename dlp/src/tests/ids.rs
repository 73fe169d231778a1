//! Each identifier where it is right, with a wrong check digit, and without the words it needs.
//! Numbers are those of the standards' own examples, or made up with the right check digit.

use proptest::prelude::*;

use super::{check, clean, engine};
use crate::Kind;

/// Words, a valid one, and whether it stands without words too.
const IDS: &[(Kind, &str, &str, bool)] = &[
    (Kind::US_ITIN, "ITIN", "912-70-1234", true),
    (Kind::CA_SIN, "SIN", "130 692 544", false),
    (Kind::MX_CURP, "CURP", "HEGG560427MVZRRL04", true),
    (Kind::BR_CPF, "CPF", "529.982.247-25", true),
    (Kind::BR_CPF, "CPF", "52998224725", false),
    (Kind::BR_CNPJ, "CNPJ", "11.222.333/0001-81", true),
    (Kind::AR_CUIT, "CUIT", "20-12345678-6", true),
    (Kind::CL_RUT, "RUT", "12.345.678-5", true),
    (Kind::IN_AADHAAR, "Aadhaar", "2345 6789 0124", false),
    (Kind::IN_GSTIN, "GSTIN", "27AAPFU0939F1ZV", true),
    (Kind::CN_RESIDENT, "身份证", "11010519491231002X", true),
    (Kind::TW_ID, "身分證", "A123456789", false),
    (Kind::HK_ID, "HKID", "A123456(3)", true),
    (Kind::TH_ID, "Thai ID", "1-1017-00207-36-6", true),
    (Kind::SG_NRIC, "NRIC", "S1234567D", true),
    (Kind::TR_TCKN, "TC Kimlik No", "10000000146", false),
    (Kind::IL_ID, "teudat zehut", "123456782", false),
    (Kind::JP_MY_NUMBER, "My Number", "123456789018", false),
    (Kind::ZA_ID, "SA ID", "8001015009087", false),
    (Kind::UK_NHS, "NHS", "9434765919", false),
    (Kind::UK_UTR, "UTR", "1955839661", false),
    (Kind::IE_PPS, "PPS", "1234567T", false),
    (Kind::FR_NIR, "NIR", "2 55 08 14 168 025 38", true),
    (Kind::FR_SIREN, "SIREN", "732 829 320", false),
    (Kind::DE_TAX_ID, "Steuer-ID", "86 095 742 719", true),
    (Kind::DE_TAX_ID, "Steuer-ID", "86095742719", false),
    (Kind::DE_PENSION, "Rentenversicherung", "15070649C103", true),
    (Kind::NL_BSN, "BSN", "111222333", false),
    (Kind::BE_NATIONAL, "rijksregisternummer", "85.07.30-033.28", true),
    (Kind::ES_DNI, "DNI", "12345678Z", false),
    (Kind::ES_DNI, "DNI", "12345678-Z", true),
    (Kind::ES_NIE, "NIE", "X1234567L", true),
    (Kind::PT_NIF, "contribuinte", "123456789", false),
    (Kind::IT_CODICE_FISCALE, "codice fiscale", "RSSMRA85T10A562S", true),
    (Kind::IT_PARTITA_IVA, "P.IVA", "12345670017", false),
    (Kind::CH_AHV, "AHV", "756.9217.0769.85", true),
    (Kind::AT_SVNR, "SVNR", "1237 010180", true),
    (Kind::PL_PESEL, "PESEL", "44051401359", false),
    (Kind::PL_NIP, "NIP", "123-456-32-18", false),
    (Kind::PL_REGON, "REGON", "123456785", false),
    (Kind::CZ_RODNE_CISLO, "rodné číslo", "736028/5163", true),
    (Kind::RO_CNP, "CNP", "1800101221144", false),
    (Kind::BG_EGN, "ЕГН", "7523169263", false),
    (Kind::GR_AFM, "ΑΦΜ", "094014201", false),
    (Kind::HR_OIB, "OIB", "33392005961", false),
    (Kind::YU_JMBG, "JMBG", "0101006500006", false),
    (Kind::RU_INN, "ИНН", "7707083893", false),
    (Kind::RU_SNILS, "СНИЛС", "112-233-445 95", true),
    (Kind::SE_PERSONNUMMER, "personnummer", "811228-9874", true),
    (Kind::NO_FODSELSNUMMER, "fødselsnummer", "13097248022", true),
    (Kind::FI_HETU, "HETU", "131052-308T", true),
    (Kind::IS_KENNITALA, "kennitala", "120174-3399", true),
    (Kind::BALTIC_CODE, "isikukood", "37605030299", false),
    (Kind::AU_TFN, "TFN", "123 456 782", false),
    (Kind::AU_ABN, "ABN", "51 824 753 556", true),
    (Kind::AU_ACN, "ACN", "004 085 616", false),
    (Kind::AU_MEDICARE, "Medicare", "2123 45670 1", false),
    (Kind::NZ_IRD, "IRD", "49-091-850", false),
    (Kind::US_ABA, "routing number", "111000025", false),
    (Kind::CLABE, "CLABE", "032180000118359719", false),
    (Kind::NPI, "NPI", "1234567893", false),
    (Kind::DEA, "DEA", "AP5836727", false),
    (Kind::IMEI, "IMEI", "490154203237518", false),
    (Kind::VIN, "VIN", "1M8GDM9AXKP042788", true),
];

/// The rows of a table whose text is not read as expected.
fn wrong(rows: impl Iterator<Item = (String, Vec<(Kind, String)>)>) -> Vec<String> {
    let differs = |(text, expected): (String, Vec<(Kind, String)>)| {
        let findings = engine().scan("text", &text).findings;
        let found: Vec<_> =
            findings.iter().map(|f| (f.kind, text[f.span.clone()].to_owned())).collect();
        (found != expected).then(|| format!("{text}: {found:?}"))
    };
    rows.filter_map(differs).collect()
}

#[test]
fn a_valid_identifier_is_found_behind_its_words() {
    let rows = IDS.iter().flat_map(|(kind, words, id, alone)| {
        let expected = vec![(*kind, (*id).to_owned())];
        let bare = if *alone { expected.clone() } else { Vec::new() };
        [(format!("{words}: {id}."), expected), (format!("x, {id}; y"), bare)]
    });
    assert_eq!(wrong(rows), [""; 0]);
}

#[test]
fn a_wrong_check_digit_is_no_identifier() {
    for (kind, words, id, _) in IDS {
        // The last letter or digit of most, which is or counts in the check.
        let at = id.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap();
        let other = match id.as_bytes()[at] {
            b'9' => '0',
            b'Z' => 'A',
            last => char::from(last + 1),
        };
        let text = format!("{words}: {}{other}{}", &id[..at], &id[at + 1..]);
        let checked =
            ![Kind::US_ITIN, Kind::IS_KENNITALA, Kind::AU_MEDICARE, Kind::VIN].contains(kind);
        let same =
            engine().scan("text", &text).findings.iter().any(|finding| finding.kind == *kind);
        assert!(!checked || !same, "{text}");
    }
}

#[test]
fn forms_without_a_check_digit_need_their_words() {
    let rows = [
        (Kind::US_EIN, "EIN", "12-3456789"),
        (Kind::MX_RFC, "RFC", "GODE561231GR8"),
        (Kind::CO_CEDULA, "cédula", "1.020.304.050"),
        (Kind::IN_PAN, "PAN", "ABCPE1234F"),
        (Kind::IN_VOTER, "voter ID", "ABC1234567"),
        (Kind::PK_CNIC, "CNIC", "35202-1234567-1"),
        (Kind::ID_NIK, "NIK", "3171011512900001"),
        (Kind::MY_MYKAD, "MyKad", "900115-14-5678"),
        (Kind::UK_NINO, "national insurance", "AB123456C"),
        (Kind::DK_CPR, "CPR", "010190-1234"),
        (Kind::LV_CODE, "personas kods", "010190-12345"),
        (Kind::VAT, "USt-IdNr.", "DE123456788"),
        (Kind::UK_BANK_ACCOUNT, "sort code", "20-30-40"),
        (Kind::US_BANK_ACCOUNT, "account number", "000123456789"),
        (Kind::PASSPORT, "passport", "X1234567"),
        (Kind::DRIVER_LICENSE, "driver's license", "D1234567"),
        (Kind::LICENSE_PLATE, "license plate", "ABC-1234"),
        (Kind::POSTAL_CODE, "ZIP", "48750"),
        (Kind::POSTAL_CODE, "postcode", "SW1A 1AA"),
    ];
    let rows = rows.iter().flat_map(|(kind, words, id)| {
        let expected = vec![(*kind, (*id).to_owned())];
        [(format!("{words}: {id}."), expected), (format!("x, {id}; y"), Vec::new())]
    });
    assert_eq!(wrong(rows), [""; 0]);
    check("AB 12 34 56 C", &[(Kind::UK_NINO, "AB 12 34 56 C")]);
    check("NI number AB 123456 C", &[(Kind::UK_NINO, "AB 123456 C")]);
    clean("part AB 123456 C");
    clean("national insurance QQ123456C, BG 12 34 56 C, AB 12 34 56 E");
    check("SWIFT code DEUTDEFF500", &[(Kind::BIC, "DEUTDEFF500")]);
    clean("SWIFT code DEUTXXFF and the swift FOX");
}

#[test]
fn the_nearer_word_decides_what_a_number_is() {
    check("SIN or BSN 111222333", &[(Kind::NL_BSN, "111222333")]);
    check(
        "BSN 111222333, phone 212-555-0123",
        &[(Kind::NL_BSN, "111222333"), (Kind::PHONE, "212-555-0123")],
    );
}

#[test]
fn devices_wallets_and_places_are_found() {
    check("00:1b:44:11:3a:b7", &[(Kind::MAC, "00:1b:44:11:3a:b7")]);
    check("MAC 00-1B-44-11-3A-B7.", &[(Kind::MAC, "00-1B-44-11-3A-B7")]);
    clean("00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 01-02-03-04-05-06 00:1b:44:11:3a:b7:99");
    let first_block = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
    check(&format!("send to {first_block}"), &[(Kind::CRYPTO_WALLET, first_block)]);
    let segwit = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    check(segwit, &[(Kind::CRYPTO_WALLET, segwit)]);
    clean("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5");
    let account = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    check(&format!("ETH wallet {account}"), &[(Kind::CRYPTO_WALLET, account)]);
    clean(account);
    check("GPS 48.85837, 2.29448", &[(Kind::COORDINATES, "48.85837, 2.29448")]);
    clean("0.12345, 0.23456");
    check("he lives at 12 Baker Street, London", &[(Kind::STREET_ADDRESS, "12 Baker Street")]);
    check("Alte Hauptstraße 12", &[(Kind::STREET_ADDRESS, "Hauptstraße 12")]);
    check("5 rue de Rivoli", &[(Kind::STREET_ADDRESS, "5 rue de Rivoli")]);
    clean("12 Monkeys and 3 Doors Down, 5 route handlers, 10 Way");
    let zone = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    check(zone, &[(Kind::PASSPORT_MRZ, zone)]);
    clean("L898902C37UTO7408122F1204159ZE184226B<<<<<10");
    for zone in [
        "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4",
        "L898902C<3UTO6908061F9406236ZE184226B<<<<<14",
        "N1234567<7UTO7408122<1204159<<<<<<<<<<<<<<04",
        "12345678<8UTO7408122<1204159<<<<<<<<<<<<<<04",
        "ABCD<<<<<6UTO7408122M1204159<<<<<<<<<<<<<<04",
    ] {
        check(&format!("P<D<<MUSTERMANN<<ERIKA\n{zone}\n"), &[(Kind::PASSPORT_MRZ, zone)]);
    }
    clean("C01X00T479D<<6408125F2702283<<<<<<<<<<<<<<<4 and Vec<4> <<12<< 1<2");
}

#[test]
fn a_date_of_birth_is_a_date_behind_a_word() {
    for date in ["12/31/1990", "31.12.1990", "1990-12-31", "12/31/90", "31 December 1990"] {
        check(&format!("DOB: {date}"), &[(Kind::DATE_OF_BIRTH, date)]);
        clean(&format!("on {date}"));
    }
    check("{\"birth_date\": \"1990-12-31T00:00:00Z\"}", &[(Kind::DATE_OF_BIRTH, "1990-12-31")]);
    check("dob=19901231", &[(Kind::DATE_OF_BIRTH, "19901231")]);
    check("born on March 3rd, 1985 in Rome", &[(Kind::DATE_OF_BIRTH, "March 3rd, 1985")]);
    check("nacido el 3 de marzo de 1985", &[(Kind::DATE_OF_BIRTH, "3 de marzo de 1985")]);
    clean("DOB: 31.31.1990, born 45/45/2000");
}

#[test]
fn web_addresses_are_found_whole() {
    for (text, address) in [
        ("see https://www.example.com/a?b=c#d.", "https://www.example.com/a?b=c#d"),
        ("(http://example.org)", "http://example.org"),
        ("www.example.co.uk, and", "www.example.co.uk"),
        ("https://en.example.org/wiki/A_(b)", "https://en.example.org/wiki/A_(b)"),
        ("http://bücher.example:8080/x", "http://bücher.example:8080/x"),
    ] {
        check(text, &[(Kind::URL, address)]);
    }
    for text in ["http://localhost:8080/", "https://", "std::a://b", "www.", "a.www.example.com"] {
        let found = engine().scan("text", text).findings;
        assert_eq!(found, [], "{text}");
    }
}

/// Kinds of digits only: their words, what they begin with, and how many digits stand before the
/// check digit.
const DIGITS: &[(Kind, &str, &str, usize)] = &[
    (Kind::CA_SIN, "SIN", "1", 8),
    (Kind::IN_AADHAAR, "Aadhaar", "2", 11),
    (Kind::IL_ID, "teudat zehut", "0", 8),
    (Kind::JP_MY_NUMBER, "My Number", "", 11),
    (Kind::UK_NHS, "NHS", "4", 9),
    (Kind::FR_SIREN, "SIREN", "7", 8),
    (Kind::NL_BSN, "BSN", "1", 8),
    (Kind::PT_NIF, "contribuinte", "2", 8),
    (Kind::PL_PESEL, "PESEL", "440514", 10),
    (Kind::PL_REGON, "REGON", "", 8),
    (Kind::BG_EGN, "ЕГН", "752316", 9),
    (Kind::HR_OIB, "OIB", "", 10),
    (Kind::AU_TFN, "TFN", "1", 8),
    (Kind::AU_ACN, "ACN", "", 8),
    (Kind::US_ABA, "routing number", "11", 8),
    (Kind::NPI, "NPI", "1", 9),
    (Kind::IMEI, "IMEI", "49", 14),
    (Kind::CLABE, "CLABE", "032", 17),
];

proptest! {
    /// Of the ten digits that may stand last, one at most makes an identifier.
    #[test]
    fn of_ten_check_digits_one_at_most_is_right(row in 0..DIGITS.len(), body in "[0-9]{18}") {
        let (kind, words, head, length) = DIGITS[row];
        let body: String = head.chars().chain(body.chars()).take(length).collect();
        let is_found = |check: &u32| {
            let text = format!("{words}: {body}{check}.");
            engine().scan("text", &text).findings.iter().any(|finding| finding.kind == kind)
        };
        let right = (0..10).filter(is_found).count();
        // A remainder of ten has no digit in some, and digits that are all the same are left out.
        prop_assert!(right <= 1, "{right} check digits for {body} of {kind}");
        let always = [Kind::CA_SIN, Kind::IN_AADHAAR, Kind::FR_SIREN, Kind::PT_NIF, Kind::PL_PESEL,
            Kind::BG_EGN, Kind::HR_OIB, Kind::NPI, Kind::CLABE];
        let same = body.bytes().all(|byte| byte == body.as_bytes()[0]);
        prop_assert!(right == 1 || same || !always.contains(&kind), "none for {body} of {kind}");
    }
}

#[test]
fn where_a_row_of_numbers_began_does_not_matter() {
    for groups in 1..150 {
        let row = "9 ".repeat(groups);
        check(&format!("{row}536-22-1234"), &[(Kind::US_SSN, "536-22-1234")]);
        check(&format!("{row}529.982.247-25"), &[(Kind::BR_CPF, "529.982.247-25")]);
    }
}

proptest! {
    /// Detectors of numbers and words read no farther than they say.
    #[test]
    fn what_stands_far_off_changes_nothing(
        texts in proptest::collection::vec(
            proptest::collection::vec(
                prop_oneof![
                    Just("536-22-1234"), Just("4111 1111 1111 1111"), Just("212-555-0123"),
                    Just("phone "), Just("SSN: "), Just("BSN "), Just("111222333"), Just(" "),
                    Just(", "), Just("1 "), Just("12"), Just("AB "), Just("a@b.org"), Just("(33) "),
                    Just("born "), Just("31.12.1990"), Just("account number "), Just("Main St"),
                    Just("metformin "), Just("5 mg "), Just("+49 30 "), Just("www.a.org/"), Just("00:1b:"),
                ],
                0..12,
            ),
            3,
        ),
    ) {
        let filler = ". ".repeat(70);
        let [before, text, after] = [0, 1, 2].map(|at| texts[at].concat());
        let found = |before: &str, after: &str| {
            let whole = format!("{before}{filler}{text}{filler}{after}");
            let start = before.len() + filler.len();
            let findings = engine().scan("text", &whole).findings.into_iter();
            let inside = findings.filter(|f| f.span.start >= start && f.span.end <= start + text.len());
            inside.map(|f| (f.kind, f.span.start - start, f.span.end - start)).collect::<Vec<_>>()
        };
        prop_assert_eq!(found("", ""), found(&before, &after));
    }
}
