//! The parts of `cargo xtask test`: what each needs, and what runs it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;

use crate::{build_plugin, node, package, prepare, program, setup, soaking};
use xtask::run::{self, Failure, Step, once};

/// How the names of files with tests for Node end.
const TEST: &str = ".test.mjs";

pub const PARTS: [&str; 8] = ["rust", "client", "e2e", "versions", "install", "hosts", "packages", "soak"];

/// Those that do not start the sidecar's program.
const WITHOUT_SIDECAR: [&str; 2] = ["rust", "client"];

/// Those that drive a browser or editors.
const DRIVING_PROGRAMS: [&str; 4] = ["e2e", "install", "hosts", "packages"];

/// The folders whose packages each part needs, beside what `prepare` sees to.
const FIXTURES: [(&str, &str); 9] = [
    ("client", "clients/vite"),
    ("client", "clients/vite/api-docs"),
    ("e2e", "tests"),
    ("e2e", "tests/additive"),
    ("e2e", "tests/editors"),
    ("versions", "tests/versions"),
    ("install", "tests/install"),
    ("hosts", "tests/hosts"),
    ("packages", "tests/packages"),
];

fn fixtures_of(part: &str) -> impl Iterator<Item = &'static str> {
    FIXTURES.iter().filter(move |(name, _)| *name == part).map(|(_, folder)| *folder)
}

pub fn install(part: &str) -> Result<(), Failure> {
    fixtures_of(part).try_for_each(node::install)
}

pub fn test(parts: &[&str]) -> Result<(), Failure> {
    let asked = |part: &str| parts.is_empty() || parts.contains(&part);
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        return Err(Failure(format!("there is no part of the tests called {unknown}: {}", PARTS.join(", "))));
    }
    let programs = prepare_programs(asked)?;
    let packages = prepare_packages(asked);
    if asked("rust") {
        rust()?;
    }
    programs.into_iter().try_for_each(join)?;
    if asked("client") {
        client()?;
    }
    if asked("e2e") {
        e2e(&[])?;
    }
    join(packages)?;
    if asked("versions") {
        versions()?;
    }
    side_by_side(LANES.map(|lane| lane.iter().copied().filter(|part| asked(part)).collect()))
}

type Work = thread::JoinHandle<Result<(), Failure>>;

/// Begins to install and to build what the parts that are asked for start. The system's package manager has the network meanwhile, and
/// the compiler the processors.
fn prepare_programs(asked: impl Fn(&str) -> bool) -> Result<Vec<Work>, Failure> {
    let mut works = Vec::new();
    if DRIVING_PROGRAMS.iter().any(|part| asked(part)) {
        // What the user has to install is said before anything that takes long.
        setup::check()?;
        let newer_neovim = asked("e2e");
        works.push(thread::spawn(move || {
            setup::browser_and_editors()?;
            if newer_neovim { setup::newer_neovim() } else { Ok(()) }
        }));
    }
    // The Rust tests compile it as well, and one Cargo waits for the other.
    if !asked("rust") && PARTS.iter().any(|part| asked(part) && !WITHOUT_SIDECAR.contains(part)) {
        works.push(thread::spawn(program::build_tested));
    }
    Ok(works)
}

/// Begins to install npm packages, in the order in which the parts need them: each part waits for its own alone.
fn prepare_packages(asked: impl Fn(&str) -> bool) -> Work {
    let fixtures = PARTS.into_iter().filter(|part| asked(part)).flat_map(fixtures_of);
    let needs_stacks = asked("versions") || asked("packages");
    let folders: Vec<&str> = fixtures.collect();
    thread::spawn(move || {
        folders.into_iter().try_for_each(node::install)?;
        if needs_stacks { install_packages_of_stacks() } else { Ok(()) }
    })
}

/// What runs one test at a time leaves much of two processors idle: these lanes run at the same time, and take about as long.
const LANES: [&[&str]; 2] = [&["hosts", "install"], &["packages", "soak"]];

fn side_by_side([first, second]: [Vec<&'static str>; 2]) -> Result<(), Failure> {
    if first.is_empty() || second.is_empty() {
        let run = |part| steps_of(part)?.into_iter().try_for_each(Step::run);
        return first.into_iter().chain(second).try_for_each(run);
    }
    // What they need is built before any of them runs.
    let ready = |lane: Vec<&'static str>| -> Result<Vec<_>, Failure> {
        lane.into_iter().map(|part| Ok((part, steps_of(part)?))).collect()
    };
    let (first, second) = (ready(first)?, ready(second)?);
    let first = thread::spawn(move || lane(first));
    lane(second).and(join(first))
}

fn lane(parts: Vec<(&str, Vec<Step>)>) -> Result<(), Failure> {
    parts.into_iter().try_for_each(|(part, steps)| steps.into_iter().try_for_each(|step| step.run_as(part)))
}

/// Builds and installs what one of the `LANES`' parts needs, and gives what runs it.
fn steps_of(part: &str) -> Result<Vec<Step>, Failure> {
    match part {
        "hosts" => {
            setup::browser_and_editors()?;
            prepare(program::build_tested)?;
            install("hosts")?;
            Ok(vec![node_tests(run::files_ending("tests/hosts", TEST)?, ONE_BY_ONE)?])
        }
        "install" => {
            prepare(program::build_tested)?;
            pack_vscode()?;
            install("install")?;
            Ok(vec![node_tests(run::files_ending("tests/install", TEST)?, ONE_BY_ONE)?])
        }
        "packages" => packages(&[]),
        _ => {
            prepare(program::build_tested)?;
            let judge = Step::new(node::recent()?).args(["--test", "tests/soak/judge.test.mjs"]);
            Ok(vec![judge, program::tested_by(soaking()?)])
        }
    }
}

fn client() -> Result<(), Failure> {
    install("client")?;
    build_plugin()?;
    // The tests wait for programs most of the time.
    let testing = thread::spawn(|| {
        Step::npm(["test", "--silent"]).within("clients/vite").run_as("vitest")?;
        Step::npm(["run", "--silent", "check"]).within("clients/vite/api-docs").run_as("api-docs")
    });
    let checked = lint();
    join(testing).and(checked)
}

/// All of TypeScript and JavaScript, and the extension for VS Code as it is packed.
fn lint() -> Result<(), Failure> {
    Step::npm(["run", "--silent", "lint"]).within("clients/vite").run()?;
    pack_vscode()?;
    Step::npm(["run", "--silent", "lint"]).within("clients/vscode").run()?;
    // What a destructuring leaves out is named there and used nowhere.
    let linter = run::root().join("clients/vite/node_modules/.bin/oxlint");
    Step::new(linter).args(["--deny-warnings", "-A", "no-unused-vars", "tests"]).run()
}

fn rust() -> Result<(), Failure> {
    Step::cargo(["fmt", "--all", "--check"]).run()?;
    linted(["build", "--workspace", "--all-targets", "--all-features"]).run()?;
    program::tested_is_built();
    linted(["test", "--workspace", "--all-features"]).run()?;
    linted(["test", "--quiet", "--workspace", "--all-features", "--lib", "fuzz_"])
        .env("FUZZ_MS", FUZZ_MS)
        .run()
}

/// Clippy as the compiler, in the way in which `cargo clippy` makes it check: so the dependencies are compiled once, and not checked
/// besides. Without the same environment, Cargo would compile again.
fn linted<const N: usize>(arguments: [&str; N]) -> Step {
    Step::cargo(arguments)
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        .env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__")
}

/// For each of the tests that are called `fuzz_…`.
const FUZZ_MS: &str = "5000";

fn join(work: Work) -> Result<(), Failure> {
    work.join().map_err(|_| Failure("a thread of xtask panicked".into()))?
}

const E2E: &str = "tests/e2e";

/// Real servers, a real browser and real editors; with names, only those files, with or without the folder and `.test.mjs`.
pub fn e2e(names: &[&str]) -> Result<(), Failure> {
    let all = run::files_ending(E2E, TEST)?;
    let files = if names.is_empty() {
        all
    } else {
        names.iter().map(|name| e2e_file(&all, name)).collect::<Result<_, _>>()?
    };
    setup::browser_and_editors()?;
    setup::newer_neovim()?;
    prepare(program::build_tested)?;
    pack_vscode()?;
    install("e2e")?;
    node_tests(files, SIDE_BY_SIDE)?.run()
}

fn e2e_file(all: &[PathBuf], name: &str) -> Result<PathBuf, Failure> {
    let name = name.trim_start_matches("./").trim_start_matches(E2E).trim_start_matches('/');
    let file = format!("{}{TEST}", name.trim_end_matches(TEST));
    let found = all.iter().find(|path| path.file_name().is_some_and(|name| name == file.as_str()));
    found.cloned().ok_or_else(|| Failure(format!("there is no {E2E}/{file}: `ls {E2E}` shows the names")))
}

/// The matrix of versions: each of its stacks has packages of its own.
fn versions() -> Result<(), Failure> {
    prepare(program::build_tested)?;
    install("versions")?;
    install_stacks()?;
    node_tests(run::files_ending("tests/versions", TEST)?, SIDE_BY_SIDE)?.run()
}

/// The folders of the stacks.
fn stacks() -> Result<Vec<String>, Failure> {
    let name = |stack: &PathBuf| stack.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stacks = run::files_ending("tests/versions/stacks", "")?;
    Ok(stacks.iter().map(|stack| format!("tests/versions/stacks/{}", name(stack))).collect())
}

fn install_packages_of_stacks() -> Result<(), Failure> {
    stacks()?.iter().try_for_each(|stack| node::install(stack))
}

pub fn install_stacks() -> Result<(), Failure> {
    install_packages_of_stacks()?;
    Step::new(node::recent()?).args(["tests/versions/prepare.mjs"]).run()
}

/// Identity, and a sample of popular packages; with arguments, only the packages that they choose.
pub fn packages(arguments: &[&str]) -> Result<Vec<Step>, Failure> {
    setup::browser_and_editors()?;
    prepare(program::build_tested)?;
    install("packages")?;
    let mut steps = Vec::new();
    if arguments.is_empty() {
        install_stacks()?;
        steps.push(node_tests(run::files_ending("tests/packages", TEST)?, ONE_BY_ONE)?);
    }
    let list = Step::new(node::recent()?).args(["packages/run.mjs"]).args(arguments).within("tests");
    steps.push(program::tested_by(list));
    Ok(steps)
}

/// Three at once: their servers spend much of their time waiting, and what is right on busy processors only is seen there too.
const SIDE_BY_SIDE: usize = 3;
/// For tests that keep the processors busy themselves, print times, or write to one folder.
const ONE_BY_ONE: usize = 1;

fn node_tests(files: Vec<PathBuf>, at_once: usize) -> Result<Step, Failure> {
    let concurrency = format!("--test-concurrency={at_once}");
    let runner = ["--test", &concurrency, "--test-timeout=900000", "--test-reporter=spec"];
    Ok(program::tested_by(Step::new(node::recent()?).args(runner).args(files)))
}

fn pack_vscode() -> Result<(), Failure> {
    static DONE: OnceLock<()> = OnceLock::new();
    once(&DONE, package::vscode)
}
