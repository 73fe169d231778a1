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

/// Digits of the scripts in use and dashes, which NFKC leaves alone, as ASCII.
pub(super) fn ascii_form(character: char) -> Option<char> {
    // The zero of each decimal block (Unicode general category Nd).
    const ZEROS: [u32; 23] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50,
        0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0x19D0, 0x1A80, 0x1B50, 0xA8D0, 0xABF0,
    ];
    let code = u32::from(character);
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => return Some('-'),
        '\u{660}'..='\u{1B59}' | '\u{A8D0}'..='\u{ABF9}' => {}
        _ => return None,
    }
    let zero = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// Common letters that NFKC surely leaves alone: a way round its tables.
pub(super) const fn is_stable(character: char) -> bool {
    matches!(character, '\0'..='\u{7F}' | '\u{C0}'..='\u{12F}' | '\u{3B1}'..='\u{3C9}'
        | '\u{410}'..='\u{44F}' | '\u{3041}'..='\u{3094}' | '\u{4E00}'..='\u{9FA5}' | '\u{AC00}'..='\u{D7A3}')
}
