//! The generated files of the protocol.

use std::fs;

use evenkeel::protocol::codegen::{Generated, generate};

use xtask::run::{Failure, root};

pub fn write() -> Result<(), Failure> {
    for Generated { path, text } in generate() {
        let file = root().join(path);
        if fs::read_to_string(&file).ok().as_ref() != Some(&text) {
            fs::write(&file, text)?;
            println!("wrote {path}");
        }
    }
    Ok(())
}

pub fn check() -> Result<(), Failure> {
    let stale =
        |file: &Generated| fs::read_to_string(root().join(file.path)).ok().as_ref() != Some(&file.text);
    let drifted: Vec<_> = generate().into_iter().filter(stale).map(|file| file.path).collect();
    if drifted.is_empty() {
        return Ok(());
    }
    Err(Failure(format!("{} drifted from the method table: run `cargo xtask codegen`", drifted.join(", "))))
}
