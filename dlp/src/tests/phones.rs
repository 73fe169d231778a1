use super::{check, clean};
use crate::{Engine, Kind, Selector, Settings};

#[track_caller]
fn phone(text: &str, number: &str) {
    check(text, &[(Kind::PHONE, number)]);
}

#[test]
fn national_numbers_of_all_countries_are_found_where_words_speak_for_them() {
    phone("Phone:\n60-12-85-91\n", "60-12-85-91");
    phone("Phone: 467 3312", "467 3312");
    phone("Telefon: 21 13 13", "21 13 13");
    phone("nobody is answering at 78 651 123", "78 651 123");
    phone("please call 699 123 915 tomorrow", "699 123 915");
    phone("my number is 060 123 4567", "060 123 4567");
    phone("about opening an account, call me on 060 123 4567", "060 123 4567");
    phone("not answering at (33) 41 22 70 41", "(33) 41 22 70 41");
    phone("Tel. (33) 41 22 70 41", "(33) 41 22 70 41");
    phone("тел. 8 (495) 123-45-67", "8 (495) 123-45-67");
    phone("電話 03-1234-5678", "03-1234-5678");
    phone("Telefon 0621/123456", "0621/123456");
    phone("telefono 06 1234 5678", "06 1234 5678");
    phone("mobile 0412 345 678", "0412 345 678");
    phone("whatsapp 98765 43210", "98765 43210");
}

#[test]
fn a_card_of_business_says_behind_the_number_what_it_is() {
    check(
        "467 3312 office\n(579)888-3012 fax\n0412 345 678 mobile",
        &[(Kind::PHONE, "467 3312"), (Kind::PHONE, "(579)888-3012"), (Kind::PHONE, "0412 345 678")],
    );
}

#[test]
fn an_extension_belongs_to_the_number() {
    phone("(212) 555-0123 x45", "(212) 555-0123 x45");
    phone("call 212-555-0123x4567.", "212-555-0123x4567");
    phone("Phone: 212-555-0123, ext. 5", "212-555-0123, ext. 5");
    phone("+1 212 555 0123 extension 1234", "+1 212 555 0123 extension 1234");
    phone("Tel. 030 901820 Durchwahl 12", "030 901820 Durchwahl 12");
}

#[test]
fn a_number_with_a_calling_code_need_not_be_in_use_yet() {
    phone("+46 (0)179 459 33", "+46 (0)179 459 33");
    phone("+1-984-182-0190", "+1-984-182-0190");
    phone("001-518-640-0854", "001-518-640-0854");
    phone("call +370 07483378", "+370 07483378");
    phone("dial 011 44 20 7946 0958", "011 44 20 7946 0958");
    clean("+12121550123");
    clean("+1 012-555-0123 and +999 12345678");
}

#[test]
fn words_for_other_numbers_speak_against_it() {
    clean("order 467 3312 and ticket 60-12-85-91");
    clean("Phone order: 1234567890");
    clean("we reach 100 000 000 people");
    clean("call sheet, part 699 123 915");
}

#[test]
fn rows_of_figures_and_bytes_are_no_phone_numbers() {
    clean("0061 0300 0315 0062;0061 0300 0315 0062");
    clean("30 09 02 01 02 02 01 03 02 01 04");
    clean("hex!(\"09 03 80 00 01 ff ff\")");
    clean("12 34 56 78 90 12 34 56");
    clean("1 000 000 000 and 12 345 678");
    clean("pi is 3.141592653589793, e is 2.718281828459045");
    clean("48.858370, 2.294481");
    clean("pages 1024 2048 4096 8192");
    clean("ISBN 978-3-16-148410-0, ISSN 2049-3630, DOI 10.1000/182");
    clean("2024-01-31T10:20:30.123456789Z 2024.01.31 31/01/2024");
    clean("const MAX: u32 = 4294967295; let x = 0x1234_5678;");
    clean("Boston, MA 02110-1301 USA");
    clean("M.064.672.112 0l-.5 0.0625 2.296875");
    clean("u32 RING = 2147483648;");
    clean("v1.24.3-20240115, 5.15.0-1051, 20.04.6");
}

#[test]
fn a_word_for_phones_makes_no_phone_of_a_card() {
    for number in ["4111 1111 1111 1111", "4111111111111111", "3782 822463 10005"] {
        for word in ["by phone:", "cell", "mobile", "tel", "whatsapp"] {
            check(&format!("{word} {number}"), &[(Kind::CARD, number)]);
        }
    }
}

#[test]
fn what_nobody_asks_for_hides_nothing() {
    let off = [Kind::PHONE, Kind::STREET_ADDRESS].map(Selector::Kind).into();
    let engine = Engine::builtin(&Settings { off, ..Settings::default() });
    let kinds = |text: &str| -> Vec<_> {
        engine.scan("text", text).findings.iter().map(|finding| finding.kind).collect()
    };
    assert_eq!(kinds("by phone: 4111 1111 1111 1111"), [Kind::CARD]);
    // What a number is for whoever asks for phones.
    assert_eq!(kinds("tel 212 555 0123"), []);
    assert_eq!(kinds("medical record number, tel 00481516"), [Kind::MEDICAL_RECORD]);
}
