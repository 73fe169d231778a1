//! Characters and what they are read as.

/// Format characters that show nothing: Unicode's Default_Ignorable_Code_Point and the
/// bidirectional controls.
pub const fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Digits of all scripts and dashes, which NFKC leaves alone, as ASCII.
pub(super) fn ascii_form(character: char) -> Option<char> {
    // The zero of each decimal block (Unicode 16, general category Nd) that NFKC leaves alone, in order.
    const ZEROS: [u32; 67] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
        0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
        0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
        0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0,
        0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50,
        0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1E140, 0x1E2F0, 0x1E4F0,
        0x1E5F1, 0x1E950,
    ];
    let code = u32::from(character);
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => return Some('-'),
        '\u{660}'..='\u{1C59}' | '\u{A620}'..='\u{ABF9}' | '\u{104A0}'..='\u{1E959}' => {}
        _ => return None,
    }
    let after = ZEROS.partition_point(|zero| *zero <= code);
    let zero = after.checked_sub(1).and_then(|before| ZEROS.get(before))?;
    char::from_digit(code - zero, 10)
}

/// Characters that stand for others but are set raised, smaller, in a frame or as a sign, often right
/// beside a value: `nº`, `№`, `¹`, `½`, `™`, `①`, `㎏`.
pub(super) const fn is_apart(character: char) -> bool {
    matches!(
        character,
        '\u{AA}' | '\u{B2}' | '\u{B3}' | '\u{B9}' | '\u{BA}' | '\u{BC}'..='\u{BE}'
        | '\u{2B0}'..='\u{2B8}' | '\u{2E0}'..='\u{2E4}' | '\u{1D2C}'..='\u{1D6A}'
        | '\u{1D9B}'..='\u{1DBF}' | '\u{2070}'..='\u{209C}' | '\u{2100}'..='\u{2101}'
        | '\u{2103}' | '\u{2105}'..='\u{2106}' | '\u{2109}' | '\u{2116}' | '\u{2120}'..='\u{2122}'
        | '\u{213B}' | '\u{2150}'..='\u{217F}' | '\u{2189}' | '\u{2460}'..='\u{24EA}'
        | '\u{3200}'..='\u{33FF}' | '\u{1F100}'..='\u{1F190}'
    )
}

/// Common letters that NFKC surely leaves alone: a way round its tables.
pub(super) const fn is_stable(character: char) -> bool {
    matches!(character, '\0'..='\u{7F}' | '\u{C0}'..='\u{12F}' | '\u{3B1}'..='\u{3C9}'
        | '\u{410}'..='\u{44F}' | '\u{3041}'..='\u{3094}' | '\u{4E00}'..='\u{9FA5}' | '\u{AC00}'..='\u{D7A3}')
}
