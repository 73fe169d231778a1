use super::{check, clean};
use crate::Kind;

#[test]
fn email_addresses_are_found_where_people_write_them() {
    check("write to bob@example.com.", &[(Kind::EMAIL, "bob@example.com")]);
    check(
        "<bob.o'neil+news@mail.example.co.uk>",
        &[(Kind::EMAIL, "bob.o'neil+news@mail.example.co.uk")],
    );
    check("mailto:a_b@x-y.io?subject=1", &[(Kind::EMAIL, "a_b@x-y.io")]);
    check("?email=a@b.org&x=1", &[(Kind::EMAIL, "a@b.org")]);
    check(
        "jörg@example.de und müller@exämple.de",
        &[(Kind::EMAIL, "jörg@example.de"), (Kind::EMAIL, "müller@exämple.de")],
    );
    check("联系bob@example.com。谢谢", &[(Kind::EMAIL, "联系bob@example.com")]);
    check("\"a@b.org\",\"c@d.org\"", &[(Kind::EMAIL, "a@b.org"), (Kind::EMAIL, "c@d.org")]);
    check("a@xn--bcher-kva.example", &[(Kind::EMAIL, "a@xn--bcher-kva.example")]);
    check(
        "bob@example.com-1 bob@example.com, x",
        &[(Kind::EMAIL, "bob@example.com"), (Kind::EMAIL, "bob@example.com")],
    );
}

#[test]
fn what_only_has_an_at_sign_is_no_email_address() {
    clean("git clone git@github.com:rust-lang/rust.git");
    clean("npm i lodash@4.17.21 @types/node@20.1.0");
    clean("icon@2x.png logo@3x.webp");
    clean("@app.route('/') user@localhost a@b @@ x@.com a@b..com");
    clean("@ alone @");
}

#[test]
fn phone_numbers_are_found_in_national_and_international_form() {
    check("call +1 212-555-0123 now", &[(Kind::PHONE, "+1 212-555-0123")]);
    check("(212) 555-0123", &[(Kind::PHONE, "(212) 555-0123")]);
    check("212.555.0123", &[(Kind::PHONE, "212.555.0123")]);
    check("My phone number is 2125550123.", &[(Kind::PHONE, "2125550123")]);
    check("+442079460958", &[(Kind::PHONE, "+442079460958")]);
    check("London 020 7946 0958, ask for him", &[(Kind::PHONE, "020 7946 0958")]);
    check("+44 (0)20 7946 0958", &[(Kind::PHONE, "+44 (0)20 7946 0958")]);
    check("Tel: 030 901820", &[(Kind::PHONE, "030 901820")]);
    check("+49 (30) 901820", &[(Kind::PHONE, "+49 (30) 901820")]);
    check("Tél. 01 42 68 53 00", &[(Kind::PHONE, "01 42 68 53 00")]);
    check("{\"phoneNumber\":\"4155550123\"}", &[(Kind::PHONE, "4155550123")]);
    check(
        "+81 3-1234-5678 +33 1 42 68 53 00",
        &[(Kind::PHONE, "+81 3-1234-5678"), (Kind::PHONE, "+33 1 42 68 53 00")],
    );
}

#[test]
fn other_long_numbers_are_no_phone_numbers() {
    clean("order 2125550123 shipped");
    clean("invoice no. 4155550123");
    clean("on 2024-01-15 10:00 and 15.01.2024 and 01/15/2024 and 20240115");
    clean("from 2019-2024, pages 1200-1250");
    clean("1700000000 1700000000000 3.14159265358979 1234567890");
    clean("ISBN 978-3-16-148410-0");
    clean("f47ac10b-58cc-4372-a567-0e02b2c3d479 550e8400-e29b-41d4-a716-446655440000");
    clean("12345678-1234-1234-1234-123456789012");
    clean("commit 4666476a1b2c3d4e5f60718293a4b5c6d7e8f901");
    clean("version 10.15.7 (19H2026), build 20.04.6-1234567");
    clean("parse_number(\"19888899999\") text 7.3333333333 call 1234567890.112");
    clean("0x1234567890 1e10 1,234,567,890 12:34:56.789012");
    clean("+1 012-555-0123 and +999 12345678");
}

#[test]
fn cards_need_a_checksum_an_issuer_and_a_length() {
    check("4111111111111111", &[(Kind::CARD, "4111111111111111")]);
    check("4111 1111 1111 1111.", &[(Kind::CARD, "4111 1111 1111 1111")]);
    check("card=5555-5555-5555-4444", &[(Kind::CARD, "5555-5555-5555-4444")]);
    check("3782 822463 10005", &[(Kind::CARD, "3782 822463 10005")]);
    check("exp 12/26 6011111111111117 cvv 123", &[(Kind::CARD, "6011111111111117")]);
    check("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", &[(Kind::CARD, "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1")]);
    check("My card 630427373398 is lost", &[(Kind::CARD, "630427373398")]);
    check("2223003122003222", &[(Kind::CARD, "2223003122003222")]);
    check("{\"n\":4111111111111111}", &[(Kind::CARD, "4111111111111111")]);
    check("card number 060404007894 is", &[(Kind::CARD, "060404007894")]);
    clean("card number 060404007895 is, and for some other reason 060404007894 too");
    clean("4111111111111112");
    clean("9111111111111111 0000000000000000");
    clean("630427373398");
    clean("4006381333931 is an article number");
    clean("a4111111111111111 4111111111111111b 41111111111111110");
    clean("4111.1111111111111111e5");
}

#[test]
fn ibans_need_their_country_s_length_and_check_digits() {
    check("GB82 WEST 1234 5698 7654 32.", &[(Kind::IBAN, "GB82 WEST 1234 5698 7654 32")]);
    check("iban:DE89370400440532013000,", &[(Kind::IBAN, "DE89370400440532013000")]);
    check("fr1420041010050500013m02606", &[(Kind::IBAN, "fr1420041010050500013m02606")]);
    check("NO93 8601 1117 947", &[(Kind::IBAN, "NO93 8601 1117 947")]);
    clean("be68539007547034");
    clean("GB82 WEST 1234 5698 7654 33");
    clean("DE8937040044053201300");
    clean("XX82WEST12345698765432 GB82");
}

#[test]
fn social_security_numbers_follow_the_rules_of_issue() {
    check("SSN 536-22-1234", &[(Kind::US_SSN, "536-22-1234")]);
    check("536-22-1234", &[(Kind::US_SSN, "536-22-1234")]);
    check("it is 536 22 1234", &[(Kind::US_SSN, "536 22 1234")]);
    check("my social security number: 536221234", &[(Kind::US_SSN, "536221234")]);
    check("{\"user_ssn\": \"536221234\"}", &[(Kind::US_SSN, "536221234")]);
    check("ssn=5 3 6 2 2 1 2 3 4", &[(Kind::US_SSN, "5 3 6 2 2 1 2 3 4")]);
    clean("000-12-3456 666-12-3456 912-12-3456 536-00-1234 536-22-0000");
    clean("078-05-1120 and 219-09-9999 were voided");
    clean("536221234 is a session number");
    clean("A-536-22-1234 536-22-1234-5 536-22-12345 1536-22-1234");
}

#[test]
fn addresses_of_hosts_are_told_from_versions() {
    check("from 203.0.113.7:8080", &[(Kind::IP, "203.0.113.7")]);
    check(
        "http://192.168.1.20/x 10.0.0.0/8",
        &[(Kind::IP, "192.168.1.20"), (Kind::IP, "10.0.0.0")],
    );
    check("2001:db8::8a2e:370:7334", &[(Kind::IP, "2001:db8::8a2e:370:7334")]);
    check(
        "[fe80::1] and 2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        &[(Kind::IP, "fe80::1"), (Kind::IP, "2001:0db8:85a3:0000:0000:8a2e:0370:7334")],
    );
    clean("127.0.0.1 0.0.0.0 255.255.255.0 ::1 ::");
    clean("version 1.2.3.4, v1.2.3.4, Chrome/120.0.0.0, 1.2.3.4-beta1");
    clean("1.2.3.4.5 1.2.3 256.1.1.1 01.2.3.4x");
    clean("std::fs::read a::b 12:30:45 12:30 dead::beef");
    clean("aa:bb:cc:dd:ee:ff");
}

#[test]
fn disguised_characters_do_not_hide_a_value() {
    check("４１１１１１１１１１１１１１１１", &[(Kind::CARD, "４１１１１１１１１１１１１１１１")]);
    check("41\u{200B}1111\u{200D}1111111111", &[(Kind::CARD, "41\u{200B}1111\u{200D}1111111111")]);
    check("536\u{2013}22\u{2011}1234", &[(Kind::US_SSN, "536\u{2013}22\u{2011}1234")]);
    check("bob\u{FF20}example\u{FF0E}com", &[(Kind::EMAIL, "bob\u{FF20}example\u{FF0E}com")]);
    check("b\u{AD}ob@exam\u{2060}ple.com", &[(Kind::EMAIL, "b\u{AD}ob@exam\u{2060}ple.com")]);
    check("٥٣٦-٢٢-١٢٣٤", &[(Kind::US_SSN, "٥٣٦-٢٢-١٢٣٤")]);
    check(
        "4111\u{A0}1111\u{202F}1111\u{2009}1111",
        &[(Kind::CARD, "4111\u{A0}1111\u{202F}1111\u{2009}1111")],
    );
    check(r#"{"to":"bob\u0040example.com"}"#, &[(Kind::EMAIL, r"bob\u0040example.com")]);
    check(r#"{"to":"x\nbob@example.com"}"#, &[(Kind::EMAIL, "bob@example.com")]);
}

#[test]
fn a_street_has_no_other_value_in_it() {
    check("1 A 4111111111111111 St", &[(Kind::CARD, "4111111111111111")]);
    check("1 A 536-22-1234 St", &[(Kind::US_SSN, "536-22-1234")]);
    check(
        "1 A 536-22-1234 St, 5 Main St",
        &[(Kind::US_SSN, "536-22-1234"), (Kind::STREET_ADDRESS, "5 Main St")],
    );
    check("at 123 West 42nd St", &[(Kind::STREET_ADDRESS, "123 West 42nd St")]);
    check("at 9 Route 66 Drive", &[(Kind::STREET_ADDRESS, "9 Route 66 Drive")]);
    clean("1 A 4000 0000 0000 St");
}

#[test]
fn a_card_may_stand_right_behind_its_word() {
    let card = "4111111111111111";
    for before in ["Card No.", "/cards/", "card-", "credit_card_"] {
        check(&format!("{before}{card}"), &[(Kind::CARD, card)]);
    }
    clean("/status/4111111111111111 and v.4111111111111111");
}
