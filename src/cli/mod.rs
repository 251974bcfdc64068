//! The `evenkeel` command.

mod clock;
mod doctor;
mod events;
mod replay;
mod status;
mod table;

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::attach::{self, AttachError, Attached};

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  the answer is no: a replay differs, or the doctor has found a problem
  2  the arguments are wrong, or a file cannot be read or written
  3  there is no dev server to attach to, it does not answer, or it has dropped
     a reader that was too slow";

/// Keeps a Vite dev server consistent while Vite re-optimizes dependencies
///
/// The plugin runs `evenkeel serve`; other commands look at a running dev server.
#[derive(Debug, Parser)]
#[command(name = "evenkeel", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the Vite plugin's sidecar: JSON-RPC on stdin and stdout
    #[command(after_help = "\
Environment:
  EVENKEEL_LOG  what to log, as in RUST_LOG: evenkeel=debug (default: warn)

Example: the Vite plugin runs
  evenkeel serve")]
    Serve,
    /// Runs a language server that shows an editor what is late
    #[command(after_help = "\
Example: in Neovim 0.11 or newer
  vim.lsp.config('evenkeel', {
    cmd = { 'evenkeel', 'lsp' }, root_markers = { 'vite.config.ts' },
  })
  vim.lsp.enable('evenkeel')")]
    Lsp,
    /// Shows environments, and the latest re-optimizations
    #[command(after_help = "\
Examples:
  evenkeel status
  evenkeel status --json | jq '.records[-1].dependencies'
  evenkeel status --watch")]
    Status(status::StatusArgs),
    /// Shows what has happened: late dependencies, commits, reloads
    #[command(after_help = "\
Examples:
  evenkeel events --follow
  evenkeel events --save bug.jsonl

A saved journal has names of files, URLs and error texts of the app in it.")]
    Events(events::EventsArgs),
    /// Replays a saved journal, and says where the result differs
    #[command(after_help = "\
Example:
  evenkeel events --save bug.jsonl && evenkeel replay bug.jsonl")]
    Replay(replay::ReplayArgs),
    /// Checks a project, and says what to do about what it finds
    #[command(after_help = "\
Examples:
  evenkeel doctor
  evenkeel doctor --json --root apps/web")]
    Doctor(doctor::DoctorArgs),
    /// Prints completions for a shell
    #[command(after_help = "\
Example: in ~/.bashrc
  source <(evenkeel completions bash)")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Which dev server is meant.
#[derive(Debug, Args)]
struct Target {
    /// The project's folder, or one in or around it
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// The sidecar's process id, where several dev servers run
    #[arg(long)]
    pid: Option<u32>,
}

impl Target {
    async fn join(&self) -> Result<Attached, Failed> {
        Ok(attach::join(&self.folder()?, self.pid).await?)
    }

    fn folder(&self) -> Result<PathBuf, Failed> {
        dunce::canonicalize(&self.root).map_err(|error| Failed::file(&self.root, error))
    }
}

/// Why a command has nothing to show.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Attach(#[from] AttachError),
    #[error("{file}: {reason}")]
    File { file: String, reason: String },
    /// The reader of a pipe has seen enough.
    #[error("nobody reads the output")]
    Unread,
    #[error("the output cannot be written: {0}")]
    Unwritten(std::io::Error),
    #[error("the async runtime could not be started: {0}")]
    NotStarted(std::io::Error),
}

impl Failed {
    fn file(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        Failed::File { file: path.display().to_string(), reason: reason.to_string() }
    }

    fn code(&self) -> u8 {
        match self {
            Failed::Unread => 0,
            Failed::File { .. } | Failed::Unwritten(_) | Failed::NotStarted(_) => 2,
            Failed::Attach(_) => 3,
        }
    }
}

/// What fails where nothing else is said is the output.
impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Failed::Unread,
            _ => Failed::Unwritten(error),
        }
    }
}

/// What a command says at its end.
type CommandResult = Result<Yes, Failed>;

/// Whether the answer is yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yes {
    Yes,
    No,
}

pub fn run() -> ExitCode {
    let answer = match Cli::parse().command {
        None => help(),
        Some(Command::Serve) => return crate::server::run(),
        Some(Command::Lsp) => return crate::lsp::run(),
        Some(Command::Completions { shell }) => completions(shell),
        Some(Command::Replay(arguments)) => replay::run(&arguments),
        Some(Command::Status(arguments)) => block_on(status::run(arguments)),
        Some(Command::Events(arguments)) => block_on(events::run(arguments)),
        Some(Command::Doctor(arguments)) => block_on(doctor::run(arguments)),
    };
    match answer {
        Ok(Yes::Yes) => ExitCode::SUCCESS,
        Ok(Yes::No) => ExitCode::FAILURE,
        Err(failed) => {
            if failed.code() > 0 {
                eprintln!("evenkeel: {failed}");
            }
            ExitCode::from(failed.code())
        }
    }
}

fn completions(shell: clap_complete::Shell) -> CommandResult {
    // What writes them would panic where nobody reads to the end.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "evenkeel", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Yes::Yes)
}

/// For who types the name alone, to see what it is.
fn help() -> CommandResult {
    Cli::command().print_help()?;
    Ok(Yes::Yes)
}

fn block_on(answer: impl Future<Output = CommandResult>) -> CommandResult {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::NotStarted)?;
    runtime.block_on(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 80;

    #[test]
    fn every_help_fits_a_terminal() {
        let mut cli = Cli::command();
        cli.build();
        let names: Vec<_> = cli.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        let mut helps = vec![cli.render_long_help().to_string()];
        helps.extend(
            names.iter().filter_map(|name| Some(cli.find_subcommand_mut(name)?.render_help().to_string())),
        );
        let long: Vec<_> =
            helps.iter().flat_map(|help| help.lines()).filter(|line| line.chars().count() > WIDTH).collect();
        assert!(long.is_empty(), "{long:#?}");
    }
}
