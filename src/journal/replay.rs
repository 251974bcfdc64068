//! Running a journal through the core once more.

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::{FORMAT, Input, Response};
use crate::core::{Session, Time};

#[derive(Debug, Error)]
pub enum ReplayError {
    #[error("the journal is empty")]
    Empty,
    #[error("line {line} is no line of a journal ({error}); save it anew with `evenkeel events --save FILE`")]
    Malformed { line: usize, error: String },
    #[error("line {line} tells of what cannot have happened ({why}): the journal was edited")]
    Impossible { line: usize, why: String },
    #[error(
        "line {line}: the journal has format {format} and was saved by evenkeel {version}, this is evenkeel {} with format {FORMAT}: replay it with that version",
        env!("CARGO_PKG_VERSION")
    )]
    OtherFormat { line: usize, format: u32, version: String },
}

/// Where a replay differs from what was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The line of the journal, counted from 1.
    pub line: usize,
    /// What differs: `verdict.action`, or a path in the state.
    pub path: String,
    pub recorded: Value,
    pub replayed: Value,
}

/// How a replay went.
#[derive(Debug)]
pub struct Replay {
    /// The version that recorded it.
    pub version: String,
    pub entries: Vec<(Time, Input, Option<Response>)>,
    pub differences: Vec<Difference>,
    /// Whether the journal has its end, so that the final state was compared, too.
    pub is_whole: bool,
    pub session: Session,
}

/// Any line, by what it has.
#[derive(Deserialize)]
struct Line {
    session: Option<Box<Session>>,
    at: Option<u64>,
    input: Option<Input>,
    answer: Option<Response>,
    end: Option<Box<Session>>,
}

/// Replays a saved journal.
pub fn replay(text: &str) -> Result<Replay, ReplayError> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let (_, first) = lines.next().ok_or(ReplayError::Empty)?;
    let mut replay = begin(first)?;
    for (number, text) in lines {
        let line: Line = parse(number, text)?;
        if let Some((at, input)) = line.at.zip(line.input) {
            let at = Time::from_micros(at);
            let replayed = take_if_possible(&mut replay.session, &input, at)
                .map_err(|why| ReplayError::Impossible { line: number, why })?;
            compare(number, "", &line.answer, &replayed, &mut replay.differences);
            replay.entries.push((at, input, replayed));
        } else if let Some(end) = line.end {
            compare(number, "state", &*end, &replay.session, &mut replay.differences);
            replay.is_whole = true;
        } else {
            return Err(malformed(number, "it has neither an input nor an end"));
        }
    }
    Ok(replay)
}

/// An input as it was recorded, and what was answered; `None` when the line is another.
pub fn entry(line: &Value) -> Option<(Time, Input, Option<Response>)> {
    let line = Line::deserialize(line).ok()?;
    Some((Time::from_micros(line.at?), line.input?, line.answer))
}

fn begin(text: &str) -> Result<Replay, ReplayError> {
    #[derive(Deserialize)]
    struct Header {
        journal: u32,
        version: String,
    }
    let Header { journal: format, version } = parse(1, text)?;
    if format != FORMAT {
        return Err(ReplayError::OtherFormat { line: 1, format, version });
    }
    let line: Line = parse(1, text)?;
    let session = line.session.ok_or_else(|| malformed(1, "it does not begin with a session"))?;
    let (entries, differences) = (Vec::new(), Vec::new());
    Ok(Replay { version, entries, differences, is_whole: false, session: *session })
}

fn parse<T: serde::de::DeserializeOwned>(line: usize, text: &str) -> Result<T, ReplayError> {
    serde_json::from_str(text).map_err(|error| malformed(line, error))
}

fn malformed(line: usize, error: impl std::fmt::Display) -> ReplayError {
    ReplayError::Malformed { line, error: error.to_string() }
}

/// What happened is never before what happened earlier, and never too much to be counted; the core relies on that.
fn take_if_possible(session: &mut Session, input: &Input, now: Time) -> Result<Option<Response>, String> {
    let taken = std::panic::catch_unwind(AssertUnwindSafe(|| take(session, input, now)));
    taken.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
    })
}

fn take(session: &mut Session, input: &Input, now: Time) -> Option<Response> {
    match input.clone() {
        Input::Event(event) => super::apply(session, event, now).1,
        Input::Tick => {
            session.tick(now);
            None
        }
        Input::Reload(turn) => Some(Response::Plan(session.reload(&turn, now).1)),
        Input::Classify(failure) => Some(Response::Verdict(session.classify(&failure, now))),
    }
}

fn compare<T: serde::Serialize>(
    line: usize,
    path: &str,
    recorded: &T,
    replayed: &T,
    found: &mut Vec<Difference>,
) {
    let value = |of: &T| serde_json::to_value(of).unwrap_or_default();
    differ(line, path, &value(recorded), &value(replayed), found);
}

/// The deepest paths at which two values differ.
fn differ(line: usize, path: &str, recorded: &Value, replayed: &Value, found: &mut Vec<Difference>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (recorded, replayed) {
        (Value::Object(left), Value::Object(right)) => {
            let added = right.keys().filter(|key| !left.contains_key(*key));
            for key in left.keys().chain(added) {
                let null = &Value::Null;
                let sides = (left.get(key).unwrap_or(null), right.get(key).unwrap_or(null));
                differ(line, &below(key), sides.0, sides.1, found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                differ(line, &below(&at.to_string()), left, right, found);
            }
        }
        _ if recorded == replayed => {}
        _ => found.push(Difference {
            line,
            path: path.to_owned(),
            recorded: recorded.clone(),
            replayed: replayed.clone(),
        }),
    }
}
