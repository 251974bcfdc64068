//! What is known of the versions of a project: the table that the tests run by.

use std::sync::LazyLock;

use serde::Deserialize;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../tests/versions/matrix.json")).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
struct Table {
    stacks: Vec<Stack>,
}

/// Versions that are tested together.
#[derive(Debug, Deserialize)]
struct Stack {
    vite: String,
    cloudflare: Option<String>,
    node: Vec<u32>,
}

/// What is known of a version; the text names those that are tested.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    Tested,
    /// Between versions that are tested, or of the same line as they.
    Near(String),
    Untested(String),
    TooOld(String),
}

pub fn vite(version: &str) -> Known {
    let tested: Vec<&str> = TABLE.stacks.iter().map(|stack| &*stack.vite).collect();
    let line = |version| (part(version, 0), part(version, 1));
    let same: Vec<&str> = tested.iter().copied().filter(|other| line(other) == line(version)).collect();
    let oldest = tested.iter().copied().map(line).min().unwrap_or_default();
    if tested.contains(&version) {
        Known::Tested
    } else if !same.is_empty() && !version.contains('-') {
        Known::Near(list(&same))
    } else if line(version) < oldest {
        Known::TooOld(format!("vite {}.{}", oldest.0, oldest.1))
    } else {
        Known::Untested(list(&tested))
    }
}

pub fn cloudflare(version: &str) -> Known {
    let tested: Vec<&str> = TABLE.stacks.iter().filter_map(|stack| stack.cloudflare.as_deref()).collect();
    let order = |version| (part(version, 0), part(version, 1), part(version, 2));
    let (oldest, newest) = (tested.iter().copied().map(order).min(), tested.iter().copied().map(order).max());
    let between = oldest <= Some(order(version)) && Some(order(version)) <= newest;
    if tested.contains(&version) {
        Known::Tested
    } else if between && !version.contains('-') {
        Known::Near(list(&tested))
    } else {
        Known::Untested(list(&tested))
    }
}

/// Node by its major version; beside a version of Cloudflare's plugin that is tested, only where that one is.
pub fn node(version: &str, cloudflare: Option<&str>) -> Known {
    let is_tested = cloudflare.is_some_and(|version| self::cloudflare(version) == Known::Tested);
    let beside = cloudflare.filter(|_| is_tested);
    let stacks =
        TABLE.stacks.iter().filter(|stack| beside.is_none() || stack.cloudflare.as_deref() == beside);
    let mut majors: Vec<u32> = stacks.flat_map(|stack| stack.node.iter().copied()).collect();
    majors.sort_unstable();
    if majors.contains(&part(version, 0)) {
        return Known::Tested;
    }
    let majors: Vec<String> = majors.iter().map(u32::to_string).collect();
    let majors = list(&majors.iter().map(String::as_str).collect::<Vec<_>>());
    Known::Untested(match beside {
        Some(plugin) => format!("{majors} with @cloudflare/vite-plugin {plugin}"),
        None => majors,
    })
}

/// One number of a version.
fn part(version: &str, at: usize) -> u32 {
    let number = version.split(['-', '+']).next().and_then(|release| release.split('.').nth(at));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// `a, b and c`, each once, in their order.
fn list(versions: &[&str]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for version in versions {
        if !once.contains(version) {
            once.push(version);
        }
    }
    match once.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => once.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read() {
        assert!(TABLE.stacks.iter().any(|stack| stack.cloudflare.is_some()));
    }

    #[test]
    fn a_version_of_vite_is_judged_by_its_line() {
        assert_eq!(vite(&TABLE.stacks[0].vite), Known::Tested);
        assert!(matches!(vite("7.3.4"), Known::Near(tested) if tested.starts_with("7.3.0, ")));
        assert!(matches!(vite("7.2.9"), Known::Untested(_)));
        assert!(matches!(vite("8.3.9-beta.1"), Known::Untested(_)));
        assert!(matches!(vite("99.0.0"), Known::Untested(_)));
        assert_eq!(vite("5.4.20"), Known::TooOld("vite 6.4".into()));
    }

    #[test]
    fn a_version_of_cloudflares_plugin_is_judged_by_those_around_it() {
        assert!(matches!(cloudflare("1.50.0"), Known::Near(_)));
        assert!(matches!(cloudflare("2.0.0-beta.v.12"), Known::Untested(_)));
    }

    #[test]
    fn node_is_judged_beside_cloudflares_plugin() {
        let on_20 = TABLE.stacks.iter().find(|stack| stack.node.contains(&20)).expect("a stack on Node 20");
        assert_eq!(node("20.20.2", on_20.cloudflare.as_deref()), Known::Tested);
        assert_eq!(node("20.20.2", None), Known::Tested);
        assert!(
            matches!(node("20.20.2", Some("1.64.0")), Known::Untested(tested) if tested == "22 and 24 with @cloudflare/vite-plugin 1.64.0")
        );
        assert!(matches!(node("18.20.0", None), Known::Untested(_)));
    }
}
