//! A transcript, from its text.

use serde_json::{Value, json};

use super::super::{pattern, process::frame};
use super::{Session, Step};

/// Reads the sessions of a transcript.
pub fn read(text: &str) -> Result<Vec<Session>, String> {
    let mut sessions: Vec<Session> = Vec::new();
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    for (number, line) in join(lines) {
        if let Some(title) = line.strip_prefix("== ") {
            sessions.push(Session { title: title.into(), steps: Vec::new() });
            continue;
        }
        let session =
            sessions.last_mut().ok_or(format!("line {number}: a session begins with `== title`"))?;
        let step = read_step(&line).map_err(|error| format!("line {number}: {error}"))?;
        session.steps.push((number, step));
    }
    Ok(sessions)
}

/// Reads the sessions that are the `rpc` blocks of a Markdown page, titled by the headings above them.
pub fn read_markdown(text: &str) -> Result<Vec<Session>, String> {
    let (mut heading, mut block) = ("", None);
    let mut transcript = String::new();
    for line in text.lines() {
        match (line, block) {
            ("```rpc", None) => {
                block = Some(());
                transcript.push_str(&format!("== {heading}\n"));
                continue;
            }
            ("```", Some(())) => block = None,
            (line, Some(())) => transcript.push_str(line),
            (line, None) => {
                heading = line.strip_prefix('#').map_or(heading, |rest| rest.trim_matches(['#', ' ']))
            }
        }
        // A line for a line, so that a failure names the page's own.
        transcript.push('\n');
    }
    read(&transcript)
}

fn join<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
        match joined.last_mut() {
            Some((_, whole)) if line.starts_with(' ') => *whole = format!("{whole} {}", line.trim()),
            _ => joined.push((number, line.trim_end().into())),
        }
    }
    joined
}

fn read_step(line: &str) -> Result<Step, String> {
    if let Some(rest) = line.strip_prefix("--> ") {
        return read_send(rest);
    }
    if let Some(rest) = line.strip_prefix("<-- ") {
        return read_receive(rest);
    }
    if let Some(rest) = line.strip_prefix("wait until status ") {
        return pattern::parse(rest).map(Step::WaitUntil);
    }
    if let Some(id) = line.strip_suffix(" still waits") {
        return Ok(Step::StillWaits(json_of(id)?));
    }
    match line.split_once(' ') {
        Some(("begin", policy)) => Ok(Step::Begin(json_of(policy)?)),
        Some(("exit", code)) => Ok(Step::Exit(code.parse().map_err(|_| "exit has a code")?)),
        _ => match line {
            "begin" => Ok(Step::Begin(json!({}))),
            "strict" => Ok(Step::Strict),
            "end of input" => Ok(Step::EndInput),
            _ => Err(format!("unknown step: {line}")),
        },
    }
}

fn read_send(rest: &str) -> Result<Step, String> {
    if rest.starts_with(['{', '[']) {
        let message: Value = json_of(rest)?;
        let method = message["method"].as_str().map(str::to_owned);
        return Ok(Step::Send { method, bytes: frame(rest) });
    }
    let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
    if first == "raw" {
        let (text, times) = more.rsplit_once(" x ").unwrap_or((more, "1"));
        let times = times.parse().map_err(|_| format!("not a number of times: {times}"))?;
        let text: String = serde_json::from_str(text).map_err(|error| format!("not a string: {error}"))?;
        return Ok(Step::Send { method: None, bytes: text.repeat(times).into_bytes() });
    }
    if first == "framed" {
        let text: String = serde_json::from_str(more).map_err(|error| format!("not a string: {error}"))?;
        return Ok(Step::Send { method: None, bytes: frame(text) });
    }
    let mut message = json!({ "jsonrpc": "2.0" });
    let (method, params) = if is_id(first) {
        message["id"] = json_of(first)?;
        more.split_once(' ').unwrap_or((more, ""))
    } else {
        (first, more)
    };
    message["method"] = method.into();
    if !params.is_empty() {
        message["params"] = json_of(params)?;
    }
    Ok(Step::Send { method: Some(method.into()), bytes: frame(message.to_string()) })
}

fn read_receive(rest: &str) -> Result<Step, String> {
    if rest.starts_with('{') {
        return pattern::parse(rest).map(Step::Response);
    }
    let (first, more) = rest.split_once(' ').ok_or("what is expected?")?;
    if !is_id(first) {
        return Ok(Step::Notification { method: first.into(), params: pattern::parse(more)? });
    }
    let id = json_of(first)?;
    let expected = match more.strip_prefix("error ") {
        None => json!({ "jsonrpc": "2.0", "id": id, "result": pattern::parse(more)? }),
        Some(error) => {
            let (code, message) = error.split_once(' ').unwrap_or((error, "\"*\""));
            let error = json!({ "code": json_of(code)?, "message": json_of(message)?, "…": null });
            json!({ "jsonrpc": "2.0", "id": id, "error": error })
        }
    };
    Ok(Step::Answer { id, expected })
}

fn is_id(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '"' || c == '-')
}

fn json_of(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}: {text}"))
}
