//! What a deployment may choose: regions, labels, thresholds and bounds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use phonenumber::country;
use serde::Deserialize;
use types::Label;

use crate::{Kind, Selector};

/// Settings of the engine. The default is what we would run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Regions whose national phone numbers are looked for, as ISO 3166-1 alpha-2 codes. Numbers
    /// in international form are found whatever their region.
    pub regions: Vec<Region>,
    /// The label of a kind or of a family, where it is to differ from the catalogue's.
    pub labels: BTreeMap<Selector, Label>,
    /// Kinds that are not looked for. Web addresses are told only where somebody asks for them.
    pub off: BTreeSet<Selector>,
    /// The label of a request in which nothing was found.
    pub label_without_findings: Label,
    /// The label that an image or a document gives a request: what it shows is not searched.
    pub label_of_images: Label,
    /// So many distinct e-mail addresses or phone numbers make a bulk list, which is restricted.
    pub bulk_list_min: usize,
    /// A candidate below this score, 0 to 100, is no finding.
    pub score_min: u8,
    /// Bytes of one field, or of all texts of one message together; a longer one is not scanned
    /// and makes the findings incomplete.
    pub field_bytes_max: usize,
    /// Bytes of a streamed answer that are held back where no place is certain, such as a token without
    /// an end; more are not searched, and count as if they were restricted.
    pub held_bytes_max: usize,
    /// Findings of one request; more make the findings incomplete.
    pub findings_max: usize,
    /// Work for one request, in steps of about a byte looked at. More makes the findings incomplete.
    pub steps_max: u64,
}

/// A region of the phone number library.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Region(country::Id);

/// Text that is no region known to the phone number library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no region with phone numbers; use ISO 3166-1 alpha-2 codes such as `US`")]
pub struct UnknownRegion {
    given: String,
}

impl Default for Settings {
    fn default() -> Self {
        use country::{AT, CA, CH, DE, ES, FR, GB, IT, NL, US};
        Self {
            regions: [US, CA, GB, DE, FR, ES, IT, NL, AT, CH].map(Region).to_vec(),
            labels: BTreeMap::new(),
            off: [Selector::Kind(Kind::URL)].into(),
            label_without_findings: Label::Internal,
            // Confidential until somebody says otherwise, and not yet bound to local models.
            label_of_images: Label::Sensitive,
            bulk_list_min: 10,
            score_min: 60,
            field_bytes_max: 8 << 20,
            held_bytes_max: 256 << 10,
            findings_max: 10_000,
            steps_max: 500_000_000,
        }
    }
}

impl Settings {
    /// Whether this kind is not looked for.
    pub fn is_off(&self, kind: Kind) -> bool {
        !self.off.is_empty() && self.off.iter().any(|selector| selector.covers(kind))
    }

    /// The label that is set for this kind, or else for its family.
    pub fn label_of(&self, kind: Kind) -> Option<Label> {
        let of = |selector| self.labels.get(&selector).copied();
        of(Selector::Kind(kind)).or_else(|| of(Selector::Family(kind.family())))
    }
}

impl Region {
    /// The region as the phone number library knows it.
    pub(crate) const fn id(self) -> country::Id {
        self.0
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

impl TryFrom<String> for Region {
    type Error = UnknownRegion;

    fn try_from(given: String) -> Result<Self, UnknownRegion> {
        match given.parse() {
            Ok(id) => Ok(Self(id)),
            Err(_) => Err(UnknownRegion { given }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(json: &str, expected: &str) {
        let error = serde_json::from_str::<Settings>(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_wrong_setting_is_named() {
        refused(r#"{"regoins": []}"#, "unknown field `regoins`");
        refused(r#"{"regions": ["XX"]}"#, "`XX` is no region");
        refused(r#"{"labels": {"mail": "public"}}"#, "`mail` is no kind of finding");
    }

    #[test]
    fn one_label_can_be_changed_without_naming_the_others() {
        let settings: Settings =
            serde_json::from_str(r#"{"labels": {"ip": "internal"}, "regions": ["US"]}"#).unwrap();
        assert_eq!(settings.label_of(Kind::IP), Some(Label::Internal));
        assert_eq!(settings.label_of(Kind::EMAIL), None);
    }
}
