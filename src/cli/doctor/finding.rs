//! What the doctor has to say.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::cli::table::hanging;

/// What is beside a mark, and below what is.
const INDENT: usize = 9;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    Fine,
    /// Worth knowing; nothing is broken.
    Hint,
    /// Something has to be mended.
    Problem,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub level: Level,
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    pub fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let (mark, color) = match self.level {
            Level::Fine => ("ok     ", AnsiColor::Green),
            Level::Hint => ("hint   ", AnsiColor::Cyan),
            Level::Problem => ("problem", AnsiColor::Red),
        };
        let style: Style = color.on_default();
        writeln!(out, "{style}{mark}{style:#}  {}", hanging(&self.what, INDENT))?;
        self.advice.iter().try_for_each(|advice| writeln!(out, "{:INDENT$}{}", "", hanging(advice, INDENT)))
    }
}

pub fn fine(what: impl Into<String>) -> Finding {
    Finding { level: Level::Fine, what: what.into(), advice: None }
}

/// Nothing is to be done about it.
pub fn remark(what: impl Into<String>) -> Finding {
    Finding { level: Level::Hint, what: what.into(), advice: None }
}

pub fn hint(what: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { level: Level::Hint, what: what.into(), advice: Some(advice.into()) }
}

pub fn problem(what: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { level: Level::Problem, what: what.into(), advice: Some(advice.into()) }
}
