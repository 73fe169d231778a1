//! Which servers of this dialect want to be told what their models thought.

/// Hosts, with all below them, whose models go on from their thoughts after a call of a tool, and refuse the
/// call without them or do worse. Others, such as Groq and OpenAI, refuse a message that has them.
const WANTING: [&str; 8] = [
    "bigmodel.cn",
    "deepseek.com",
    "kimi.com",
    "minimax.io",
    "moonshot.ai",
    "moonshot.cn",
    "openrouter.ai",
    "z.ai",
];

/// Whether the server at this address wants the thoughts of an assistant's message with calls back, as
/// `reasoning_content`.
pub fn wants_thoughts(base_url: &str) -> bool {
    let (_, rest) = base_url.split_once("://").unwrap_or(("", base_url));
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    WANTING.iter().any(|wanting| {
        host.strip_suffix(wanting).is_some_and(|below| below.is_empty() || below.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_thoughts_is_known_by_its_host() {
        for (base_url, wants) in [
            ("https://api.deepseek.com/v1", true),
            ("https://deepseek.com", true),
            ("https://api.moonshot.ai:443/v1", true),
            ("https://OpenRouter.ai/api/v1", true),
            ("https://notdeepseek.com/v1", false),
            ("https://api.groq.com/openai/v1", false),
            ("https://api.openai.com/v1", false),
            ("https://h/deepseek.com", false),
            ("", false),
        ] {
            assert_eq!(wants_thoughts(base_url), wants, "{base_url}");
        }
    }
}
