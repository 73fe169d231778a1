//! What is probably somebody's name. A family of its own: it is a guess, which may be redacted and
//! raises the label, and by itself blocks nothing.

super::kinds! {
    NAME:
    PERSON = "person", Name, Sensitive,
        "The name of a person.",
        "a gazetteer and a small model over the words round it; a guess",
        "dlp/training: WNUT 2017 (CC BY 4.0), GeoNames (CC BY 4.0), lists of given names and surnames";
}
