//! Transcripts: conversations with the sidecar, written down as text and carried out against the real binary.
//!
//! ```text
//! == A title begins a session: a process of its own.
//! # A comment. A line that begins with a space goes on with the line before it.
//! begin {"quietMs": 0}             initialize with this policy, take the answer, send initialized
//! --> 1 status {}                  send a request with the id 1
//! --> initialized {}               send a notification
//! --> {"jsonrpc": "2.0"}           send these very words in a frame
//! --> framed "{oops"               the same for words that are no JSON
//! --> raw "Content-Length: x" x 9  send bytes without a frame, nine times over
//! <-- 1 {"quiescent": true, …}     the next response has this id and this result
//! <-- 1 error -32601 "no such*"    ... and this error
//! <-- {"id": null, …}              the next response is this as a whole
//! <-- $/progress {"token": "*", …} this notification comes; those before it are passed over
//! 1 still waits                    all that was sent has been looked at, and 1 is not answered
//! wait until status {"quiescent": true, …}
//! strict                           from here on, no notification is passed over
//! end of input                     close stdin
//! exit 0                           the process ends by itself, with this code
//! ```
//!
//! Responses are claimed in the order in which they come. A session ends with all of them claimed.

mod read;

pub use read::{read, read_markdown};

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::pattern;
use super::process::{Process, Streams, frame};

#[derive(Debug, Clone)]
pub struct Session {
    pub title: String,
    steps: Vec<(usize, Step)>,
}

#[derive(Debug, Clone)]
enum Step {
    Begin(Value),
    Send { method: Option<String>, bytes: Vec<u8> },
    Answer { id: Value, expected: Value },
    Response(Value),
    Notification { method: String, params: Value },
    StillWaits(Value),
    WaitUntil(Value),
    Strict,
    EndInput,
    Exit(i32),
}

impl Session {
    /// The methods that it sends or is sent.
    pub fn methods(&self) -> Vec<&str> {
        self.steps.iter().flat_map(|(_, step)| step_methods(step)).collect()
    }

    /// Carries it out. A failure names its line and says what came instead.
    pub fn run(&self, streams: Streams, patience: Duration) -> Result<(), String> {
        let log = if streams == Streams::Pipes { "trace" } else { "warn" };
        let mut conversation = Conversation {
            process: Process::start(streams, log),
            patience,
            responses: VecDeque::new(),
            notifications: VecDeque::new(),
            strict: false,
            asked: 0,
            ended: false,
        };
        let mut steps = self.steps.iter();
        let failed = steps.find_map(|(line, step)| Some((line, conversation.carry_out(step).err()?)));
        let (line, error) = match failed {
            Some((line, error)) => (line.to_string(), error),
            None => match conversation.tear_down() {
                Ok(()) => return Ok(()),
                Err(error) => ("end".into(), error),
            },
        };
        let log = conversation.process.finish();
        let log: Vec<_> = log.lines().rev().take(10).collect();
        let log = log.into_iter().rev().map(|line| format!("\n    {line}")).collect::<String>();
        Err(format!("{line}: {} ({streams:?}): {error}\n  stderr:{log}", self.title))
    }
}

fn step_methods(step: &Step) -> Vec<&str> {
    match step {
        Step::Begin(_) => vec!["initialize", "initialized"],
        Step::Send { method, .. } => method.as_deref().into_iter().collect(),
        Step::Notification { method, .. } => vec![method],
        Step::WaitUntil(_) => vec!["status"],
        _ => Vec::new(),
    }
}

struct Conversation {
    process: Process,
    patience: Duration,
    responses: VecDeque<Value>,
    notifications: VecDeque<Value>,
    strict: bool,
    /// Counts the runner's own requests, whose ids no transcript uses.
    asked: u32,
    ended: bool,
}

impl Conversation {
    fn carry_out(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Begin(policy) => self.begin(policy),
            Step::Send { bytes, .. } => self.process.send(bytes),
            Step::Answer { id, expected } => {
                let response = self.next_response(&id.to_string())?;
                pattern::compare(expected, &response).map_err(|error| format!("{error}\n  in {response}"))
            }
            Step::Response(expected) => {
                let response = self.next_response("any")?;
                pattern::compare(expected, &response).map_err(|error| format!("{error}\n  in {response}"))
            }
            Step::Notification { method, params } => self.claim_notification(method, params),
            Step::StillWaits(id) => {
                self.ask("status", json!({}))?;
                match self.responses.iter().find(|response| response["id"] == *id) {
                    Some(response) => Err(format!("{id} waits no longer: {response}")),
                    None => Ok(()),
                }
            }
            Step::WaitUntil(expected) => self.wait_until(expected),
            Step::Strict => {
                self.strict = true;
                Ok(())
            }
            Step::EndInput => {
                self.process.end_input();
                Ok(())
            }
            Step::Exit(code) => self.exit(*code),
        }
    }

    fn begin(&mut self, policy: &Value) -> Result<(), String> {
        let options = json!({ "protocolVersion": evenkeel::protocol::PROTOCOL_VERSION, "policy": policy });
        let params = json!({ "processId": null, "capabilities": {}, "initializationOptions": options });
        let answer = self.ask("initialize", params)?;
        if answer.get("result").is_none() {
            return Err(format!("initialize was refused: {answer}"));
        }
        let initialized = json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} });
        self.process.send(&frame(initialized.to_string()))
    }

    /// Asks in the runner's own name, and leaves all other messages where they are claimed.
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.asked += 1;
        let id = Value::from(format!("runner-{}", self.asked));
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.process.send(&frame(message.to_string()))?;
        let deadline = Instant::now() + self.patience;
        loop {
            let own = self.responses.iter().position(|response| response["id"] == id);
            if let Some(response) = own.and_then(|index| self.responses.remove(index)) {
                return Ok(response);
            }
            self.take_in(deadline).map_err(|error| format!("the runner's {method}: {error}"))?;
        }
    }

    /// Waits for a message and puts it where it is claimed.
    fn take_in(&mut self, deadline: Instant) -> Result<(), String> {
        let patience = deadline.saturating_duration_since(Instant::now());
        let Some(message) = self.process.receive(patience)? else {
            self.ended = true;
            return Err("stdout has ended".into());
        };
        let is_response = message.get("result").is_some() || message.get("error").is_some();
        let of_its_kind = if is_response { &mut self.responses } else { &mut self.notifications };
        of_its_kind.push_back(message);
        Ok(())
    }

    fn next_response(&mut self, wanted: &str) -> Result<Value, String> {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(response) = self.responses.pop_front() {
                return Ok(response);
            }
            self.take_in(deadline).map_err(|error| format!("no response ({wanted} is expected): {error}"))?;
        }
    }

    fn claim_notification(&mut self, method: &str, params: &Value) -> Result<(), String> {
        let expected = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        let deadline = Instant::now() + self.patience;
        let mut passed = Vec::new();
        loop {
            while let Some(notification) = self.notifications.pop_front() {
                match pattern::compare(&expected, &notification) {
                    Ok(()) => return Ok(()),
                    Err(error) if self.strict => return Err(format!("{error}\n  in {notification}")),
                    Err(_) => passed.push(notification.to_string()),
                }
            }
            self.take_in(deadline).map_err(|error| {
                format!(
                    "{method} {params} did not come: {error}\n  passed over:\n    {}",
                    passed.join("\n    ")
                )
            })?;
        }
    }

    fn wait_until(&mut self, expected: &Value) -> Result<(), String> {
        let deadline = Instant::now() + self.patience;
        loop {
            let status = self.ask("status", json!({}))?;
            match pattern::compare(expected, &status["result"]) {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(format!("{error}\n  in {status}")),
                // Asked again soon, but not so often that asking is all the sidecar does.
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn exit(&mut self, expected: i32) -> Result<(), String> {
        let code = self.process.exit_code(self.patience)?;
        self.read_to_end()?;
        match code {
            Some(code) if code == expected => Ok(()),
            code => Err(format!("expected exit code {expected}, found {code:?}")),
        }
    }

    fn read_to_end(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + self.patience;
        while !self.ended {
            self.take_in(deadline).or_else(|error| if self.ended { Ok(()) } else { Err(error) })?;
        }
        Ok(())
    }

    /// All that was said has been claimed, and the sidecar goes with its client.
    fn tear_down(&mut self) -> Result<(), String> {
        if !self.ended {
            // Answered behind everything that was sent before, whatever the answer is.
            self.ask("status", json!({}))?;
            self.process.end_input();
            self.process.exit_code(self.patience)?;
            self.read_to_end()?;
        }
        if let Some(response) = self.responses.front() {
            return Err(format!("a response was not claimed: {response}"));
        }
        match self.notifications.front() {
            Some(notification) if self.strict => {
                Err(format!("a notification was not claimed: {notification}"))
            }
            _ => Ok(()),
        }
    }
}
