//! Random input for tests that begin with `fuzz_`: for half a second each, or for as many milliseconds as `FUZZ_MS` says.

use arbitrary::Unstructured;

const DEFAULT_MS: u64 = 500;

/// Fails as soon as the property panics, and prints the seed of the smallest input that it found.
pub fn fuzz(property: impl FnMut(&mut Unstructured<'_>) -> arbitrary::Result<()>) {
    let ms = std::env::var("FUZZ_MS").ok().and_then(|ms| ms.parse().ok()).unwrap_or(DEFAULT_MS);
    arbtest::arbtest(property).budget_ms(ms).run();
}
