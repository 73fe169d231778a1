//! Prints the starter settings: every key commented out with its default.

use crate::reader::Line;

const HEAD: &str = "\
# Settings of Orchestack. Every line that begins with `#` and a letter is a setting with its
# default: take the `#` away to change it. Any setting can also come from the environment, such
# as ORCHESTACK_GATEWAY__LISTEN for `listen` in `[gateway]`.
";

/// The text for what one reading pass asked for. A default is `#key = value`; prose and examples
/// of keys without a default begin with `# `.
pub(crate) fn print(lines: &[Line]) -> String {
    let mut text = HEAD.to_owned();
    for line in lines {
        match line {
            Line::Section { path, help, optional: false } => {
                text.push_str(&format!("\n# {help}\n[{path}]\n"));
            }
            Line::Section { path, help, optional: true } => {
                text.push_str(&format!("\n# {help}\n# [{path}]\n"));
            }
            Line::Key { key, value, help, optional: false } => {
                text.push_str(&format!("# {help}\n#{key} = {value}\n"));
            }
            Line::Key { key, value, help, optional: true } => {
                let unset = if help.contains("not set") { "" } else { " Not set by default." };
                text.push_str(&format!("# {help}{unset}\n# {key} = {value}\n"));
            }
        }
    }
    text
}
