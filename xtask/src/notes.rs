//! What a release says of itself: a section of the changelog.

use std::fs;

use crate::package::crate_version;
use xtask::run::{Failure, root};

const UNRELEASED: &str = "Unreleased";

/// Prints the notes of a version, or of what is not released yet.
pub fn print(version: &str) -> Result<(), Failure> {
    let ours = crate_version()?;
    if version != UNRELEASED && version != ours {
        return Err(Failure(format!("this is version {ours}, not {version}: tag the commit with v{ours}")));
    }
    let changelog = fs::read_to_string(root().join("CHANGELOG.md"))?;
    let notes = section(&changelog, version).ok_or_else(|| {
        let heading = format!("`## [{version}] - <date>`");
        Failure(format!("CHANGELOG.md says nothing of {version}: give what is new the heading {heading}"))
    })?;
    println!("{notes}");
    Ok(())
}

/// What stands below a version's heading, up to the next one.
fn section<'a>(changelog: &'a str, version: &str) -> Option<&'a str> {
    let heading = format!("\n## [{version}]");
    let (_, after) = changelog.split_once(&heading)?;
    let (_, below) = after.split_once('\n')?;
    let end = below.find("\n## [").unwrap_or(below.len());
    let notes = below[..end].trim();
    (!notes.is_empty()).then_some(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2030-01-02\n\n### Added\n\n- A thing.\n\n\
                             ## [0.1.0] - 2029-01-02\n\nThe first.\n";

    #[test]
    fn a_version_has_what_stands_below_its_heading() {
        assert_eq!(section(CHANGELOG, "0.2.0"), Some("### Added\n\n- A thing."));
        assert_eq!(section(CHANGELOG, "0.1.0"), Some("The first."));
    }

    #[test]
    fn an_empty_section_is_none() {
        assert_eq!(section(CHANGELOG, "Unreleased"), None);
        assert_eq!(section(CHANGELOG, "0.2"), None);
    }

    #[test]
    fn the_changelog_has_notes_for_the_next_release_or_for_this_one() {
        let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap_or_default();
        let version = crate_version().unwrap_or_else(|error| panic!("{}", error.0));
        assert!(section(&changelog, UNRELEASED).or(section(&changelog, &version)).is_some());
    }
}
