//! Running other programs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;

/// What went wrong, told to the user.
#[derive(Debug)]
pub struct Failure(pub String);

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure(error.to_string())
    }
}

/// What a command ends with; why it failed is said on stderr.
pub fn to_exit_code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The project's root, wherever cargo was called.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A program that has to succeed.
#[derive(Debug)]
pub struct Step(Command);

impl Step {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(root());
        Step(command)
    }

    pub fn cargo<const N: usize>(arguments: [&str; N]) -> Self {
        Step::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(arguments)
    }

    pub fn npm<const N: usize>(arguments: [&str; N]) -> Self {
        Step::new(if cfg!(windows) { "npm.cmd" } else { "npm" }).args(arguments)
    }

    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Finds what it starts itself in this folder before all others.
    pub fn path_first(mut self, folder: &Path) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
        // A folder whose name cannot be in a PATH is left out of it, and what is in it is not found.
        self.0.env("PATH", std::env::join_paths(folders).unwrap_or(path));
        self
    }

    /// Runs in a folder of the project.
    pub fn within(mut self, folder: &str) -> Self {
        self.0.current_dir(root().join(folder));
        self
    }

    /// What the program prints on stdout goes to stderr, so that stdout is the command's own.
    pub fn quiet(mut self) -> Self {
        self.0.stdout(Stdio::from(std::io::stderr()));
        self
    }

    pub fn run(mut self) -> Result<(), Failure> {
        let shown = format!("{:?}", self.0);
        match self.0.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure(format!("{shown} failed: {status}"))),
            Err(error) => Err(Failure(format!("{shown} could not be started: {error}"))),
        }
    }

    /// Runs beside others that print as well: each line says whose it is.
    pub fn run_as(mut self, name: &str) -> Result<(), Failure> {
        let shown = format!("{:?}", self.0);
        let (output, end) = std::io::pipe()?;
        let mut child = self.0.stdout(end.try_clone()?).stderr(end).spawn()?;
        // The command keeps its ends of the pipe open, and the output would not end with the program.
        drop(self);
        for line in BufReader::new(output).split(b'\n') {
            println!("{name} | {}", String::from_utf8_lossy(&line?));
        }
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(Failure(format!("{shown} failed: {status}"))) }
    }

    pub fn output(mut self) -> Option<String> {
        let output = self.0.output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Several parts of a command ask for the same work.
pub fn once(done: &OnceLock<()>, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    if done.get().is_none() {
        work()?;
        done.get_or_init(|| ());
    }
    Ok(())
}

/// The files of a folder whose names end so, in order.
pub fn files_ending(folder: &str, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(root().join(folder))?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(ending));
    files.sort();
    Ok(files)
}
