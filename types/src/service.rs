//! In what class a provider serves a call.

crate::names! {
    /// The class of service that a call is served in, which its price depends on. OpenAI's
    /// `service_tier` calls the first `default`; a batch is not asked for by a parameter.
    #[derive(Default)]
    ServiceClass {
        /// What is served where nothing else was asked for.
        #[default]
        Standard = "standard",
        /// Slower and cheaper, as there is room.
        Flex = "flex",
        /// Faster and dearer.
        Priority = "priority",
        /// Within a day, from a file of requests.
        Batch = "batch",
    }
}

impl ServiceClass {
    /// The class that a provider means by a `service_tier`; `None` for a word that has no price of
    /// its own, such as `auto` and `scale`.
    pub fn of_tier(tier: &str) -> Option<Self> {
        match tier {
            "default" => Some(Self::Standard),
            // OpenAI's other name for it: "the response will show `priority`" either way.
            "fast" => Some(Self::Priority),
            other => other.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_a_class_only_where_it_has_a_price_of_its_own() {
        let of = ServiceClass::of_tier;
        assert_eq!(of("default"), Some(ServiceClass::Standard));
        assert_eq!(of("standard"), Some(ServiceClass::Standard));
        assert_eq!(of("flex"), Some(ServiceClass::Flex));
        assert_eq!(of("fast"), Some(ServiceClass::Priority));
        assert_eq!((of("auto"), of("scale"), of("")), (None, None, None));
    }
}
