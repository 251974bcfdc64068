//! `cargo xtask`: everything that takes more than cargo alone.

mod node;
mod notes;
mod package;
mod python;
mod setup;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::thread;

use xtask::run::{self, Failure, Step};

const HELP: &str = "\
Usage: cargo xtask <command>

  demo [--keep] [--json]      Run the same app without and with Evenkeel, side by side
  test [rust|client|e2e|versions|install|hosts|packages|soak]
                              Run all tests, or some parts of them
  test e2e <file>...          Run some of the files of tests/e2e, adding.test.mjs for one
  test packages [--seed N] [--all] [--side browser|node|workerd]
                              Add popular packages late, a sample of 60 by default, and compare with stock Vite
  soak [--minutes N] [--bare] [--seed N] [--json]
                              Work on a real app like a busy team, five minutes by default
  bench <name> [--json]       Run a benchmark: rpc, attach, journal, recovery, startup, graph, rwsdk, additive
  package                     Write what is shipped to target/package: npm packages, the crate, the extension for VS Code
  notes <version>             Print what the changelog says of this version, or of what is Unreleased
  codegen [--check]           Write the generated files of the protocol, or check that they are current";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run::to_exit_code(match &arguments[..] {
        ["demo", rest @ ..] => demo(rest),
        ["test", "packages", rest @ ..] if rest.first().is_none_or(|first| first.starts_with("--")) => {
            packages(rest).and_then(|steps| steps.into_iter().try_for_each(Step::run))
        }
        ["test", "e2e", files @ ..] if files.first().is_some_and(|file| !PARTS.contains(file)) => e2e(files),
        ["test", rest @ ..] => test(rest),
        ["soak", rest @ ..] => soak(rest).and_then(Step::run),
        ["bench", "graph", ..] | ["codegen"] | ["codegen", "--check"] => with_sidecar(&arguments),
        [
            "bench",
            name @ ("rpc" | "attach" | "journal" | "recovery" | "startup" | "rwsdk" | "additive"),
            rest @ ..,
        ] => bench(name, rest),
        ["package"] => package::everything(),
        ["notes", version] => notes::print(version),
        ["-h" | "--help"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(Failure(format!("unknown command: {}\n\n{HELP}", arguments.join(" ")))),
    })
}

/// What works on the sidecar's own code. The other commands do not wait until that is compiled.
fn with_sidecar(arguments: &[&str]) -> Result<(), Failure> {
    let run =
        ["run", "--quiet", "--package", "xtask", "--features", "sidecar", "--bin", "xtask-sidecar", "--"];
    Step::cargo(run).args(arguments).run()
}

fn demo(arguments: &[&str]) -> Result<(), Failure> {
    prepare()?;
    Step::new(node::recent()?).args(["demo/demo.mjs"]).args(arguments).within("tests").run()
}

fn soak(arguments: &[&str]) -> Result<Step, Failure> {
    prepare()?;
    Ok(Step::new(node::recent()?).args(["soak/soak.mjs"]).args(arguments).within("tests"))
}

fn bench(name: &str, arguments: &[&str]) -> Result<(), Failure> {
    prepare()?;
    if name == "rpc" {
        Step::cargo(["build", "--quiet", "--release", "--package", "evenkeel", "--example", "echo"]).run()?;
    }
    if name == "additive" {
        install("e2e")?;
    }
    Step::new(node::recent()?).args([format!("bench/{name}.mjs")]).args(arguments).within("tests").run()
}

/// How the names of files with tests for Node end.
const TEST: &str = ".test.mjs";

const PARTS: [&str; 8] = ["rust", "client", "e2e", "versions", "install", "hosts", "packages", "soak"];

/// Those that do not start the sidecar that is shipped.
const WITHOUT_SIDECAR: [&str; 2] = ["rust", "client"];

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

fn install(part: &str) -> Result<(), Failure> {
    fixtures_of(part).try_for_each(node::install)
}

fn test(parts: &[&str]) -> Result<(), Failure> {
    let asked = |part: &str| parts.is_empty() || parts.contains(&part);
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        return Err(Failure(format!("there is no part of the tests called {unknown}: {}", PARTS.join(", "))));
    }
    if asked("e2e") || asked("install") {
        // What is missing is said before anything that takes long.
        setup::browser_and_editors()?;
    }
    // Packages come over the network while the compiler has the processors.
    let fixtures = PARTS.into_iter().filter(|part| asked(part)).flat_map(fixtures_of).map(str::to_owned);
    let mut folders: Vec<String> = fixtures.collect();
    if asked("versions") || asked("packages") {
        folders.extend(stacks()?);
    }
    let installing = thread::spawn(move || folders.iter().try_for_each(|folder| node::install(folder)));
    // The last step of a release build has one processor busy for minutes.
    let runs_sidecar = PARTS.iter().any(|part| asked(part) && !WITHOUT_SIDECAR.contains(part));
    let building = runs_sidecar.then(|| thread::spawn(build_sidecar));
    if asked("rust") {
        rust()?;
    }
    join(installing)?;
    building.map_or(Ok(()), join)?;
    if asked("client") {
        client()?;
    }
    if asked("e2e") {
        e2e(&[])?;
    }
    if asked("versions") {
        versions()?;
    }
    side_by_side(LANES.map(|lane| lane.iter().copied().filter(|part| asked(part)).collect()))
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
            prepare()?;
            install("hosts")?;
            Ok(vec![node_tests(run::files_ending("tests/hosts", TEST)?, ONE_BY_ONE)?])
        }
        "install" => {
            prepare()?;
            pack_vscode()?;
            install("install")?;
            Ok(vec![node_tests(run::files_ending("tests/install", TEST)?, ONE_BY_ONE)?])
        }
        "packages" => packages(&[]),
        _ => Ok(vec![Step::new(node::recent()?).args(["--test", "tests/soak/judge.test.mjs"]), soak(&[])?]),
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
const FUZZ_MS: &str = "20000";

fn join(thread: thread::JoinHandle<Result<(), Failure>>) -> Result<(), Failure> {
    thread.join().map_err(|_| Failure("a thread of xtask panicked".into()))?
}

const E2E: &str = "tests/e2e";

/// Real servers, a real browser and real editors; with names, only those files, with or without the folder and `.test.mjs`.
fn e2e(names: &[&str]) -> Result<(), Failure> {
    let all = run::files_ending(E2E, TEST)?;
    let files = if names.is_empty() {
        all
    } else {
        names.iter().map(|name| e2e_file(&all, name)).collect::<Result<_, _>>()?
    };
    setup::browser_and_editors()?;
    setup::newer_neovim()?;
    prepare()?;
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
    prepare()?;
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

fn install_stacks() -> Result<(), Failure> {
    stacks()?.iter().try_for_each(|stack| node::install(stack))?;
    Step::new(node::recent()?).args(["tests/versions/prepare.mjs"]).run()
}

/// Identity, and a sample of popular packages; with arguments, only the packages that they choose.
fn packages(arguments: &[&str]) -> Result<Vec<Step>, Failure> {
    setup::browser_and_editors()?;
    prepare()?;
    install("packages")?;
    let mut steps = Vec::new();
    if arguments.is_empty() {
        install_stacks()?;
        steps.push(node_tests(run::files_ending("tests/packages", TEST)?, ONE_BY_ONE)?);
    }
    steps.push(Step::new(node::recent()?).args(["packages/run.mjs"]).args(arguments).within("tests"));
    Ok(steps)
}

/// Three at once: their servers spend much of their time waiting, and what is right on busy processors only is seen there too.
const SIDE_BY_SIDE: usize = 3;
/// For tests that keep the processors busy themselves, print times, or write to one folder.
const ONE_BY_ONE: usize = 1;

fn node_tests(files: Vec<PathBuf>, at_once: usize) -> Result<Step, Failure> {
    let concurrency = format!("--test-concurrency={at_once}");
    let runner = ["--test", &concurrency, "--test-timeout=900000", "--test-reporter=spec"];
    Ok(Step::new(node::recent()?).args(runner).args(files))
}

/// Builds the sidecar and the npm package and installs what the fixtures need.
fn prepare() -> Result<(), Failure> {
    static DONE: OnceLock<()> = OnceLock::new();
    once(&DONE, || {
        build_sidecar()?;
        build_plugin()?;
        node::install("tests")
    })
}

fn build_plugin() -> Result<(), Failure> {
    static DONE: OnceLock<()> = OnceLock::new();
    once(&DONE, || {
        node::install("clients/vite")?;
        Step::npm(["run", "--silent", "build"]).within("clients/vite").run()
    })
}

fn pack_vscode() -> Result<(), Failure> {
    static DONE: OnceLock<()> = OnceLock::new();
    once(&DONE, package::vscode)
}

/// Several parts of the tests ask for the same work.
fn once(done: &OnceLock<()>, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    if done.get().is_none() {
        work()?;
        done.get_or_init(|| ());
    }
    Ok(())
}

fn build_sidecar() -> Result<(), Failure> {
    Step::cargo(["build", "--quiet", "--release", "--package", "evenkeel", "--bin", "evenkeel"]).run()
}
