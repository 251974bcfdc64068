//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

/// A table without lines, as wide as the terminal at most; as wide as it needs to be elsewhere.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.map(str::to_uppercase));
    table.add_rows(rows);
    let text = table.trim_fmt();
    // Every cell begins with a space.
    text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect()
}

/// `1 request`, `2 requests`.
pub fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Milliseconds since the session began, as a person reads them.
pub fn moment(milliseconds: u64) -> String {
    let (minutes, seconds) = (milliseconds / 60_000, milliseconds % 60_000);
    format!("{minutes:02}:{:02}.{:03}", seconds / 1000, seconds % 1000)
}

/// A dash for nothing.
pub fn or_dash(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}
