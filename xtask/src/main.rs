//! `cargo xtask`: everything that takes more than cargo alone.

mod node;
mod notes;
mod package;
mod parts;
mod program;
mod python;
mod setup;

use std::process::ExitCode;
use std::sync::OnceLock;

use xtask::run::{self, Failure, Step, once};

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
  bench <name> [--json]       Run a benchmark: rpc, attach, journal, recovery, startup, graph, rwsdk, additive, hosts
  package                     Write what is shipped to target/package: npm packages, the crate, the extension for VS Code
  notes <version>             Print what the changelog says of this version, or of what is Unreleased
  codegen [--check]           Write the generated files of the protocol, or check that they are current";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run::to_exit_code(match &arguments[..] {
        ["demo", rest @ ..] => demo(rest),
        ["test", "packages", rest @ ..] if rest.first().is_none_or(|first| first.starts_with("--")) => {
            parts::packages(rest).and_then(|steps| steps.into_iter().try_for_each(Step::run))
        }
        ["test", "e2e", files @ ..] if files.first().is_some_and(|file| !parts::PARTS.contains(file)) => {
            parts::e2e(files)
        }
        ["test", rest @ ..] => parts::test(rest),
        ["soak", rest @ ..] => soak(rest),
        ["bench", "graph", ..] | ["codegen"] | ["codegen", "--check"] => with_sidecar(&arguments),
        [
            "bench",
            name @ ("rpc" | "attach" | "journal" | "recovery" | "startup" | "rwsdk" | "additive" | "hosts"),
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
    prepare(program::build_shipped)?;
    Step::new(node::recent()?).args(["demo/demo.mjs"]).args(arguments).within("tests").run()
}

fn soak(arguments: &[&str]) -> Result<(), Failure> {
    prepare(program::build_shipped)?;
    soaking()?.args(arguments).run()
}

fn soaking() -> Result<Step, Failure> {
    Ok(Step::new(node::recent()?).args(["soak/soak.mjs"]).within("tests"))
}

fn bench(name: &str, arguments: &[&str]) -> Result<(), Failure> {
    prepare(program::build_shipped)?;
    if name == "rpc" {
        Step::cargo(["build", "--quiet", "--release", "--package", "evenkeel", "--example", "echo"]).run()?;
    }
    if name == "additive" {
        parts::install("e2e")?;
        parts::install_stacks()?;
    }
    if name == "hosts" {
        parts::install("hosts")?;
    }
    Step::new(node::recent()?).args([format!("bench/{name}.mjs")]).args(arguments).within("tests").run()
}

/// Builds the sidecar and the npm package and installs what the fixtures need.
fn prepare(build: fn() -> Result<(), Failure>) -> Result<(), Failure> {
    build()?;
    build_plugin()?;
    node::install("tests")
}

fn build_plugin() -> Result<(), Failure> {
    static DONE: OnceLock<()> = OnceLock::new();
    once(&DONE, || {
        node::install("clients/vite")?;
        Step::npm(["run", "--silent", "build"]).within("clients/vite").run()
    })
}
