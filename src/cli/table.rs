//! Tables for people.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use textwrap::{Options, WordSeparator, WordSplitter};

/// What a table is made to fit where nothing tells how wide the terminal is.
const USUAL_WIDTH: u16 = 80;

/// A table without lines, as wide as the terminal at most. Its last column gives way.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    // Every cell begins with a space, which is taken away from each line in the end.
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width() + 2);
    table.set_header(header.map(str::to_uppercase));
    table.add_rows(rows);
    for column in table.column_iter_mut().take(N - 1) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    let text = table.trim_fmt();
    text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect()
}

fn width() -> u16 {
    terminal_width().unwrap_or(USUAL_WIDTH)
}

#[cfg(unix)]
fn terminal_width() -> Option<u16> {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?.ws_col;
    (columns > 0).then_some(columns)
}

#[cfg(not(unix))]
fn terminal_width() -> Option<u16> {
    None
}

/// Text for a terminal, broken between words, with all lines but the first indented. What is no terminal gets one line.
pub fn hanging(text: &str, indent: usize) -> String {
    match terminal_width() {
        Some(columns) => broken(text, indent, columns.into()),
        None => text.to_owned(),
    }
}

fn broken(text: &str, indent: usize, columns: usize) -> String {
    let options = Options::new(columns.saturating_sub(indent))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::wrap(text, options).join(&format!("\n{:indent$}", ""))
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

/// `35 ms`, `1.2 s`.
pub fn duration(milliseconds: u64) -> String {
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        _ => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
    }
}

/// A dash for nothing.
pub fn or_dash(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words() {
        let text = broken("Tested are 22 and 24. Whether it works with others is not known.", 9, 40);
        assert_eq!(
            text,
            "Tested are 22 and 24. Whether\n         it works with others is not\n         known."
        );
        let path = "/a/folder/that/is/longer/than/the/terminal/is/wide";
        assert_eq!(broken(path, 9, 40), path);
    }

    #[test]
    fn the_last_column_gives_way_within_eighty_columns() {
        let long =
            "@radix-ui/react-toggle (src/pages/toggle.tsx:12), zod (src/pages/zod.tsx:3), swr, and 4 more";
        let row = ["#12 10:42:07", "evenkeel_fixture_worker", "1.2 s", long].map(str::to_owned);
        let text = table(["when", "environment", "lost", "late dependencies"], [row]);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{widest:?}:\n{text}");
        assert!(text.contains("#12 10:42:07  evenkeel_fixture_worker  1.2 s"), "{text}");
    }
}
